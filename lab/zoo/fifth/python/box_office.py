#: says = "each seat hold arms a deadline ten minutes ahead in the timer wheel and is sold within the same request without the deadline being cancelled, so the wheel keeps hold, seats and quote"
#: kind = "leak"
#: causes = ["timer"]
#: holder = ["DeadlineWheel", "_slots"]
#: per_s = 250
#: limit_mib = 512
"""Box office: quote, hold and sell seats."""
import itertools
import os
import random
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOLD_SECONDS = 600


class DeadlineWheel(threading.Thread):
    def __init__(self):
        super().__init__(name="deadlines", daemon=True)
        self._slots = {}
        self._lock = threading.Lock()
        self._serial = itertools.count(1)

    def after(self, seconds, action):
        due = int(time.monotonic() + seconds)
        ticket = next(self._serial)
        with self._lock:
            self._slots.setdefault(due, {})[ticket] = action
        return due, ticket

    def cancel(self, handle):
        due, ticket = handle
        with self._lock:
            slot = self._slots.get(due)
            if slot is not None:
                slot.pop(ticket, None)

    def run(self):
        while True:
            time.sleep(1)
            now = int(time.monotonic())
            with self._lock:
                ready = [self._slots.pop(due) for due in list(self._slots) if due <= now]
            for slot in ready:
                for action in slot.values():
                    action()


class Seat:
    __slots__ = ("row", "number", "block", "view", "price")

    def __init__(self, row, number, block, rng):
        self.row = row
        self.number = number
        self.block = f"{block}-{row}{number:03d}"
        self.view = rng.random()
        self.price = {"face": 20 + rng.random() * 90, "fee": rng.random() * 4, "tax": 0.0}


class Hold:
    def __init__(self, order, seats):
        self.order = order
        self.seats = seats
        self.state = "held"
        self.deadline = None

    def total(self):
        for seat in self.seats:
            seat.price["tax"] = seat.price["face"] * 0.19
        return sum(sum(seat.price.values()) for seat in self.seats)

    def lapse(self):
        if self.state == "held":
            self.state = "lapsed"


class BoxOffice:
    def __init__(self, wheel):
        self.wheel = wheel
        self.sold = 0
        self.turnover = 0.0

    def hold(self, order):
        rng = random.Random(order)
        block = "NESW"[order % 4]
        seats = [Seat("ABCDEFGH"[i % 8], rng.randrange(400), block, rng) for i in range(12)]
        hold = Hold(order, sorted(seats, key=lambda s: (s.row, s.number)))
        hold.deadline = self.wheel.after(HOLD_SECONDS, hold.lapse)
        return hold

    def sell(self, hold):
        amount = hold.total()
        hold.state = "sold"
        self.wheel.cancel(hold.deadline)  #~ fixed
        self.sold += 1
        self.turnover += amount
        return amount


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        order = int(self.path.rpartition("/")[2] or 0)
        office = self.server.office
        hold = office.hold(order)
        amount = office.sell(hold)
        body = f"order {order}: {len(hold.seats)} seats, {amount:.2f}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def main():
    wheel = DeadlineWheel()
    wheel.start()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.office = BoxOffice(wheel)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"ready pid={os.getpid()} port={server.server_address[1]}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
