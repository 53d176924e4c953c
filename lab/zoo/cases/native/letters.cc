//: says = "letters of every length come and go within a ring, after a first hour that needed much more: the heap is high, holed and steady"
//: kind = "healthy"
//: per_s = 300
//: for_s = 20
//: warm = 3000
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "serving.h"

namespace post {

struct Letter {
  virtual ~Letter() = default;
  std::string to;
  std::vector<char> text;
};

class Bag {
 public:
  void put(std::unique_ptr<Letter> letter) {
    letters_.push_back(std::move(letter));
    if (letters_.size() > 300) letters_.pop_front();
  }
  std::size_t size() const { return letters_.size(); }

 private:
  std::deque<std::unique_ptr<Letter>> letters_;
};

// Addresses that mail is forwarded to: one for each street, written once.
class Register {
 public:
  const std::string& street(long number) {
    std::string& found = streets_[number % streets_.size()];
    if (found.empty()) found = "street " + std::to_string(number) + std::string(900, ' ');
    return found;
  }

 private:
  std::vector<std::string> streets_ = std::vector<std::string>(2000);
};

// What the first hour brings in is sorted together.
static std::size_t sorted_first(Register& streets) {
  std::vector<std::unique_ptr<Letter>> first;
  for (long number = 0; number < 12000; ++number) {
    auto letter = std::make_unique<Letter>();
    letter->to = number % 6 ? "the town" : streets.street(number);
    letter->text.assign(1000 + number * 37 % 5000, 'a');
    first.push_back(std::move(letter));
  }
  return first.size();
}

}  // namespace post

static const char* handle(long number, const char* path) {
  static post::Register streets;
  static post::Bag bag;
  static const std::size_t first = post::sorted_first(streets);
  static std::string reply;
  auto letter = std::make_unique<post::Letter>();
  letter->to = streets.street(number) + path;
  letter->text.assign(2000 + number * 7919 % 9000, 'b');
  bag.put(std::move(letter));
  reply = "letter " + std::to_string(number) + ", " + std::to_string(bag.size()) + " after " + std::to_string(first) + "\n";
  return reply.c_str();
}

int main() {
  serve(handle);
}
