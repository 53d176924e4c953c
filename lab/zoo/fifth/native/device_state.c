//: says = "the device table replaces the stored snapshot of a device by a new deep copy on every update and loses the pointer to the old one without freeing it"
//: kind = "leak"
//: causes = ["native-allocation"]
//: holder = ["snapshot_copy"]
//: per_s = 250
//: limit_mib = 512
/* Device shadow service: stores the last reported state of each device. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEVICES 400
#define MAX_PROPS 24
#define HISTORY 20

struct prop {
    char name[32];
    char unit[16];
    double history[HISTORY];
    double value;
    uint64_t stamp;
    struct prop *next;
};

struct snapshot {
    int device, count;
    unsigned version;
    struct prop *props;
};

static struct snapshot *table[DEVICES];
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

void snapshot_release(struct snapshot *s)
{
    for (struct prop *p = s ? s->props : NULL, *next; p; p = next) {
        next = p->next;
        free(p);
    }
    free(s);
}

struct snapshot *snapshot_copy(const struct snapshot *from)
{
    struct snapshot *s = malloc(sizeof *s);
    *s = *from;
    struct prop **tail = &s->props;
    for (const struct prop *p = from->props; p; p = p->next) {
        struct prop *q = malloc(sizeof *q);
        *q = *p;
        *tail = q;
        tail = &q->next;
    }
    *tail = NULL;
    return s;
}

/* A report changes only some of the properties; it is built on the stack. */
static int parse_report(unsigned n, struct snapshot *out, struct prop *props)
{
    for (int i = 0; i < MAX_PROPS; i++) {
        snprintf(props[i].name, sizeof props[i].name, "ch%02d/%s", i, i % 2 ? "temp" : "flow");
        props[i].value = (double)((n * 31u + i * 977u) % 10007) / 13.0;
        snprintf(props[i].unit, sizeof props[i].unit, "%s", i % 2 ? "C" : "l/min");
        for (int h = 0; h < HISTORY; h++)
            props[i].history[h] = props[i].value - h * 0.25;
        props[i].stamp = (uint64_t)n * 1000 + i;
        props[i].next = i + 1 < MAX_PROPS ? &props[i + 1] : NULL;
    }
    *out = (struct snapshot){ .device = n % DEVICES, .version = n, .count = MAX_PROPS, .props = props };
    return MAX_PROPS;
}

static double store(const struct snapshot *report)
{
    struct snapshot *fresh = snapshot_copy(report);
    double drift = 0;
    pthread_mutex_lock(&table_lock);
    struct snapshot *old = table[report->device];
    if (old)
        for (struct prop *a = old->props, *b = fresh->props; a && b; a = a->next, b = b->next)
            drift += b->value - a->value;
    table[report->device] = fresh;
    pthread_mutex_unlock(&table_lock);
    snapshot_release(old); //~ fixed
    return drift;
}

static void *client(void *arg)
{
    int fd = (int)(intptr_t)arg, used = 0;
    char in[4096], out[256], body[128];
    struct prop props[MAX_PROPS];
    struct snapshot report;
    for (;;) {
        ssize_t got = read(fd, in + used, sizeof in - 1 - used);
        if (got <= 0)
            break;
        used += (int)got;
        in[used] = 0;
        char *end;
        while ((end = strstr(in, "\r\n\r\n"))) {
            unsigned n = 0;
            sscanf(in, "GET /%u", &n);
            int count = parse_report(n, &report, props);
            double drift = store(&report);
            int len = snprintf(body, sizeof body, "device %d: %d props, drift %.2f\n", report.device, count, drift);
            int total = snprintf(out, sizeof out, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len, body);
            if (write(fd, out, total) != total)
                goto done;
            used -= (int)(end + 4 - in);
            memmove(in, end + 4, used + 1);
        }
    }
done:
    close(fd);
    return NULL;
}

static void *acceptor(void *arg)
{
    int fd, one = 1, ls = (int)(intptr_t)arg;
    while ((fd = accept(ls, NULL, NULL)) >= 0) {
        pthread_t t;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        pthread_create(&t, NULL, client, (void *)(intptr_t)fd);
        pthread_detach(t);
    }
    return NULL;
}

int main(void)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof addr;
    int ls = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(ls, (struct sockaddr *)&addr, len) || listen(ls, 64))
        return 1;
    getsockname(ls, (struct sockaddr *)&addr, &len);
    pthread_t t;
    pthread_create(&t, NULL, acceptor, (void *)(intptr_t)ls);
    printf("ready pid=%d port=%d\n", getpid(), ntohs(addr.sin_port));
    fflush(stdout);
    while (getchar() != EOF)
        ;
    _exit(0);
}
