// Work that was large once: most of its blocks are free again, and what is left between them keeps the heap high.
// usage: fragmented BLOCKS
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char **blocks;

int main(int count, char **words) {
  if (count < 2) return 2;
  long number = atol(words[1]);
  blocks = malloc((size_t)number * sizeof *blocks);
  for (long at = 0; at < number; at++) blocks[at] = memset(malloc(2000), 1, 2000);
  for (long at = 0; at < number; at++)
    if (at % 16) free(blocks[at]), blocks[at] = NULL;
  printf("ready %ld\n", number);
  fflush(stdout);
  for (;;) usleep(50000);
}
