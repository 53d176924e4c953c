//: says = "invoices are kept by number for a second look, each with the lines that it was made of; a paid one is only marked, and stays"
//: kind = "leak"
//: causes = ["native-allocation"]
//: holder = ["billing::Invoice"]
//: per_s = 300
//: for_s = 20
//: warm = 700
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "serving.h"

namespace billing {

struct Document {
  virtual ~Document() = default;
  virtual std::string title() const = 0;
};

struct Line {
  long article;
  double tons, price;
  char unit[8];
};

class Invoice : public Document {
 public:
  Invoice(long number, const std::string& customer) : number_(number), customer_(customer) {
    for (long line = 0; line < 200; ++line) lines_.push_back({line, 1.5 * line, 12.5, "bale"});
    lines_.shrink_to_fit();
  }
  std::string title() const override { return "invoice " + std::to_string(number_) + " for " + customer_; }
  double total() const {
    double sum = 0;
    for (const Line& line : lines_) sum += line.tons * line.price;
    return sum;
  }
  void pay() { paid_ = true; }
  bool paid() const { return paid_; }

 private:
  long number_;
  bool paid_ = false;
  std::string customer_;
  std::vector<Line> lines_;
};

class Reminder : public Document {
 public:
  explicit Reminder(long number) : number_(number) {}
  std::string title() const override { return "reminder of " + std::to_string(number_); }

 private:
  long number_;
};

class Desk {
 public:
  std::string bill(long number, const std::string& customer) {
    auto invoice = std::make_unique<Invoice>(number, customer);
    const std::string title = invoice->title();
    open_[number] = std::move(invoice);
    reminders_[number % 200] = std::make_unique<Reminder>(number);
    settle(number - 400);
    return title + ": " + std::to_string(open_[number]->total());
  }

 private:
  void settle(long number) {
    auto found = open_.find(number);
    if (found == open_.end()) return;
    found->second->pay(); //~ leak
    open_.erase(found); //~ fixed
  }

  std::map<long, std::unique_ptr<Invoice>> open_;
  std::map<long, std::unique_ptr<Reminder>> reminders_;
};

}  // namespace billing

static const char* handle(long number, const char* path) {
  static billing::Desk desk;
  static std::string reply;
  reply = desk.bill(number, std::string("customer of ") + path) + "\n";
  return reply.c_str();
}

int main() {
  serve(handle);
}
