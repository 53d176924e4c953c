//: says = "recent scans are kept in two hash tables; when the young one holds 6000 entries the old one is emptied and they change places, so it rises for some 48 s and then saws (bounded by 12000 entries)"
//: kind = "healthy"
//: per_s = 250
//: limit_mib = 512
/* Luggage scanners: recognises a tag that has been scanned recently. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUCKETS 4096
#define EPOCH 6000
#define MAXFD 64

struct scan {
    struct scan *next;
    char tag[24];
    int belt, points;
    struct point { float x, y, z; unsigned char shade; } *cloud;
};

static struct table { struct scan *bucket[BUCKETS]; int count; } tables[2];
static int young;

static unsigned hash(const char *s)
{
    unsigned h = 2166136261u;
    while (*s)
        h = (h ^ (unsigned char)*s++) * 16777619u;
    return h % BUCKETS;
}

static struct scan *lookup(const char *tag)
{
    for (int t = 0; t < 2; t++)
        for (struct scan *s = tables[t].bucket[hash(tag)]; s; s = s->next)
            if (!strcmp(s->tag, tag))
                return s;
    return NULL;
}

static void empty(struct table *t)
{
    for (int b = 0; b < BUCKETS; b++) {
        for (struct scan *next, *s = t->bucket[b]; s; s = next) {
            next = s->next;
            free(s->cloud);
            free(s);
        }
        t->bucket[b] = NULL;
    }
    t->count = 0;
}

static struct scan *record(const char *tag, unsigned n)
{
    if (tables[young].count >= EPOCH) {
        young = !young;
        empty(&tables[young]);
    }
    struct scan *s = calloc(1, sizeof *s);
    snprintf(s->tag, sizeof s->tag, "%s", tag);
    s->belt = n % 12;
    s->points = 250 + n * 37 % 120;
    s->cloud = malloc(s->points * sizeof *s->cloud);
    for (int i = 0; i < s->points; i++) {
        unsigned v = (n + 1) * 40503u + i * 2246822519u;
        s->cloud[i] = (struct point){v % 900 / 10.f, (v >> 8) % 600 / 10.f, (v >> 16) % 500 / 10.f, v >> 24};
    }
    struct scan **head = &tables[young].bucket[hash(tag)];
    s->next = *head;
    *head = s;
    tables[young].count++;
    return s;
}

static int answer(unsigned n, char *out, size_t size)
{
    char tag[24];
    float top = 0;
    snprintf(tag, sizeof tag, "LH%08u", n);
    struct scan *known = lookup(tag), *s = known ? known : record(tag, n);
    for (int i = 0; i < s->points; i++)
        if (s->cloud[i].z > top)
            top = s->cloud[i].z;
    return snprintf(out, size, "%s belt %d height %.1f%s\n", s->tag, s->belt, top, known ? " again" : "");
}

static struct inbox { char text[2048]; size_t have; } inboxes[MAXFD];

static int serve(int fd)
{
    struct inbox *in = &inboxes[fd];
    char body[128], out[256], *end;
    ssize_t got = recv(fd, in->text + in->have, sizeof in->text - 1 - in->have, 0);
    if (got <= 0)
        return 0;
    in->text[in->have += got] = 0;
    while ((end = strstr(in->text, "\r\n\r\n"))) {
        int len = answer(strtoul(in->text + 5, NULL, 10), body, sizeof body);
        int size = sprintf(out, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len, body);
        if (send(fd, out, size, MSG_NOSIGNAL) != size)
            return 0;
        in->have -= end + 4 - in->text;
        memmove(in->text, end + 4, in->have + 1);
    }
    return 1;
}

int main(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1, used = 2;
    struct pollfd fds[MAXFD] = {{.fd = 0, .events = POLLIN}, {.fd = listener, .events = POLLIN}};
    char c;
    if (bind(listener, (void *)&at, len) || listen(listener, 16) || getsockname(listener, (void *)&at, &len))
        return 1;
    printf("ready pid=%d port=%d\n", getpid(), ntohs(at.sin_port));
    fflush(stdout);
    while (poll(fds, used, -1) > 0) {
        if (fds[0].revents && read(0, &c, 1) <= 0)
            return 0;
        for (int i = used - 1; i > 1; i--)
            if (fds[i].revents && !serve(fds[i].fd)) {
                close(fds[i].fd);
                fds[i] = fds[--used];
            }
        if (fds[1].revents && used < MAXFD) {
            int fd = accept(listener, NULL, NULL);
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            inboxes[fd].have = 0;
            fds[used++] = (struct pollfd){.fd = fd, .events = POLLIN};
        }
    }
    return 1;
}
