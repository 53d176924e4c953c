//: says = "a shop keeps a cart for each visitor in a hash table; carts are found again and never dropped"
//: kind = "leak"
//: causes = ["native-allocation"]
//: holder = ["blocks of 8041 to 8056 bytes"]
//: per_s = 300
//: for_s = 20
//: warm = 700
#include "serving.h"

enum { SLOTS = 4096, KEPT = 500, TAGS = 64 };

struct cart {
  char visitor[32];
  long seen;
  struct cart *next;
  char goods[8000];
};

static struct cart *slots[SLOTS];
static struct cart *ring[KEPT]; //~ fixed
static char *tags[TAGS];
static long opened;

static unsigned slot_of(const char *visitor) {
  unsigned hash = 2166136261u;
  for (; *visitor; visitor++) hash = (hash ^ (unsigned char)*visitor) * 16777619u;
  return hash % SLOTS;
}

static void unlink_cart(struct cart *cart) { //~ fixed
  struct cart **at = &slots[slot_of(cart->visitor)]; //~ fixed
  while (*at && *at != cart) at = &(*at)->next; //~ fixed
  if (*at) *at = cart->next; //~ fixed
} //~ fixed

static struct cart *find(const char *visitor) {
  struct cart *cart = slots[slot_of(visitor)];
  while (cart && strcmp(cart->visitor, visitor)) cart = cart->next;
  return cart;
}

static struct cart *cart_of(const char *visitor) {
  struct cart *cart = find(visitor);
  if (cart) return cart;
  cart = calloc(1, sizeof *cart);
  snprintf(cart->visitor, sizeof cart->visitor, "%s", visitor);
  memset(cart->goods, '.', sizeof cart->goods);
  struct cart **slot = &slots[slot_of(visitor)];
  cart->next = *slot;
  *slot = cart;
  struct cart **place = &ring[opened % KEPT]; //~ fixed
  if (*place) { //~ fixed
    unlink_cart(*place); //~ fixed
    free(*place); //~ fixed
  } //~ fixed
  *place = cart; //~ fixed
  opened++;
  return cart;
}

// The words that a visit is known by; the oldest goes.
static void tag(long number) {
  char **place = &tags[number % TAGS];
  free(*place);
  *place = malloc(40 + (size_t)(number % 300));
  sprintf(*place, "visit %ld", number);
}

static const char *handle(long number, const char *path) {
  (void)path;
  static char reply[128];
  char visitor[32];
  snprintf(visitor, sizeof visitor, "visitor-%ld", number);
  struct cart *cart = cart_of(visitor);
  cart->seen = number;
  tag(number);
  snprintf(reply, sizeof reply, "%s has %zu goods, %ld carts were opened\n", cart->visitor, sizeof cart->goods / 100, opened);
  return reply;
}

int main(void) {
  serve(handle);
  return 0;
}
