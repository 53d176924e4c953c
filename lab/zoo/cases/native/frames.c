//: says = "a camera service takes buffers from a pool that grows to its bound of two thousand and is used round after that"
//: kind = "healthy"
//: per_s = 300
//: for_s = 20
//: warm = 2300
#include "serving.h"

enum { MOST = 2000, BYTES = 12000, BUSY = 24 };

struct frame {
  long number;
  struct frame *next;
  unsigned char points[BYTES];
};

static struct frame *spare, *oldest, *newest;
static struct frame *busy[BUSY];
static long made, taken;

static struct frame *take(void) {
  struct frame *frame = spare;
  if (frame) {
    spare = frame->next;
  } else if (made < MOST) {
    frame = malloc(sizeof *frame);
    made++;
  } else {
    frame = oldest;
    oldest = frame->next;
  }
  frame->next = NULL;
  taken++;
  return frame;
}

// Frames stay to be looked at until their buffers are wanted again.
static void keep(struct frame *frame) {
  if (newest && oldest) newest->next = frame;
  else oldest = frame;
  newest = frame;
}

static void expose(struct frame *frame, long number) {
  frame->number = number;
  memset(frame->points, (int)(number & 255), sizeof frame->points);
}

static const char *handle(long number, const char *path) {
  static char reply[128];
  (void)path;
  struct frame **place = &busy[number % BUSY];
  if (*place) keep(*place);
  *place = take();
  expose(*place, number);
  snprintf(reply, sizeof reply, "frame %ld, %ld of %d buffers, %ld taken\n", number, made, MOST, taken);
  return reply;
}

int main(void) {
  serve(handle);
  return 0;
}
