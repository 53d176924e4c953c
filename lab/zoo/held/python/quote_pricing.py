#: says = "A quote method is memoised without a size, keyed by the request object, which is different in each call."
#: kind = "leak"
#: causes = ["unbounded-cache"]
#: holder = ["PriceBook", "quote"]
#: per_s = 300
#: for_s = 20
#: limit_mib = 512
"""Freight quotes: one price for each line of an enquiry."""
import functools
import itertools
import os
import socketserver
import sys
import threading
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class Enquiry:
    number: int
    lane: str
    lines: tuple


@dataclass(frozen=True)
class QuotedLine:
    article: str
    kilos: int
    price: Decimal


@dataclass
class Quote:
    lane: str
    lines: list = field(default_factory=list)

    @property
    def total(self):
        return sum((line.price for line in self.lines), Decimal(0))


class Surcharges:
    """A small table by lane; read once."""

    def __init__(self, lanes):
        self.by_lane = {lane: Decimal(i + 3) / 10 for i, lane in enumerate(lanes)}

    def of(self, lane):
        return self.by_lane.get(lane, Decimal(1))


class PriceBook:
    def __init__(self, surcharges):
        self.surcharges = surcharges

    @functools.lru_cache(maxsize=None)  #~ leak
    @functools.lru_cache(maxsize=256)  #~ fixed
    def quote(self, enquiry):
        rate = self.surcharges.of(enquiry.lane)
        answer = Quote(enquiry.lane)
        for article, kilos in enquiry.lines:
            answer.lines.append(QuotedLine(article, kilos, (Decimal(kilos) * rate).quantize(Decimal("0.01"))))
        return answer


LANES = ["HAM-ROT", "ROT-LON", "LON-DUB", "GOT-HAM"]
book = PriceBook(Surcharges(LANES))
counter = itertools.count(1)


def enquire():
    number = next(counter)
    lines = tuple((f"pallet/{number}/{i}", 40 + (number * 7 + i * 13) % 500) for i in range(22))
    return Enquiry(number, LANES[number % len(LANES)], lines)


class Conversation(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        while True:
            line = self.rfile.readline()
            if not line:
                return
            while self.rfile.readline() not in (b"\r\n", b"\n", b""):
                pass
            enquiry = enquire()
            text = f"{enquiry.number} {book.quote(enquiry).total}\n".encode()
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))


class Desk(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


def main():
    with Desk(("127.0.0.1", 0), Conversation) as desk:
        threading.Thread(target=desk.serve_forever, daemon=True).start()
        print(f"ready pid={os.getpid()} port={desk.server_address[1]}", flush=True)
        for _ in sys.stdin:
            pass
        os._exit(0)


main()
