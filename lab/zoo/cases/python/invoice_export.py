#: says = "Invoices are put into an unbounded queue.Queue; the exporter writes fewer per second than come in."
#: kind = "leak"
#: causes = ["queue-backlog"]
#: holder = ["Exporter", "pending"]
#: made = ["invoice"]
#: per_s = 280
"""Invoices: each order makes one, an exporter hands them to the archive, which takes a moment for each."""

import hashlib
import queue
import threading
import time
from dataclasses import dataclass

from serving import serve

VAT = {"books": 7, "food": 7, "tools": 19, "toys": 19}


@dataclass
class Invoice:
    number: str
    customer: str
    lines: list
    digest: str


class Archive:
    def __init__(self):
        self.stored = 0
        self.last = ""

    def store(self, invoice):
        time.sleep(0.02)
        self.stored += 1
        self.last = invoice.digest


class Exporter:
    def __init__(self, archive):
        self.archive = archive
        self.pending = queue.Queue()  #~ leak
        self.pending = queue.Queue(maxsize=300)  #~ fixed
        self.later = 0
        threading.Thread(target=self._run, name="exporter", daemon=True).start()

    def export(self, invoice):
        try:
            self.pending.put_nowait(invoice)
        except queue.Full:
            self.later += 1

    def _run(self):
        while True:
            self.archive.store(self.pending.get())


def invoice(number):
    lines = []
    for line in range(28):
        group = list(VAT)[(number + line) % 4]
        net = 3 + (number * line) % 500
        lines.append({"article": f"{group}-{number}-{line}", "net": net, "gross": net * (100 + VAT[group]) / 100})
    digest = hashlib.sha256(repr(lines).encode()).hexdigest()
    return Invoice(f"2026-{number:07}", f"customer {number % 900}", lines, digest)


exporter = Exporter(Archive())


def handle(number, path):
    made = invoice(number)
    exporter.export(made)
    return f"{made.number} {exporter.archive.stored} stored"


serve(handle)
