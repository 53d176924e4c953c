// Blocks of one size that nobody frees, and that no pointer leads to, beside blocks that come and go.
// usage: leak_blocks SIZE FIRST [PER_S]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *kept[64];

__attribute__((noinline)) static void lose(size_t size, long number) {
  char *block = malloc(size);
  snprintf(block, size, "request %ld of tenant-%ld", number, number % 7);
}

__attribute__((noinline)) static void turn_over(long number) {
  char **place = &kept[number % 64];
  free(*place);
  *place = malloc(100 + (size_t)(number % 900));
}

__attribute__((noinline)) static void scrub(void) {
  volatile char frame[8192];
  for (unsigned at = 0; at < sizeof frame; ++at) frame[at] = 0;
}

int main(int count, char **words) {
  if (count < 3) return 2;
  size_t size = (size_t)atol(words[1]);
  long first = atol(words[2]), per_s = count > 3 ? atol(words[3]) : 0, made = 0;
  while (made < first) lose(size, made), turn_over(made), made++;
  scrub();
  printf("ready %ld\n", made);
  fflush(stdout);
  for (;;) {
    for (long number = 0; number < per_s / 20; number++) lose(size, made), turn_over(made), made++;
    scrub();
    usleep(50000);
  }
}
