#: says = "an LRU of rendered map tiles climbs for some twenty seconds until its bound of 5000 entries, then evicts one for each it takes in"
#: kind = "healthy"
#: per_s = 250
#: limit_mib = 512
import collections
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_TILES = 5000


class Tile:
    def __init__(self, key):
        z, x, y = key
        self.key = key
        self.made = time.monotonic()
        self.features = [
            {"id": x * 100 + i, "kind": ("road", "water", "house")[i % 3],
             "pts": [(x + i * 0.1, y + i * 0.2), (x + i * 0.3, y - i * 0.1)]}
            for i in range(12)
        ]

    def svg(self):
        return "".join(f"<p d='{f['pts'][0][0]:.1f}'/>" for f in self.features)


class TileCache:
    def __init__(self, limit):
        self.limit = limit
        self.entries = collections.OrderedDict()
        self.lock = threading.Lock()
        self.hits = self.misses = self.evicted = 0

    def get(self, key):
        with self.lock:
            tile = self.entries.get(key)
            if tile is not None:
                self.entries.move_to_end(key)
                self.hits += 1
                return tile
        tile = Tile(key)
        with self.lock:
            self.misses += 1
            self.entries[key] = tile
            while len(self.entries) > self.limit:
                self.entries.popitem(last=False)
                self.evicted += 1
        return tile


cache = TileCache(MAX_TILES)
latency = collections.deque(maxlen=1000)


class TileHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        t0 = time.perf_counter()
        n = int(self.path.rsplit("/", 1)[-1])
        key = (14, n % 20011, (n * 7) % 16384)
        body = cache.get(key).svg().encode()
        self.send_response(200)
        self.send_header("Content-Type", "image/svg+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        latency.append(time.perf_counter() - t0)

    def log_message(self, *a):
        return


if __name__ == "__main__":
    http = ThreadingHTTPServer(("127.0.0.1", 0), TileHandler)
    http.daemon_threads = True
    threading.Thread(target=http.serve_forever, daemon=True).start()
    print(f"ready pid={os.getpid()} port={http.server_port}", flush=True)
    sys.stdin.read()
    os._exit(0)
