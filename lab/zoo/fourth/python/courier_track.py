#: says = "Tracker.samples is a rolling window of 40 s, pruned at every addition; it fills once and then stays"
#: kind = "healthy"
#: per_s = 250
#: limit_mib = 512
"""Positions of couriers: keeps the latest traces for the dispatcher's dashboard."""
import collections
import math
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Fix:
    def __init__(self, lat, lon, speed):
        self.lat = lat
        self.lon = lon
        self.speed = speed


class Trace:
    def __init__(self, courier, fixes):
        self.courier = courier
        self.fixes = fixes
        self.length = sum(
            math.hypot(b.lat - a.lat, b.lon - a.lon) * 111_000
            for a, b in zip(fixes, fixes[1:]))


class Tracker:
    WINDOW = 40.0

    def __init__(self):
        self.samples = collections.deque()
        self.per_courier = collections.Counter()
        self.guard = threading.Lock()

    def add(self, trace):
        now = time.monotonic()
        with self.guard:
            self.samples.append((now, trace))
            self.per_courier[trace.courier] += 1
            while self.samples[0][0] < now - self.WINDOW:
                _, old = self.samples.popleft()
                self.per_courier[old.courier] -= 1
                if not self.per_courier[old.courier]:
                    del self.per_courier[old.courier]
            return len(self.samples), self.per_courier[trace.courier]


def trace_for(number):
    courier = "c%03d" % (number % 311)
    lat = 48.1 + (number % 1000) / 9000
    lon = 11.5 + (number % 777) / 8000
    fixes = []
    for step in range(24):
        heading = (number + step * 11) % 360 * math.pi / 180
        lat += math.cos(heading) * 0.0004
        lon += math.sin(heading) * 0.0004
        fixes.append(Fix(lat, lon, 12 + (number * step) % 20 + 0.5))
    return Trace(courier, fixes)


def handler_for(tracker):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self):
            trace = trace_for(int(self.path[1:] or 0))
            window, own = tracker.add(trace)
            body = ("%s %.0f m, %d/%d traces\n" % (trace.courier, trace.length, own, window)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code="-", size="-"):
            pass

    return Handler


def main():
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(Tracker()))
    worker = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
    worker.start()
    print("ready pid=%d port=%d" % (os.getpid(), httpd.server_port), flush=True)
    try:
        while os.read(0, 1024):
            pass
    finally:
        httpd.shutdown()
        worker.join()


if __name__ == "__main__":
    main()
