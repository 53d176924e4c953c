#: says = "A map server's tile cache fills up to its 2400 tiles in the first seconds and then drops the oldest."
#: kind = "healthy"
#: causes = []
#: holder = []
#: per_s = 400
#: for_s = 20
#: limit_mib = 512
"""Map tiles, drawn once and kept while they are in use."""
import itertools
import os
import random
import sys
import threading
from collections import OrderedDict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class TileCache:
    def __init__(self, capacity):
        self.capacity = capacity
        self.tiles = OrderedDict()
        self.hits = self.misses = 0
        self.lock = threading.Lock()

    def get(self, key, draw):
        with self.lock:
            tile = self.tiles.get(key)
            if tile is not None:
                self.hits += 1
                self.tiles.move_to_end(key)
                return tile
            self.misses += 1
            tile = self.tiles[key] = draw(key)
            while len(self.tiles) > self.capacity:
                self.tiles.popitem(last=False)
            return tile


class Painter:
    palette = [bytes((i, 255 - i, i * 7 % 256)) for i in range(256)]

    def __init__(self, seed):
        self.random = random.Random(seed)

    def draw(self, key):
        level, x, y = key
        head = b"TILE %d/%d/%d " % (level, x, y)
        return head + self.random.randbytes(8100) + self.palette[x % 256]


CACHE = TileCache(2400)
painter = Painter(7)
views = itertools.count(1)


class Tiles(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        view = next(views)
        key = (14, view // 3, random.randrange(3) + view % 700)
        tile = CACHE.get(key, painter.draw)
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(tile)))
        self.end_headers()
        self.wfile.write(tile)


with ThreadingHTTPServer(("127.0.0.1", 0), Tiles) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"ready pid={os.getpid()} port={server.server_port}", flush=True)
    sys.stdin.read()
    os._exit(0)
