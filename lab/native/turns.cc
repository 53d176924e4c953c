// Much work for malloc: blocks that come and go, and one object in 100 that nobody frees.
// usage: turns BLOCKS SECONDS   spreads its work over so many seconds, and says at the end what processor time it took.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sys/resource.h>
#include <unistd.h>
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

static double clock_s() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

int main(int count, char** words) {
  if (count < 3) return 2;
  const long blocks = std::atol(words[1]), slice = blocks / 200;
  const double seconds = std::atof(words[2]), begun = clock_s();
  std::vector<char*> kept(512);
  long sum = 0;
  for (long number = 0; number < blocks; ++number) {
    char*& place = kept[static_cast<std::size_t>(number * 7919 % 512)];
    std::free(place);
    place = static_cast<char*>(std::malloc(static_cast<std::size_t>(40 + number % 700)));
    std::memset(place, 1, 40);
    sum += place[0];
    if (number % 100 == 0) open_session(number);
    while (number % slice == 0 && clock_s() < begun + seconds * static_cast<double>(number) / static_cast<double>(blocks))
      usleep(2000);
  }
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  std::printf("sum=%ld cpu_s=%.3f\n", sum + sessions.back()->weight(),
              static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                  1e-6 * static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec));
}
