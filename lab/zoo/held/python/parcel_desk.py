#: says = "Parcel.scans is a list in the class body, so the scans of every parcel pile up in the one list that all instances share."
#: kind = "leak"
#: causes = ["static-collection", "global"]
#: holder = ["Parcel", "scans"]
#: per_s = 320
#: for_s = 20
#: limit_mib = 512
"""Parcel desk: a parcel's way through the sorting halls, as a small WSGI application."""
import functools
import itertools
import os
import random
import socketserver
import sys
import threading

HALLS = tuple(f"hall {name}" for name in ("Aarhus", "Basel", "Cork", "Delft", "Essen", "Fano", "Gent"))


class Scan:
    __slots__ = ("hall", "belt", "reading")

    def __init__(self, hall, belt, reading):
        self.hall, self.belt, self.reading = hall, belt, reading

    def __str__(self):
        return f"{self.hall}/{self.belt}"


class Parcel:
    carrier = "Nordpost"
    scans = []  #~ leak

    def __init__(self, code, weight):
        self.code = code
        self.weight = weight
        self.scans = []  #~ fixed

    def scanned(self, hall, belt):
        self.scans.append(Scan(hall, belt, f"{self.code}:{belt:04d}:" + "%032x" % random.getrandbits(128) * 12))

    def last(self, count=3):
        return self.scans[-count:]


class Zones:
    """Postage by zone; never changes."""

    prices = {zone: 3.2 + zone * 1.15 for zone in range(9)}

    @classmethod
    @functools.lru_cache(maxsize=64)
    def price(cls, zone, kilos):
        return round(cls.prices[zone] * (1 + kilos / 10), 2)


def route(number):
    """The halls a parcel passes, one after the other."""
    for i in range(14):
        yield HALLS[(number + i) % len(HALLS)], (number * 3 + i) % 40


parcels = itertools.count(1)


def application(environ, start_response):
    number = next(parcels)
    parcel = Parcel(f"NP{number:09d}", number % 30)
    for hall, belt in route(number):
        parcel.scanned(hall, belt)
    way = " > ".join(map(str, parcel.last()))
    body = f"{parcel.code} {way} {Zones.price(number % 9, parcel.weight)}\n".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


class Gateway(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    wbufsize = 16384

    def handle(self):
        for line in iter(self.rfile.readline, b""):
            method, path, _ = line.decode().split(" ", 2)
            for header in iter(self.rfile.readline, b"\r\n"):
                if not header:
                    return
            chunks = application({"REQUEST_METHOD": method, "PATH_INFO": path}, self.start_response)
            for chunk in chunks:
                self.wfile.write(chunk)
            self.wfile.flush()

    def start_response(self, status, headers):
        self.wfile.write(f"HTTP/1.1 {status}\r\n".encode())
        for name, value in headers:
            self.wfile.write(f"{name}: {value}\r\n".encode())
        self.wfile.write(b"\r\n")


server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Gateway)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"ready pid={os.getpid()} port={server.server_address[1]}", flush=True)
sys.stdin.read()
os._exit(0)
