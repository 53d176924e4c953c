// Threads that each work in an arena of their own. `grow`: one more thread twice a second, up to THREADS.
// usage: many_arenas THREADS BYTES_EACH [grow]
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t each;

static void *work(void *unused) {
  (void)unused;
  size_t blocks = each / 4096;
  char **held = malloc(blocks * sizeof *held);
  for (size_t at = 0; at < blocks; at++) held[at] = memset(malloc(4000), 1, 4000);
  for (;;) usleep(50000);
  return held;
}

int main(int count, char **words) {
  if (count < 3) return 2;
  long threads = atol(words[1]);
  each = (size_t)atol(words[2]);
  int grow = count > 3, said = 0;
  for (long at = 0; at < threads; at++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, NULL)) return 3;
    pthread_detach(thread);
    if (grow && at >= 2) {
      if (!said++) puts("ready"), fflush(stdout);
      usleep(500000);
    }
  }
  if (!said) puts("ready"), fflush(stdout);
  for (;;) usleep(50000);
}
