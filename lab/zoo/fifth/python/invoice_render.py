#: says = "an LRU cache of rendered invoices, keyed by numbers that seldom repeat, fills to its bound of 9000 entries in about 40 s and stays there"
#: kind = "healthy"
#: per_s = 250
#: limit_mib = 512
"""Renders invoices; keeps recent ones for reprints."""
import os
import sys
import threading
from collections import OrderedDict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PRODUCTS = [f"article {chr(65 + i % 26)}{i:04d}" for i in range(700)]


class InvoiceLine:
    __slots__ = ("article", "quantity", "unit_price", "amount")

    def __init__(self, article, quantity, unit_price):
        self.article = article
        self.quantity = quantity
        self.unit_price = unit_price
        self.amount = quantity * unit_price


class Invoice:
    def __init__(self, number):
        self.number = f"R-{number:08d}"
        self.customer = f"customer {number % 5003}"
        self.lines = [
            InvoiceLine(PRODUCTS[(number * 11 + i * 29) % 700], 1 + (number + i) % 9, 2.5 + (number * i) % 317 / 3)
            for i in range(18)
        ]
        self.text = ""

    def render(self):
        rows = [f"{l.quantity:3d} x {l.article:<14} {l.unit_price:9.2f} {l.amount:10.2f}" for l in self.lines]
        total = sum(l.amount for l in self.lines)
        self.text = "\n".join([f"Invoice {self.number}", self.customer, *rows, f"total {total:.2f}"])
        return self.text


class Archive:
    def __init__(self, room):
        self.room = room
        self._recent = OrderedDict()
        self._guard = threading.Lock()

    def fetch(self, number):
        with self._guard:
            invoice = self._recent.get(number)
            if invoice is not None:
                self._recent.move_to_end(number)
                return invoice
        invoice = Invoice(number)
        invoice.render()
        with self._guard:
            self._recent[number] = invoice
            while len(self._recent) > self.room:
                self._recent.popitem(last=False)
        return invoice


ARCHIVE = Archive(room=9000)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 4096
    disable_nagle_algorithm = True

    def do_GET(self):
        number = int(self.path.strip("/") or 0)
        invoice = ARCHIVE.fetch(number)
        if number > 50 and number % 10 == 0:
            ARCHIVE.fetch(number - 37)
        body = f"{invoice.number} {len(invoice.text)}\n".encode("ascii")
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, fmt, *args):
        return


class Service(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


if __name__ == "__main__":
    service = Service(("127.0.0.1", 0), Handler)
    threading.Thread(target=service.serve_forever, name="accept", daemon=True).start()
    print(f"ready pid={os.getpid()} port={service.server_port}", flush=True)
    for _ in sys.stdin:
        pass
