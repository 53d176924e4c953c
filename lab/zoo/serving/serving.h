// serve(handle): an HTTP/1.1 server on 127.0.0.1, keep-alive, one thread, until standard input closes. For C and C++.
#ifndef SERVING_H
#define SERVING_H
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// What is answered to the GET of that number, from 1 on; it stays valid until the next call.
typedef const char *(*handler)(long number, const char *path);

enum { MOST_CLIENTS = 256, MOST_REQUEST = 8192 };
static char asked[MOST_CLIENTS][MOST_REQUEST];

static int answer(int client, char *request, handler handle) {
  static long served;
  static char reply[65536];
  char path[256] = "/";
  sscanf(request, "GET %255s", path);
  const char *body = handle(++served, path);
  int size = snprintf(reply, sizeof reply, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s",
                      strlen(body), body);
  return write(client, reply, (size_t)size) == size;
}

static void serve(handler handle) {
  struct pollfd open[MOST_CLIENTS + 2];
  size_t filled[MOST_CLIENTS] = {0};
  struct sockaddr_in own;
  memset(&own, 0, sizeof own);
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof own;
  int listener = socket(AF_INET, SOCK_STREAM, 0), clients = 0;
  if (bind(listener, (struct sockaddr *)&own, length) || listen(listener, 64)) exit(3);
  getsockname(listener, (struct sockaddr *)&own, &length);
  open[0].fd = 0, open[1].fd = listener, open[0].events = open[1].events = POLLIN;
  printf("ready pid=%d port=%d\n", (int)getpid(), (int)ntohs(own.sin_port));
  fflush(stdout);
  while (poll(open, (nfds_t)(2 + clients), -1) >= 0) {
    char word[64];
    if (open[0].revents && read(0, word, sizeof word) <= 0) return;
    for (int at = 0; at < clients; at++) {
      if (!open[2 + at].revents) continue;
      ssize_t more = read(open[2 + at].fd, asked[at] + filled[at], MOST_REQUEST - 1 - filled[at]);
      filled[at] += more > 0 ? (size_t)more : 0;
      asked[at][filled[at]] = 0;
      int keep = more > 0;
      for (char *end; keep && (end = strstr(asked[at], "\r\n\r\n"));) {
        keep = answer(open[2 + at].fd, asked[at], handle);
        filled[at] -= (size_t)(end + 4 - asked[at]);
        memmove(asked[at], end + 4, filled[at] + 1);
      }
      if (keep && filled[at] < MOST_REQUEST - 1) continue;
      close(open[2 + at].fd);
      clients--;
      open[2 + at] = open[2 + clients];
      filled[at] = filled[clients];
      memcpy(asked[at], asked[clients], MOST_REQUEST);
      at--;
    }
    if (open[1].revents && clients < MOST_CLIENTS) {
      open[2 + clients].fd = accept(listener, NULL, NULL);
      open[2 + clients].events = POLLIN;
      open[2 + clients].revents = 0;
      filled[clients++] = 0;
    }
  }
}
#endif
