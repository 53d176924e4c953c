#: says = "a logger named after each order is made with getLogger, and logging's manager keeps every logger (and the request context hung on it as filter) for good"
#: kind = "leak"
#: causes = ["static-collection", "unbounded-cache"]
#: holder = ["Manager", "loggerDict"]
#: per_s = 200
#: limit_mib = 512
"""Order intake; every order's log lines carry the context of its request."""
import http.server
import json
import logging
import os
import socketserver
import sys
import threading
from collections import deque


class RingHandler(logging.Handler):
    """Keeps the last lines for the status page."""

    def __init__(self, size):
        super().__init__(logging.INFO)
        self.lines = deque(maxlen=size)

    def emit(self, record):
        self.lines.append(self.format(record))


class RequestContext(logging.Filter):
    def __init__(self, number):
        super().__init__()
        self.request_id = f"r{number:08x}"
        self.baggage = {f"x-order-{i}": f"{number}-{i}-{'ab' * (i % 7)}" for i in range(36)}

    def filter(self, record):
        record.request_id = self.request_id
        record.tenant = self.baggage["x-order-0"]
        return True


class OrderLog(logging.LoggerAdapter):
    def process(self, msg, kwargs):
        context = self.extra["context"]
        kwargs["extra"] = {"request_id": context.request_id, "tenant": context.baggage["x-order-0"]}
        return msg, kwargs


def configure():
    ring = RingHandler(400)
    ring.setFormatter(logging.Formatter("%(levelname)s %(name)s %(request_id)s %(tenant)s %(message)s"))
    base = logging.getLogger("orders")
    base.setLevel(logging.INFO)
    base.propagate = False
    base.addHandler(ring)
    return base, ring


BASE, RING = configure()


def log_for(number):
    context = RequestContext(number)
    log = logging.getLogger(f"orders.{number}")  #~ leak
    log.addFilter(context)                       #~ leak
    log = OrderLog(BASE, {"context": context})   #~ fixed
    return log


class Stock:
    def __init__(self, articles):
        self.levels = [500] * articles
        self.lock = threading.Lock()

    def take(self, article, amount):
        with self.lock:
            if self.levels[article] < amount:
                self.levels[article] = 500
            self.levels[article] -= amount
            return self.levels[article]


STOCK = Stock(300)


def place(number):
    log = log_for(number)
    log.info("received")
    remaining = STOCK.take(number % 300, 1 + number % 4)
    if remaining < 20:
        log.warning("article %d is running low: %d", number % 300, remaining)
    log.info("accepted")
    return {"order": number, "remaining": remaining}


class Intake(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.path == "/status":
            payload = {"lines": list(RING.lines)[-20:]}
        else:
            payload = place(int(self.path[1:] or 0))
        body = json.dumps(payload).encode("utf-8")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, fmt, *args):
        return None


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


if __name__ == "__main__":
    with Server(("127.0.0.1", 0), Intake) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print("ready pid=%d port=%d" % (os.getpid(), server.server_port), flush=True)
        sys.stdin.read()
        os._exit(0)
