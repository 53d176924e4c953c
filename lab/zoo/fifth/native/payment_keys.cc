//: says = "remembers each payment reply by idempotency key (a new key per request) for 35 seconds, then drops it, so memory rises for 35 s and is then steady"
//: kind = "healthy"
//: per_s = 250
//: limit_mib = 512
// Payment gateway front: repeated submissions get the first reply again.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <unistd.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

using Clock = std::chrono::steady_clock;

struct Entry {
    std::string account;
    std::string memo;
    long cents;
};

struct Reply {
    std::string key;
    std::vector<Entry> ledger;
    std::map<std::string, std::string> headers;
    long balance = 0;
};

class ReplyBook {
public:
    explicit ReplyBook(std::chrono::seconds life) : life_(life) {}

    std::shared_ptr<const Reply> find(const std::string &key) {
        std::lock_guard<std::mutex> hold(mutex_);
        auto it = replies_.find(key);
        return it == replies_.end() ? nullptr : it->second;
    }

    void remember(std::shared_ptr<const Reply> reply) {
        auto now = Clock::now();
        std::lock_guard<std::mutex> hold(mutex_);
        order_.emplace_back(now + life_, reply->key);
        replies_.emplace(reply->key, std::move(reply));
        while (!order_.empty() && order_.front().first <= now) {
            replies_.erase(order_.front().second);
            order_.pop_front();
        }
    }

private:
    std::chrono::seconds life_;
    std::mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<const Reply>> replies_;
    std::deque<std::pair<Clock::time_point, std::string>> order_;
};

static ReplyBook book{std::chrono::seconds(35)};

static std::shared_ptr<Reply> post_payment(const std::string &key, unsigned n) {
    auto reply = std::make_shared<Reply>();
    reply->key = key;
    for (unsigned i = 0; i < 22; i++) {
        char account[40], memo[80];
        snprintf(account, sizeof account, "DE%02u 5001 0517 %04u %04u", (n + i) % 97, n % 9999, i * 311 % 9999);
        snprintf(memo, sizeof memo, "transfer %u part %u, clearing batch %u", n, i, n / 500);
        long cents = long((n * 7919ul + i * 65537ul) % 500000) - 250000;
        reply->ledger.push_back({account, memo, cents});
        reply->balance += cents;
    }
    reply->headers["x-request-id"] = "req-" + key + "-" + std::to_string(n * 2654435761u);
    reply->headers["x-clearing"] = "batch-" + std::to_string(n / 500);
    return reply;
}

static std::string handle(unsigned n) {
    std::string key = "idem-" + std::to_string(n) + "-" + std::to_string((n * 48271u) % 2147483647u);
    std::shared_ptr<const Reply> reply = book.find(key);
    if (!reply) {
        reply = post_payment(key, n);
        book.remember(reply);
    }
    return reply->key + " " + std::to_string(reply->balance) + "\n";
}

static void serve(int fd) {
    FILE *in = fdopen(fd, "r");
    char line[1024];
    unsigned n = 0;
    while (fgets(line, sizeof line, in)) {
        if (sscanf(line, "GET /%u", &n) == 1 || line[0] != '\r')
            continue;
        std::string body = handle(n);
        dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", body.size(), body.c_str());
    }
    fclose(in);
}

int main() {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof a;
    if (bind(s, (sockaddr *)&a, sizeof a) != 0 || listen(s, 16) != 0)
        return 1;
    getsockname(s, (sockaddr *)&a, &len);
    std::thread accepting([s] {
        for (;;) {
            int fd = accept(s, nullptr, nullptr), on = 1;
            if (fd < 0)
                continue;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            std::thread(serve, fd).detach();
        }
    });
    accepting.detach();
    printf("ready pid=%d port=%u\n", (int)getpid(), ntohs(a.sin_port));
    fflush(stdout);
    while (getchar() != EOF) {
    }
    _exit(0);
}
