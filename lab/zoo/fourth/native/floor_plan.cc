//: says = "panels of a plan hold each other by shared_ptr both ways (parent and children), so no plan is ever destroyed; LayoutEngine::split allocates them"
//: kind = "leak"
//: causes = ["native-allocation"]
//: holder = ["split"]
//: per_s = 250
//: limit_mib = 512
// Splits an exhibition floor into stands and answers with the best placed one.
#include <algorithm>
#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <netinet/tcp.h>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

struct Rect { double x, y, w, h; };

struct Panel {
    Rect box;
    int level = 0;
    double score = 0;
    std::shared_ptr<Panel> parent; //~ leak
    std::weak_ptr<Panel> parent; //~ fixed
    std::vector<std::shared_ptr<Panel>> children;

    explicit Panel(const Rect &r) : box(r) {}
};

class LayoutEngine {
public:
    explicit LayoutEngine(unsigned seed) : state_(seed * 747796405u + 2891336453u) {}

    std::shared_ptr<Panel> split(const std::shared_ptr<Panel> &parent, const Rect &box, int level)
    {
        auto panel = std::make_shared<Panel>(box);
        panel->level = level;
        panel->parent = parent;
        if (level < 5) {
            double at = 0.3 + 0.4 * roll(), w = box.w, h = box.h;
            Rect a{box.x, box.y, w, h * at}, b{box.x, box.y + h * at, w, h - h * at};
            if (w > h) {
                a = Rect{box.x, box.y, w * at, h};
                b = Rect{box.x + w * at, box.y, w - w * at, h};
            }
            panel->children.reserve(2);
            panel->children.push_back(split(panel, a, level + 1));
            panel->children.push_back(split(panel, b, level + 1));
        }
        return panel;
    }

    double rate(Panel &panel)
    {
        if (panel.children.empty()) {
            double edge = std::min({panel.box.x, panel.box.y, 60 - panel.box.x, 40 - panel.box.y});
            stands++;
            panel.score = panel.box.w * panel.box.h / (1 + edge) + roll();
        }
        for (auto &child : panel.children)
            panel.score = std::max(panel.score, rate(*child));
        return panel.score;
    }

    int stands = 0;

private:
    double roll()
    {
        state_ = state_ * 1664525u + 1013904223u;
        return (state_ >> 8) / double(1 << 24);
    }
    unsigned state_;
};

static std::string plan_floor(unsigned number)
{
    LayoutEngine engine(number);
    auto floor = engine.split(nullptr, Rect{0, 0, 60, 40}, 0);
    double best = engine.rate(*floor);
    char text[128];
    snprintf(text, sizeof text, "plan %u: %d stands, best %.2f\n", number, engine.stands, best);
    return text;
}

static bool pump(int fd, std::string &inbox)
{
    char buf[2048];
    ssize_t got = read(fd, buf, sizeof buf);
    if (got <= 0)
        return false;
    inbox.append(buf, got);
    for (size_t end; (end = inbox.find("\r\n\r\n")) != std::string::npos; inbox.erase(0, end + 4)) {
        std::string body = plan_floor(strtoul(inbox.c_str() + 5, nullptr, 10));
        std::string out = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        if (write(fd, out.data(), out.size()) != ssize_t(out.size()))
            return false;
    }
    return true;
}

int main()
{
    sockaddr_in at{AF_INET, 0, {htonl(INADDR_LOOPBACK)}, {}};
    socklen_t size = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    auto *addr = reinterpret_cast<sockaddr *>(&at);
    if (bind(listener, addr, size) || listen(listener, 16) || getsockname(listener, addr, &size))
        return 1;
    int poller = epoll_create1(0);
    auto watch = [&](int fd) {
        epoll_event ev{EPOLLIN, {.fd = fd}};
        return epoll_ctl(poller, EPOLL_CTL_ADD, fd, &ev);
    };
    if (watch(listener) || watch(0))
        return 1;
    printf("ready pid=%d port=%d\n", getpid(), ntohs(at.sin_port));
    fflush(stdout);
    std::map<int, std::string> inboxes;
    for (;;) {
        epoll_event ready[16];
        int n = epoll_wait(poller, ready, 16, -1);
        for (int i = 0; i < n; i++) {
            int fd = ready[i].data.fd;
            char c;
            if (fd == 0 && read(0, &c, 1) <= 0)
                return 0;
            if (fd == listener) {
                int client = accept(listener, nullptr, nullptr);
                setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                watch(client);
            } else if (fd != 0 && !pump(fd, inboxes[fd])) {
                inboxes.erase(fd);
                close(fd);
            }
        }
    }
}
