#: says = "healthy: a gazetteer of about 100 MB is loaded piece by piece during the first ten seconds, then only read; a bounded cache of answers beside it"
#: kind = "healthy"
#: per_s = 200
#: limit_mib = 512
"""Place-name look-ups over an index loaded in the background at start."""
import json
import os
import sys
import threading
import time
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECTIONS = 160
PER_SECTION = 1000


class Place:
    __slots__ = ("code", "name", "lat", "lon", "aliases")

    def __init__(self, code):
        self.code = code
        self.name = f"Place {code:07d}"
        self.lat = (code * 7919 % 180000) / 1000 - 90
        self.lon = (code * 6007 % 360000) / 1000 - 180
        self.aliases = (f"P{code}", f"{self.name} Old Town")


class Gazetteer:
    def __init__(self):
        self.by_code = {}
        self.by_name = {}
        self.sections_loaded = 0
        self.loader = threading.Thread(target=self._load, daemon=True)

    def start(self):
        self.loader.start()

    def _load(self):
        for section in range(SECTIONS):
            for code in range(section * PER_SECTION, (section + 1) * PER_SECTION):
                place = Place(code)
                self.by_code[code] = place
                self.by_name[place.name] = place
            self.sections_loaded += 1
            time.sleep(0.05)

    def find(self, code):
        return self.by_code.get(code)

    def near(self, code, count=6):
        found = []
        for other in range(code + 1, code + 1 + count):
            place = self.by_code.get(other)
            if place is not None:
                found.append(place.name)
        return found


GAZETTEER = Gazetteer()


@lru_cache(maxsize=1500)
def card(code, sections):
    place = GAZETTEER.find(code)
    if place is None:
        return {"code": code, "missing": True}
    return {"code": code, "name": place.name, "lat": place.lat, "lon": place.lon,
            "aliases": list(place.aliases), "near": GAZETTEER.near(code),
            "text": " ".join(f"{place.name} lies {k} km off the road." for k in range(20))}


class RateWindow:
    """Requests per second over the last minute."""

    def __init__(self):
        self.slots = [0] * 60
        self.current = 0

    def hit(self):
        now = int(time.monotonic())
        if now != self.current:
            self.slots[now % 60] = 0
            self.current = now
        self.slots[now % 60] += 1


WINDOW = RateWindow()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        WINDOW.hit()
        n = int(self.path.strip("/") or 0)
        body = json.dumps(card(n * 37 % (SECTIONS * PER_SECTION), GAZETTEER.sections_loaded)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    GAZETTEER.start()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"ready pid={os.getpid()} port={server.server_port}", flush=True)
    sys.stdin.buffer.read()
    os._exit(0)
