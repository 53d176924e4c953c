// Much work for malloc: blocks that come and go, and one object in 400 that nobody frees.
// usage: turns BLOCKS
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace shop {
struct Payload {
  virtual ~Payload() = default;
  virtual long weight() const = 0;
};

struct Session final : Payload {
  char state[400];
  explicit Session(long number) { std::memset(state, static_cast<int>(number & 63), sizeof state); }
  long weight() const override { return state[7]; }
};
}  // namespace shop

static std::vector<shop::Payload*> sessions;

__attribute__((noinline)) static void open_session(long number) { sessions.push_back(new shop::Session(number)); }

int main(int count, char** words) {
  if (count < 2) return 2;
  const long blocks = std::atol(words[1]);
  std::vector<char*> kept(512);
  long sum = 0;
  for (long number = 0; number < blocks; ++number) {
    char*& place = kept[static_cast<std::size_t>(number * 7919 % 512)];
    std::free(place);
    place = static_cast<char*>(std::malloc(static_cast<std::size_t>(40 + number % 700)));
    std::memset(place, 1, 256 < 40 + number % 700 ? 256 : 40);
    sum += place[0];
    if (number % 400 == 0) open_session(number);
  }
  std::printf("%ld\n", sum + sessions.back()->weight());
}
