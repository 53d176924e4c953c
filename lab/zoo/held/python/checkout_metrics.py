#: says = "A checkout keeps a latency histogram whose label is the shopper's id, so each shopper makes a new series that the registry keeps for ever."
#: kind = "leak"
#: causes = ["unbounded-cache", "global"]
#: holder = ["Histogram", "_children"]
#: per_s = 380
#: for_s = 20
#: limit_mib = 512
"""Checkout: prices a basket and keeps request timings for the scraper."""
import array
import itertools
import json
import os
import random
import sys
import threading
import time
from collections import OrderedDict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Series:
    __slots__ = ("labels", "counts", "total")

    def __init__(self, labels):
        self.labels = labels
        self.counts = array.array("Q", bytes(8 * 1000))     # one slot a tenth of a millisecond
        self.total = 0.0

    def observe(self, seconds):
        self.counts[min(int(seconds * 10000), 999)] += 1
        self.total += seconds


class Histogram:
    def __init__(self, name, labelnames):
        self.name, self.labelnames = name, labelnames
        self._children = {}
        self._lock = threading.Lock()

    def labels(self, *values):
        with self._lock:
            child = self._children.get(values)
            if child is None:
                child = self._children[values] = Series(values)
            return child


class Registry:
    def __init__(self):
        self.families = {}

    def histogram(self, name, *labelnames):
        return self.families.setdefault(name, Histogram(name, labelnames))


class ProductShelf:
    """The last few hundred products, most recently used last."""

    def __init__(self, size=300):
        self.size, self._rows = size, OrderedDict()

    def get(self, sku):
        if sku not in self._rows:
            self._rows[sku] = {"sku": sku, "cents": 100 + sku % 900, "name": f"article {sku}"}
            if len(self._rows) > self.size:
                self._rows.popitem(last=False)
        return self._rows[sku]


REGISTRY = Registry()
SECONDS = REGISTRY.histogram("checkout_seconds", "method", "route", "who")
TIERS = ("guest", "member", "gold")
shelf = ProductShelf()
shelf_lock = threading.Lock()
numbers = itertools.count(1)


class Checkout(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 8192
    disable_nagle_algorithm = True

    def do_GET(self):
        began = time.perf_counter()
        number = next(numbers)
        shopper = f"shopper-{number:08d}"
        with shelf_lock:
            rows = [shelf.get(random.randrange(5000)) for _ in range(6)]
        total = sum(row["cents"] for row in rows)
        who = shopper  #~ leak
        who = TIERS[number % 3]  #~ fixed
        SECONDS.labels("GET", "/checkout", who).observe(time.perf_counter() - began)
        body = json.dumps({"shopper": shopper, "cents": total}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Checkout)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"ready pid={os.getpid()} port={server.server_port}", flush=True)
    sys.stdin.read()
