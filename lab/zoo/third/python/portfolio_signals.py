#: says = "every request builds a portfolio view and connects its bound method to the module-level tick signal; nothing disconnects it"
#: kind = "leak"
#: causes = ["listener"]
#: holder = ["Signal", "_receivers"]
#: per_s = 300
#: limit_mib = 512
from __future__ import annotations

import os
import sys
import threading
import weakref
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Signal:
    def __init__(self, name: str):
        self.name = name
        self._receivers: dict[int, object] = {}
        self._next = 1
        self._guard = threading.Lock()

    def connect(self, fn) -> int:
        with self._guard:
            token = self._next
            self._next += 1
            self._receivers[token] = fn
            return token

    def disconnect(self, token: int) -> None:
        with self._guard:
            self._receivers.pop(token, None)

    def send(self, **kw) -> int:
        with self._guard:
            todo = list(self._receivers.values())
        for fn in todo:
            fn(**kw)
        return len(todo)


tick = Signal("tick")
closing = Signal("market-close")


@dataclass
class Position:
    isin: str
    units: float
    price: float
    history: list[float] = field(default_factory=list)

    @property
    def value(self) -> float:
        return self.units * self.price


class PortfolioView:
    alive: "weakref.WeakSet[PortfolioView]" = weakref.WeakSet()

    def __init__(self, account: int):
        self.account = account
        self.positions = {
            f"XS{account:07d}{i:02d}": Position(f"XS{account:07d}{i:02d}", 10.0 + i, 99.5 + i,
                                                [99.5 + i + d / 8 for d in range(8)])
            for i in range(9)
        }
        self.dirty = False

    def on_tick(self, isin: str, price: float) -> None:
        pos = self.positions.get(isin)
        if pos is not None:
            pos.price = price
            self.dirty = True

    def total(self) -> float:
        return round(sum(p.value for p in self.positions.values()), 2)


@contextmanager
def watching(view: PortfolioView):
    token = tick.connect(view.on_tick)
    try:
        yield view
    finally:
        tick.disconnect(token)  #~ fixed
        stats["views"] += token > 0


stats: Counter = Counter()
closing.connect(lambda day: stats.update(closed=1))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 8192

    def do_GET(self):
        n = int(self.path[1:])
        with watching(PortfolioView(n)) as view:
            payload = b'{"account": %d, "total": %.2f}' % (n, view.total())
        if n % 1000 == 999:
            tick.send(isin=f"XS{n:07d}03", price=101.25)
            closing.send(day=n // 1000)
        self.send_response(200)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, fmt, *args):
        stats["lines"] += 1


def main() -> None:
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    threading.Thread(target=httpd.serve_forever, name="http", daemon=True).start()
    print(f"ready pid={os.getpid()} port={httpd.server_port}", flush=True)
    sys.stdin.read()
    os._exit(0)


main()
