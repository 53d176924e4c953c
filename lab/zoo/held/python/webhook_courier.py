#: says = "A webhook courier marks deliveries as done but never takes them off the list that the retry thread sweeps."
#: kind = "leak"
#: causes = ["queue-backlog"]
#: holder = ["Courier", "outbox"]
#: per_s = 350
#: for_s = 20
#: limit_mib = 512
"""Webhook courier: an order event goes to the merchant's endpoint, with retries."""
import enum
import hashlib
import http.server
import itertools
import json
import os
import sys
import threading
import time
from dataclasses import dataclass
from typing import Iterator


class State(enum.Enum):
    WAITING = 1
    DONE = 2
    GIVEN_UP = 3


@dataclass(slots=True)
class Delivery:
    number: int
    endpoint: str
    body: bytes
    due: float
    attempts: int = 0
    state: State = State.WAITING


@dataclass(frozen=True)
class Settings:
    pause: float = 0.2
    most_attempts: int = 4


class Endpoints:
    """The merchants' addresses, and whether the last call was answered."""

    def __init__(self, count=60):
        self.addresses = [f"https://merchant{i}.example/hooks" for i in range(count)]
        self.answered = {}

    def call(self, delivery):
        good = hashlib.blake2b(b"%d/%d" % (delivery.number, delivery.attempts), digest_size=1).digest()[0] > 60
        self.answered[delivery.endpoint] = good
        return good


class Courier:
    def __init__(self, settings, endpoints):
        self.settings, self.endpoints = settings, endpoints
        self.lock = threading.Lock()
        self.outbox = []
        self.sent = 0

    def submit(self, delivery):
        with self.lock:
            self.outbox.append(delivery)

    def due(self) -> Iterator[Delivery]:
        now = time.monotonic()
        for delivery in self.outbox:
            if delivery.state is State.WAITING and delivery.due <= now:
                yield delivery

    def sweep(self):
        with self.lock:
            for delivery in self.due():
                delivery.attempts += 1
                if self.endpoints.call(delivery):
                    delivery.state = State.DONE
                    self.sent += 1
                elif delivery.attempts >= self.settings.most_attempts:
                    delivery.state = State.GIVEN_UP
                else:
                    delivery.due = time.monotonic() + self.settings.pause * 2 ** delivery.attempts
            self.outbox = [d for d in self.outbox if d.state is State.WAITING]  #~ fixed

    def run(self):
        while True:
            time.sleep(self.settings.pause)
            self.sweep()


endpoints = Endpoints()
courier = Courier(Settings(), endpoints)
numbers = itertools.count(1)


def event(number):
    lines = [{"sku": f"SKU-{number}-{i}", "count": 1 + i % 4, "note": f"shelf {i * number % 997}, row {i}"} for i in range(110)]
    return json.dumps({"event": "order.paid", "order": number, "lines": lines}).encode()


class Hook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        number = next(numbers)
        courier.submit(Delivery(number, endpoints.addresses[number % 60], event(number), time.monotonic()))
        text = b'{"queued": %d, "sent": %d}' % (number, courier.sent)
        self.send_response(202)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_request(self, *args):
        return None


if __name__ == "__main__":
    threading.Thread(target=courier.run, name="courier", daemon=True).start()
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    print("ready pid=%d port=%d" % (os.getpid(), httpd.server_address[1]), flush=True)
    while sys.stdin.read(1):
        pass
    os._exit(0)
