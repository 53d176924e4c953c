#: says = "the metering decorator's closure variable keeps sample windows by full request path, which has the id in it, so each request makes a new set of windows"
#: kind = "leak"
#: causes = ["closure", "unbounded-cache"]
#: holder = ["windows_by_route"]
#: per_s = 230
#: limit_mib = 512
"""Nearest-depot lookup with per-route timings."""
import math
import os
import selectors
import socket
import sys
import time
from collections import deque
from functools import wraps

PHASES = ("total", "parse", "search", "render", "bytes_in", "bytes_out", "hits")
DEPOTS = [(f"depot-{i}", math.sin(i) * 80, math.cos(i * 1.7) * 170) for i in range(120)]


def metered(window=60):
    windows_by_route = {}

    def percentile(route, phase, q):
        samples = sorted(windows_by_route[route][phase])
        return samples[int((len(samples) - 1) * q)]

    def wrap(fn):
        @wraps(fn)
        def observe(path, head):
            timings = {"bytes_in": len(head)}
            begun = time.perf_counter()
            body = fn(path, timings)
            timings["total"] = time.perf_counter() - begun
            timings["bytes_out"] = len(body)
            route = path  #~ leak
            route = path.rstrip("0123456789")  #~ fixed
            windows = windows_by_route.get(route)
            if windows is None:
                windows = {phase: deque(maxlen=window) for phase in PHASES}
                windows_by_route[route] = windows
            for phase, value in timings.items():
                windows[phase].append(value)
            if windows["hits"] and len(windows["total"]) % 20 == 0:
                observe.p95 = percentile(route, "total", 0.95)
            return body

        observe.p95 = 0.0
        return observe

    return wrap


@metered(window=60)
def nearest(path, timings):
    t0 = time.perf_counter()
    number = int(path.rpartition("/")[2] or 0)
    lat, lon = (number * 0.37) % 160 - 80, (number * 1.13) % 340 - 170
    t1 = time.perf_counter()
    ranked = sorted(DEPOTS, key=lambda d: (d[1] - lat) ** 2 + (d[2] - lon) ** 2)
    best = [name for name, a, b in ranked[:3] if abs(a - lat) < 90]
    t2 = time.perf_counter()
    body = f"{lat:.2f},{lon:.2f} -> {' '.join(best)}\n".encode()
    timings.update(parse=t1 - t0, search=t2 - t1, render=time.perf_counter() - t2, hits=len(best))
    return body


class Client:
    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def ready(self, sel):
        data = self.sock.recv(8192)
        if not data:
            sel.unregister(self.sock)
            self.sock.close()
            return
        *heads, self.buffer = (self.buffer + data).split(b"\r\n\r\n")
        for head in heads:
            body = nearest(head.split(b" ")[1].decode("ascii"), head)
            self.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def main():
    sel = selectors.PollSelector()
    listener = socket.create_server(("127.0.0.1", 0))
    sel.register(listener, selectors.EVENT_READ, None)
    sel.register(0, selectors.EVENT_READ, "stdin")
    print(f"ready pid={os.getpid()} port={listener.getsockname()[1]}", flush=True)
    while True:
        for key, _ in sel.select():
            if key.data == "stdin":
                if not os.read(0, 4096):
                    sys.exit(0)
            elif key.data is None:
                sock, _ = listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sel.register(sock, selectors.EVENT_READ, Client(sock))
            else:
                key.data.ready(sel)


main()
