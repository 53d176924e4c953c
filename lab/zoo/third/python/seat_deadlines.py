#: says = "each seat hold pushes a 45-minute deadline into a heap; cancelling only flags the entry, which stays in the heap with its callback and hold until it would fall due"
#: kind = "leak"
#: causes = ["timer"]
#: holder = ["Deadlines", "_heap"]
#: per_s = 300
#: limit_mib = 512
import asyncio
import heapq
import itertools
import os
import sys
import threading
import time
from functools import partial

HOLD_SECONDS = 45 * 60


class Entry:
    __slots__ = ("when", "seq", "action", "live")

    def __init__(self, when, seq, action):
        self.when, self.seq, self.action, self.live = when, seq, action, True

    def __lt__(self, other):
        return (self.when, self.seq) < (other.when, other.seq)


class Deadlines:
    def __init__(self):
        self._heap = []
        self._seq = itertools.count()
        self._dead = 0
        self.fired = 0

    def at(self, delay, action):
        e = Entry(time.monotonic() + delay, next(self._seq), action)
        heapq.heappush(self._heap, e)
        return e

    def cancel(self, entry):
        if entry.live:
            entry.live = False
            self._dead += 1
            if self._dead > 100 and self._dead * 2 > len(self._heap):  #~ fixed
                self._heap = [e for e in self._heap if e.live]  #~ fixed
                heapq.heapify(self._heap)  #~ fixed
                self._dead = 0  #~ fixed

    def run_due(self):
        now = time.monotonic()
        while self._heap and self._heap[0].when <= now:
            e = heapq.heappop(self._heap)
            if e.live:
                self.fired += 1
                e.action()
            else:
                self._dead -= 1


class Hall:
    def __init__(self, name, rows=30, cols=24):
        self.name = name
        self.state = [["free"] * cols for _ in range(rows)]
        self.sold = 0

    def free_up(self, hold):
        for r, c in hold.seats:
            self.state[r][c] = "free"


class Hold:
    def __init__(self, hall, n):
        self.hall = hall
        self.seats = [((n + i) % 30, (n // 30 + i) % 24) for i in range(6)]
        self.price = {s: 20.0 + s[0] * 0.5 for s in self.seats}
        self.buyer = {"name": f"guest {n}", "mail": f"g{n}@example.org", "lang": "de"}
        self.offers = [{"code": f"{n}-{k}", "off": k / 10, "till": n + k} for k in range(18)]


halls = [Hall(f"hall-{i}") for i in range(5)]
deadlines = Deadlines()


def book(n):
    hall = halls[n % 5]
    hold = Hold(hall, n)
    for r, c in hold.seats:
        hall.state[r][c] = "held"
    entry = deadlines.at(HOLD_SECONDS, partial(hall.free_up, hold))
    total = sum(hold.price.values())
    hall.free_up(hold)
    hall.sold += len(hold.seats)
    deadlines.cancel(entry)
    return f"{hall.name} {total:.2f}"


class Http(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.pending = b""

    def data_received(self, data):
        self.pending += data
        while b"\r\n\r\n" in self.pending:
            head, self.pending = self.pending.split(b"\r\n\r\n", 1)
            body = book(int(head.split(b" ")[1][1:])).encode()
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


async def main():
    srv = await asyncio.get_running_loop().create_server(Http, "127.0.0.1", 0)
    print(f"ready pid={os.getpid()} port={srv.sockets[0].getsockname()[1]}", flush=True)
    while True:
        deadlines.run_due()
        await asyncio.sleep(0.25)


def wait_for_end():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=wait_for_end, daemon=True).start()
asyncio.run(main())
