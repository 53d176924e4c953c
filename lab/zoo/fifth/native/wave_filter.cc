//: says = "filter stages are owned by unique_ptr to a base class without a virtual destructor, so the members of the derived stage (its coefficient table) are not destroyed"
//: kind = "leak"
//: causes = ["native-allocation"]
//: holder = ["prepare"]
//: per_s = 250
//: limit_mib = 512
// Runs a chain of filter stages over a synthesised signal.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <unistd.h>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using Signal = std::vector<float>;

class Stage {
public:
    virtual void prepare(unsigned seed) = 0;
    virtual void apply(Signal &signal) const = 0;
    virtual ~Stage() = default; //~ fixed
};

class Fir : public Stage {
public:
    explicit Fir(unsigned taps) : taps_(taps) {}
    void prepare(unsigned seed) override {
        weights_.resize(taps_);
        float sum = 0;
        for (unsigned i = 0; i < taps_; i++) {
            weights_[i] = 0.5f + 0.5f * std::cos((seed % 97 + i) * 0.11f);
            sum += weights_[i];
        }
        for (float &w : weights_)
            w /= sum + 1e-3f;
    }
    void apply(Signal &signal) const override {
        Signal out(signal.size());
        for (size_t i = 0; i < signal.size(); i++)
            for (size_t k = 0; k < weights_.size() && k <= i; k += 16)
                out[i] += weights_[k] * signal[i - k];
        signal.swap(out);
    }

private:
    unsigned taps_;
    std::vector<float> weights_;
};

class Shaper : public Stage {
public:
    explicit Shaper(int steps) : steps_(steps) {}
    void prepare(unsigned seed) override {
        for (int i = 0; i < steps_; i++)
            curve_.push_back(std::make_unique<Knot>(Knot{i / float(steps_), std::tanh(i * 0.01f + seed % 7), {}}));
    }
    void apply(Signal &signal) const override {
        for (float &x : signal)
            x = curve_[size_t(std::fabs(x) * steps_) % curve_.size()]->y;
    }

private:
    struct Knot {
        float x, y;
        float slope[6];
    };
    int steps_;
    std::vector<std::unique_ptr<Knot>> curve_;
};

class Chain {
public:
    explicit Chain(unsigned number) {
        stages_.push_back(std::make_unique<Fir>(512 + number % 5 * 32));
        stages_.push_back(std::make_unique<Shaper>(64));
        for (auto &stage : stages_)
            stage->prepare(number);
    }
    double run(Signal signal) const {
        for (const auto &stage : stages_)
            stage->apply(signal);
        double energy = 0;
        for (float x : signal)
            energy += x * x;
        return energy;
    }

private:
    std::vector<std::unique_ptr<Stage>> stages_;
};

static std::string answer(unsigned number) {
    Signal tone(256);
    for (size_t i = 0; i < tone.size(); i++)
        tone[i] = std::sin(i * (0.01f + number % 50 * 0.002f));
    Chain chain(number);
    return "energy " + std::to_string(chain.run(std::move(tone))) + "\n";
}

static void converse(int fd) {
    std::string pending;
    char chunk[2048];
    for (ssize_t n; (n = read(fd, chunk, sizeof chunk)) > 0;) {
        pending.append(chunk, n);
        for (size_t end; (end = pending.find("\r\n\r\n")) != std::string::npos; pending.erase(0, end + 4)) {
            std::string body = answer(std::strtoul(pending.c_str() + pending.find('/') + 1, nullptr, 10));
            std::string out = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
            if (write(fd, out.data(), out.size()) < 0)
                break;
        }
    }
    close(fd);
}

int main() {
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof at;
    if (bind(listener, reinterpret_cast<sockaddr *>(&at), len) || listen(listener, 32))
        return 1;
    getsockname(listener, reinterpret_cast<sockaddr *>(&at), &len);
    std::thread([=] {
        for (int fd; (fd = accept(listener, nullptr, nullptr)) >= 0;) {
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            std::thread(converse, fd).detach();
        }
    }).detach();
    std::cout << "ready pid=" << getpid() << " port=" << ntohs(at.sin_port) << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
    }
    std::_Exit(0);
}
