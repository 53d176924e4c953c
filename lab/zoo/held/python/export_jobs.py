#: says = "Each export job makes a named logger with its own journal handler; the logging manager keeps every named logger for ever."
#: kind = "leak"
#: causes = ["global", "static-collection"]
#: holder = ["logging", "loggerDict"]
#: per_s = 290
#: for_s = 20
#: limit_mib = 512
"""Exports: a job writes rows to a sheet and a journal that support can read."""
import logging
import os
import socket
import sys
import threading
from contextlib import contextmanager

logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])


class Journal(logging.Handler):
    """Keeps the lines of one job."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(f"{record.created:.3f} {record.levelname} {record.getMessage()}")


class Tally:
    def __init__(self):
        self._lock = threading.Lock()
        self.jobs = 0
        self.rows = 0

    def next_job(self):
        with self._lock:
            self.jobs += 1
            return self.jobs

    def add(self, rows):
        with self._lock:
            self.rows += rows


class ExportJob:
    columns = ("order", "customer", "amount", "paid")

    def __init__(self, number):
        self.number = number
        self.journal = Journal()
        self.log = logging.getLogger(f"exports.job.{number}")  #~ leak
        self.log = logging.Logger("exports.job", logging.INFO)  #~ fixed
        self.log.addHandler(self.journal)
        self.log.propagate = False

    @contextmanager
    def step(self, name):
        self.log.info("job %d begins %s", self.number, name)
        yield
        self.log.info("job %d ends %s", self.number, name)

    def run(self):
        with self.step("read"):
            rows = [(self.number * 100 + i, f"customer {i * 31 % 97}", i * 12.5, i % 2 == 0) for i in range(20)]
        with self.step("write"):
            for order, customer, amount, paid in rows:
                self.log.info("order %d of %s: %.2f %s, in sheet %d, columns %s", order, customer, amount,
                              "paid" if paid else "open", order % 7, self.columns * 4)
        return len(rows)


tally = Tally()


def answer(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waiting = b""
    with connection:
        while True:
            head, found, waiting = waiting.partition(b"\r\n\r\n")
            if not found:
                waiting = head
                more = connection.recv(4096)
                if not more:
                    return
                waiting += more
                continue
            job = ExportJob(tally.next_job())
            rows = job.run()
            tally.add(rows)
            body = f"job {job.number}: {rows} rows, {len(job.journal.lines)} journal lines\n".encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)


def accept(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


listener = socket.create_server(("127.0.0.1", 0), backlog=64)
threading.Thread(target=accept, args=(listener,), daemon=True).start()
print(f"ready pid={os.getpid()} port={listener.getsockname()[1]}", flush=True)
sys.stdin.buffer.read()
