//: says = "route_merge unlinks hops of the same zone from the list without freeing them; they were allocated by hop_new"
//: kind = "leak"
//: causes = ["native-allocation"]
//: holder = ["hop_new"]
//: per_s = 250
//: limit_mib = 512
/* Plans the hops of a parcel between depots and merges the ones within a zone. */
#include <arpa/inet.h>
#include <math.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct hop {
    struct hop *next;
    int zone, minutes;
    double km;
    char label[40];
};

struct route { struct hop *first, *last; int hops; };

static struct hop *hop_new(int zone, double km, const char *kind, unsigned id)
{
    struct hop *h = malloc(sizeof *h);
    if (!h)
        abort();
    *h = (struct hop){.zone = zone, .km = km, .minutes = (int)(km * 1.3) + 4};
    snprintf(h->label, sizeof h->label, "%s %02d-%06u", kind, zone, id % 1000000u);
    return h;
}

static void route_append(struct route *r, struct hop *h)
{
    *(r->last ? &r->last->next : &r->first) = h;
    r->last = h;
    r->hops++;
}

static void route_build(struct route *r, unsigned n)
{
    unsigned x = n * 2654435761u + 12345u;
    memset(r, 0, sizeof *r);
    route_append(r, hop_new(n % 50, 3.5, "pickup", n));
    for (int i = 0; i < 130; i++) {
        x = x * 1664525u + 1013904223u;
        double km = 2.0 + (x >> 20) % 40 / 4.0;
        route_append(r, hop_new((n + i / 3) % 50, km, "depot", x >> 8));
    }
    route_append(r, hop_new((n * 7) % 50, 1.25, "door", n));
}

static void route_merge(struct route *r)
{
    for (struct hop *h = r->first; h; h = h->next) {
        while (h->next && h->next->zone == h->zone) {
            struct hop *same = h->next;
            h->km += same->km * 0.6;
            h->minutes += same->minutes / 2;
            h->next = same->next;
            if (r->last == same)
                r->last = h;
            r->hops--;
            free(same); //~ fixed
        }
    }
}

static void route_free(struct route *r)
{
    for (struct hop *next, *h = r->first; h; h = next) {
        next = h->next;
        free(h);
    }
}

static int answer(unsigned n, char *out, size_t size)
{
    struct route r;
    double km = 0, minutes = 0;
    route_build(&r, n);
    route_merge(&r);
    for (struct hop *h = r.first; h; h = h->next) {
        km += sqrt(h->km * h->km + 0.25);
        minutes += h->minutes;
    }
    int len = snprintf(out, size, "%d hops, %.1f km, %.0f min, last %s\n", r.hops, km, minutes, r.last->label);
    route_free(&r);
    return len;
}

static void *connection(void *arg)
{
    int fd = (int)(long)arg, one = 1;
    char line[1024], body[256], out[512];
    unsigned n = 0;
    FILE *in = fdopen(fd, "r");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    while (fgets(line, sizeof line, in)) {
        sscanf(line, "GET /%u", &n);
        if (strcmp(line, "\r\n"))
            continue;
        int len = answer(n, body, sizeof body);
        int size = snprintf(out, sizeof out, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len, body);
        if (write(fd, out, size) != size)
            break;
    }
    fclose(in);
    return NULL;
}

static void *watch_input(void *arg)
{
    while (getchar() != EOF)
        ;
    exit(0);
    return arg;
}

int main(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd, listener = socket(AF_INET, SOCK_STREAM, 0);
    pthread_t t;
    if (bind(listener, (void *)&at, size) || listen(listener, 16) || getsockname(listener, (void *)&at, &size))
        return 1;
    printf("ready pid=%d port=%d\n", getpid(), ntohs(at.sin_port));
    fflush(stdout);
    pthread_create(&t, NULL, watch_input, NULL);
    while ((fd = accept(listener, NULL, NULL)) >= 0)
        if (pthread_create(&t, NULL, connection, (void *)(long)fd) == 0)
            pthread_detach(t);
    return 1;
}
