// Objects with virtual functions that nobody frees. `held`: a table holds them; `lost`: no pointer leads to them.
// usage: leak_objects held|lost FIRST [PER_S]   makes FIRST objects, says so, then PER_S more each second, for ever;
// ends where PER_S is below 0.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>
#include <vector>

namespace shop {
struct Payload {
  virtual ~Payload() = default;
  virtual long weight() const = 0;
};

struct Session final : Payload {
  std::string user;
  char state[200];
  explicit Session(long number) : user("customer-number-" + std::to_string(number)) {
    std::memset(state, 0x2e, sizeof state);
  }
  long weight() const override { return static_cast<long>(user.size()); }
};

struct Basket final : Payload {
  long items[4] = {1, 2, 3, 4};
  long weight() const override { return items[0]; }
};
}  // namespace shop

static std::vector<shop::Payload*> table;

__attribute__((noinline)) static void open_session(bool held, long number) {
  shop::Payload* made = new shop::Session(number);
  if (held) table.push_back(made);
}

// What a register or a dead frame still holds of the last one is overwritten.
__attribute__((noinline)) static void scrub() {
  volatile char frame[8192];
  for (unsigned at = 0; at < sizeof frame; ++at) frame[at] = 0;
}

int main(int count, char** words) {
  if (count < 3) return 2;
  const bool held = std::strcmp(words[1], "held") == 0;
  const long first = std::atol(words[2]), per_s = count > 3 ? std::atol(words[3]) : 0;
  for (int number = 0; number < 100; ++number) table.push_back(new shop::Basket());
  long made = 0;
  while (made < first) open_session(held, made++);
  scrub();
  std::printf("ready %ld\n", made);
  std::fflush(stdout);
  if (per_s < 0) return 0;
  for (;;) {
    for (long number = 0; number < per_s / 20; ++number) open_session(held, made++);
    scrub();
    usleep(50000);
  }
}
