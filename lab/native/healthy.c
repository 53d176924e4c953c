// Blocks come and go, within a bound.
// usage: healthy
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *kept[4096];

int main(void) {
  unsigned long next = 1;
  for (long at = 0; at < 100000; at++) {
    next = next * 6364136223846793005UL + 1442695040888963407UL;
    char **place = &kept[(next >> 33) % 4096];
    size_t size = 32 + (next >> 20) % 2000;
    free(*place);
    *place = memset(malloc(size), 2, size);
  }
  puts("ready");
  fflush(stdout);
  for (;;) {
    for (int turn = 0; turn < 2000; turn++) {
      next = next * 6364136223846793005UL + 1442695040888963407UL;
      char **place = &kept[(next >> 33) % 4096];
      size_t size = 32 + (next >> 20) % 2000;
      free(*place);
      *place = memset(malloc(size), 2, size);
    }
    usleep(20000);
  }
}
