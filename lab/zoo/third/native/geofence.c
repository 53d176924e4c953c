//: says = "parsed polygons are chained off a request; when the point falls inside a fence the handler returns early and frees the request alone, not its rings and vertices"
//: kind = "leak"
//: causes = ["native-allocation"]
//: holder = ["ring_parse"]
//: per_s = 300
//: limit_mib = 512
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONN 64
#define BUF 4096

struct vertex { double lat, lon; char *tag; struct vertex *next; };
struct ring { int id, n; struct vertex *first; struct ring *next; };
struct query { struct ring *rings; double lat; };
struct conn { int fd; size_t used; char in[BUF]; };

static struct conn *conns[MAX_CONN];
static struct { unsigned long total, inside, per_fence[32]; } stats;
static char *names[128]; /* fence names, made once each */

static const char *fence_name(int id)
{
    char **s = &names[id & 127];
    return *s || asprintf(s, "fence-%03d", id & 127) > 0 ? *s : "?";
}

struct ring *ring_parse(const char *spec, int id)
{
    struct ring *r = calloc(1, sizeof *r);
    struct vertex **tail = &r->first;
    char tag[64];
    double lat, lon;
    int used;
    for (r->id = id; sscanf(spec, "%lf,%lf;%n", &lat, &lon, &used) == 2; spec += used) {
        struct vertex *v = malloc(sizeof *v);
        v->lat = lat, v->lon = lon, v->next = NULL;
        snprintf(tag, sizeof tag, "ring %d vertex %d of %s", id, r->n++, fence_name(id));
        v->tag = strdup(tag);
        *tail = v;
        tail = &v->next;
    }
    return r;
}

static void query_free(struct query *q)
{
    while (q->rings) {
        struct ring *r = q->rings;
        q->rings = r->next;
        for (struct vertex *v; (v = r->first); free(v)) {
            r->first = v->next;
            free(v->tag);
        }
        free(r);
    }
    free(q);
}

static int answer(long n, char *out, size_t cap)
{
    struct query *q = calloc(1, sizeof *q);
    char spec[256];
    int len;
    q->lat = 46.0 + n % 50 / 10.0;
    for (int i = 0; i < 8; i++) {
        int at = 0;
        for (int k = 0; k < 8; k++)
            at += snprintf(spec + at, sizeof spec - at, "%.3f,%.3f;", 47 + i * .5 + k * .01, 8 + k * .2);
        struct ring *r = ring_parse(spec, (int)((n + i) & 127));
        r->next = q->rings;
        q->rings = r;
    }
    stats.total++;
    for (struct ring *r = q->rings; r; r = r->next)
        if (r->first && q->lat >= r->first->lat) {
            stats.inside++, stats.per_fence[r->id & 31]++;
            len = snprintf(out, cap, "inside %s (%lu)\n", fence_name(r->id), stats.inside);
            free(q);       //~ leak
            query_free(q); //~ fixed
            return len;
        }
    len = snprintf(out, cap, "outside of all, query %ld\n", n);
    query_free(q);
    return len;
}
static int pump(struct conn *c)
{
    ssize_t got = read(c->fd, c->in + c->used, BUF - 1 - c->used);
    char *end, body[160], head[320];
    if (got <= 0) return -1;
    c->in[c->used += (size_t)got] = 0;
    while ((end = strstr(c->in, "\r\n\r\n"))) {
        long n = strncmp(c->in, "GET /", 5) ? 0 : strtol(c->in + 5, NULL, 10);
        int len = answer(n, body, sizeof body);
        int h = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len, body);
        if (write(c->fd, head, (size_t)h) != h) return -1;
        c->used -= (size_t)(end + 4 - c->in);
        memmove(c->in, end + 4, c->used + 1);
    }
    return c->used < BUF - 1 ? 0 : -1;
}

static void drop(int i)
{
    close(conns[i]->fd);
    free(conns[i]);
    conns[i] = NULL;
}

int main(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t al = sizeof a;
    int ls = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (ls < 0 || bind(ls, (void *)&a, al) || listen(ls, 16) || getsockname(ls, (void *)&a, &al))
        return perror("geofence"), 1;
    printf("ready pid=%d port=%d\n", (int)getpid(), ntohs(a.sin_port));
    fflush(stdout);
    for (;;) {
        struct pollfd p[MAX_CONN + 2] = { { .fd = 0, .events = POLLIN }, { .fd = ls, .events = POLLIN } };
        for (int i = 0; i < MAX_CONN; i++)
            p[i + 2] = (struct pollfd){ .fd = conns[i] ? conns[i]->fd : -1, .events = POLLIN };
        if (poll(p, MAX_CONN + 2, -1) < 0) return 1;
        char sink[256];
        if (p[0].revents && read(0, sink, sizeof sink) <= 0) return 0;
        for (int i = 0; i < MAX_CONN; i++)
            if (conns[i] && p[i + 2].revents && pump(conns[i]) < 0)
                drop(i);
        for (int i = 0; (p[1].revents & POLLIN) && i < MAX_CONN; i++)
            if (!conns[i]) {
                conns[i] = calloc(1, sizeof **conns);
                conns[i]->fd = accept(ls, NULL, NULL);
                setsockopt(conns[i]->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                break;
            }
    }
}
