#: says = "loads raw place records in the background during the first fifteen seconds, packs them into compact arrays and then drops the raw ones; the heap stays large and level"
#: kind = "healthy"
#: per_s = 200
#: limit_mib = 512
"""Gazetteer look-ups. The raw feed is read in pages while already serving."""
import array
import bisect
import os
import random
import socketserver
import sys
import threading
import time

PAGES = 30
PER_PAGE = 1500


class RawFeed:
    def __init__(self, seed=11):
        self.rnd = random.Random(seed)
        self.records = []

    def read_page(self, page):
        for i in range(PER_PAGE):
            rid = page * PER_PAGE + i
            self.records.append({
                "id": rid,
                "name": f"place-{rid:06d}",
                "alt": [f"ort-{rid}", f"lieu-{rid}", f"lugar-{rid}"],
                "lat": self.rnd.uniform(-90, 90),
                "lon": self.rnd.uniform(-180, 180),
                "pop": self.rnd.randrange(10, 10**6),
            })


class Gazetteer:
    def __init__(self):
        self.names = []
        self.lat = array.array("d")
        self.lon = array.array("d")
        self.pop = array.array("L")
        self.state = "loading"
        self.asked = 0

    def pack(self, feed):
        recs = sorted(feed.records, key=lambda r: r["name"])
        self.names = [r["name"] for r in recs]
        for r in recs:
            self.lat.append(r["lat"])
            self.lon.append(r["lon"])
            self.pop.append(r["pop"])
        self.state = "ready"

    def find(self, name):
        self.asked += 1
        if self.state != "ready":
            return "not loaded yet"
        i = bisect.bisect_left(self.names, name)
        if i < len(self.names) and self.names[i] == name:
            return f"{name} {self.lat[i]:.4f},{self.lon[i]:.4f} pop {self.pop[i]}"
        return f"{name} unknown"


gaz = Gazetteer()


def boot():
    feed = RawFeed()
    for page in range(PAGES):
        feed.read_page(page)
        time.sleep(0.45)
    gaz.pack(feed)


class Conn(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        while True:
            line = self.rfile.readline()
            if not line:
                return
            while self.rfile.readline() not in (b"\r\n", b"\n", b""):
                pass
            n = int(line.split()[1][1:])
            body = gaz.find(f"place-{n * 13 % (PAGES * PER_PAGE):06d}").encode()
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


srv = Server(("127.0.0.1", 0), Conn)
threading.Thread(target=srv.serve_forever, daemon=True).start()
threading.Thread(target=boot, name="boot", daemon=True).start()
print(f"ready pid={os.getpid()} port={srv.server_address[1]}", flush=True)
sys.stdin.read()
os._exit(0)
