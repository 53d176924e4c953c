/* Holds a pod's namespaces open, and ends when it is asked to. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_end(int number) { _exit(0); }
static void on_child(int number) { while (waitpid(-1, NULL, WNOHANG) > 0) {} }

int main(void) {
    signal(SIGTERM, on_end);
    signal(SIGINT, on_end);
    signal(SIGCHLD, on_child);
    for (;;) pause();
}
