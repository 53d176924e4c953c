//: says = "assembly nodes of a bill of materials own their children and children own their parent by shared_ptr, so each request's tree is a cycle that is never released"
//: kind = "leak"
//: causes = ["native-allocation"]
//: holder = ["explode"]
//: per_s = 250
//: limit_mib = 512
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace bom {

struct Node {
    std::string article;
    double weight = 0;
    int quantity = 1;
    std::shared_ptr<Node> parent;  //~ leak
    std::weak_ptr<Node> parent;    //~ fixed
    std::vector<std::shared_ptr<Node>> children;
    std::map<std::string, std::string> attributes;

    double total() const {
        double t = weight * quantity;
        for (const auto& c : children) t += c->total();
        return t;
    }
};

class Explosion {
public:
    explicit Explosion(std::size_t keep) : keep_(keep) {}

    std::shared_ptr<Node> explode(long product, int depth, const std::shared_ptr<Node>& parent);

    void remember(long product, double weight) {
        std::lock_guard<std::mutex> hold(mutex_);
        recent_.emplace_back(product, weight);
        while (recent_.size() > keep_) recent_.pop_front();
        ++by_family_[static_cast<std::size_t>(product) % by_family_.size()];
    }

    unsigned long family(long product) {
        std::lock_guard<std::mutex> hold(mutex_);
        return by_family_[static_cast<std::size_t>(product) % by_family_.size()];
    }

private:
    std::size_t keep_;
    std::mutex mutex_;
    std::deque<std::pair<long, double>> recent_;
    std::array<unsigned long, 16> by_family_{};
};

std::shared_ptr<Node> Explosion::explode(long product, int depth, const std::shared_ptr<Node>& parent) {
    auto node = std::make_shared<Node>();
    node->article = "article-" + std::to_string(product) + "-level-" + std::to_string(depth);
    node->weight = 0.25 * static_cast<double>(product % 17 + depth);
    node->quantity = 1 + static_cast<int>(product % 4);
    node->parent = parent;
    node->attributes["material"] = product % 2 ? "stainless steel 1.4301" : "aluminium EN AW-6060";
    node->attributes["drawing"] = "DWG/" + std::to_string(product) + "/" + std::to_string(depth);
    if (depth < 3) {
        for (int i = 0; i < (depth == 0 ? 3 : 2); ++i)
            node->children.push_back(explode(product * 3 + i, depth + 1, node));
    }
    return node;
}

}  // namespace bom

static bom::Explosion explosion(500);

static bool send_all(int fd, const std::string& s) {
    std::size_t at = 0;
    while (at < s.size()) {
        ssize_t w = ::write(fd, s.data() + at, s.size() - at);
        if (w <= 0) return false;
        at += static_cast<std::size_t>(w);
    }
    return true;
}

static void client(int fd) {
    std::string in;
    char chunk[2048];
    ssize_t got;
    while ((got = ::read(fd, chunk, sizeof chunk)) > 0) {
        in.append(chunk, static_cast<std::size_t>(got));
        for (std::size_t end; (end = in.find("\r\n\r\n")) != std::string::npos; in.erase(0, end + 4)) {
            long n = std::strtol(in.c_str() + in.find('/') + 1, nullptr, 10);
            auto root = explosion.explode(n, 0, nullptr);
            double w = root->total();
            explosion.remember(n, w);
            std::string body = root->article + " weighs " + std::to_string(w) + " kg, family asked " +
                               std::to_string(explosion.family(n)) + "\n";
            if (!send_all(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
                                  std::to_string(body.size()) + "\r\n\r\n" + body)) {
                ::close(fd);
                return;
            }
        }
    }
    ::close(fd);
}

int main() {
    int ls = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in addr{};
    addr.sin_family = AF_INET;
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof addr;
    auto* sa = reinterpret_cast<sockaddr*>(&addr);
    if (ls < 0 || ::bind(ls, sa, len) || ::listen(ls, 32) || ::getsockname(ls, sa, &len)) {
        std::perror("bom");
        return 1;
    }
    std::thread([ls] {
        for (;;) {
            int fd = ::accept(ls, nullptr, nullptr), one = 1;
            if (fd < 0) continue;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            std::thread(client, fd).detach();
        }
    }).detach();
    std::printf("ready pid=%d port=%d\n", static_cast<int>(::getpid()), ntohs(addr.sin_port));
    std::fflush(stdout);
    char sink[128];
    while (::read(0, sink, sizeof sink) > 0) {
    }
    std::_Exit(0);
}
