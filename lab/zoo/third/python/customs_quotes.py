#: says = "functools.lru_cache(maxsize=None) decorates a method, so every per-request Consignment instance (and its lines) is kept as part of a memo key"
#: kind = "leak"
#: causes = ["unbounded-cache"]
#: holder = ["Consignment", "duty_for"]
#: per_s = 300
#: limit_mib = 512
"""Landed cost quotes for cross-border parcels."""
import functools
import os
import random
import sys
import threading
from collections import OrderedDict, deque
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHAPTERS = {f"{c:02d}": Decimal(c % 17) / 100 for c in range(1, 98)}
COUNTRIES = ("DE", "FR", "PL", "SE", "NO", "CH", "GB", "US", "JP", "KR")


class RateBoard:
    """Currency rates, at most 64 recent pairs."""

    def __init__(self, bound=64):
        self.bound = bound
        self._pairs = OrderedDict()

    def rate(self, src, dst):
        key = (src, dst)
        if key in self._pairs:
            self._pairs.move_to_end(key)
            return self._pairs[key]
        value = Decimal(random.randint(800, 1300)) / 1000
        self._pairs[key] = value
        if len(self._pairs) > self.bound:
            self._pairs.popitem(last=False)
        return value


def _duty(chapter, country, total):
    base = CHAPTERS.get(chapter, Decimal("0.12"))
    if country in ("NO", "CH"):
        base /= 2
    return (total * base).quantize(Decimal("0.01"))


class Consignment:
    def __init__(self, number, origin, dest):
        self.number = number
        self.origin = origin
        self.dest = dest
        self.lines = [
            {
                "sku": f"{number}-{i}",
                "chapter": f"{(number + i * 7) % 97 + 1:02d}",
                "qty": 1 + i % 5,
                "price": Decimal(number % 900 + i * 3) / 10,
            }
            for i in range(11)
        ]

    @functools.lru_cache(maxsize=None)  #~ leak
    def duty_for(self, chapter):
        total = sum(ln["price"] * ln["qty"] for ln in self.lines if ln["chapter"] == chapter)
        return _duty(chapter, self.dest, Decimal(total))

    def landed(self, rates):
        goods = sum(ln["price"] * ln["qty"] for ln in self.lines)
        duty = sum(self.duty_for(ch) for ch in sorted({ln["chapter"] for ln in self.lines}))
        return (goods + duty) * rates.rate(self.origin, self.dest)


rates = RateBoard()
recent = deque(maxlen=200)
per_country = dict.fromkeys(COUNTRIES, 0)
lock = threading.Lock()


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        n = int(self.path.strip("/") or 0)
        c = Consignment(n, COUNTRIES[n % 10], COUNTRIES[(n // 10) % 10])
        with lock:
            total = c.landed(rates)
            per_country[c.dest] += 1
            recent.append((n, total))
        body = f"quote {n} {total:.2f}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def main():
    srv = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    srv.daemon_threads = True
    threading.Thread(target=srv.serve_forever, daemon=True).start()
    print(f"ready pid={os.getpid()} port={srv.server_address[1]}", flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
