/* A service in C that forgets to free what it parsed for a request. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REQUEST_BYTES = 64 * 1024, REQUESTS_PER_S = 16 };

struct request {
    struct request *before;
    char body[REQUEST_BYTES];
};

static struct request *last;

static void handle(int number) {
    struct request *request = malloc(sizeof *request);
    if (request == NULL) exit(1);
    memset(request->body, number, sizeof request->body);
    request->before = last;
    last = request;
}

int main(void) {
    const char *hurry = getenv("HURRY");
    int requests_per_s = REQUESTS_PER_S * (hurry == NULL ? 1 : atoi(hurry));
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int number = 0;; number++) {
        handle(number);
        if (number % (4 * REQUESTS_PER_S) == 0) printf("handled %d\n", number);
        usleep(1000000 / requests_per_s);
    }
}
