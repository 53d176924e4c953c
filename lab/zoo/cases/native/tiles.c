//: says = "a map server maps memory for each tile that it draws and unmaps only the ones on land"
//: kind = "leak"
//: causes = ["native-allocation"]
//: holder = ["anonymous mappings"]
//: per_s = 150
//: for_s = 20
//: warm = 60
#include <sys/mman.h>

#include "serving.h"

enum { TILE = 128, BYTES = 4 * TILE * TILE, LAST = 16 };

struct tile {
  long number;
  int land;
  unsigned char *points;
};

static struct tile last[LAST];
static long drawn, reused;

static int is_land(long number) { return number * 2654435761u % 5 < 2; }

static unsigned char *room(void) {
  void *found = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return found == MAP_FAILED ? NULL : found;
}

static void draw(struct tile *tile) {
  unsigned char colour = tile->land ? 0x50 : 0xa0;
  for (int row = 0; row < TILE; row += 4) memset(tile->points + 4 * TILE * row, colour, 32);
  drawn++;
}

// A tile whose turn is over gives its place to the next one.
static void put_away(struct tile *tile) {
  if (!tile->points) return;
  if (tile->land) munmap(tile->points, BYTES); //~ leak
  munmap(tile->points, BYTES); //~ fixed
  tile->points = NULL;
}

static struct tile *tile_of(long number) {
  struct tile *place = &last[number % LAST];
  if (place->points && place->number == number) {
    reused++;
    return place;
  }
  put_away(place);
  place->number = number;
  place->land = is_land(number);
  place->points = room();
  if (place->points) draw(place);
  return place;
}

static const char *handle(long number, const char *path) {
  static char reply[160];
  (void)path;
  struct tile *tile = tile_of(number);
  snprintf(reply, sizeof reply, "tile %ld: %s, %ld drawn, %ld again\n", number, tile->land ? "land" : "sea", drawn, reused);
  return reply;
}

int main(void) {
  serve(handle);
  return 0;
}
