#: says = "Each held seat sets an expiry call for a quarter of an hour later, and a booking that is paid for does not cancel it."
#: kind = "leak"
#: causes = ["timer"]
#: holder = ["SeatPlan", "expire"]
#: per_s = 450
#: for_s = 20
#: limit_mib = 512
"""Box office: a seat is held while the buyer pays, and given back if he does not."""
import asyncio
import itertools
import json
import os
import sys
import threading


class Hold:
    __slots__ = ("number", "seat", "view", "paid", "timer")

    def __init__(self, number, seat, view):
        self.number, self.seat, self.view = number, seat, view
        self.paid = False
        self.timer = None


class Hall:
    """The plan of one hall; drawn anew for each hold, with the seats that are taken at that time."""

    def __init__(self, rows=24, columns=30):
        self.rows, self.columns = rows, columns
        self.taken = set()

    def drawing(self, seat):
        marks = ("seat %d-%d %s" % (r, c, "x" if (r, c) in self.taken else "you" if (r, c) == seat else ".")
                 for r in range(seat[0], seat[0] + 12) for c in range(self.columns))
        return ";".join(marks)


class SeatPlan:
    hold_for = 900

    def __init__(self, loop, hall):
        self.loop, self.hall = loop, hall
        self.holds = {}
        self.expired = self.sold = 0

    def hold(self, number):
        seat = (number % self.hall.rows, number % self.hall.columns)
        hold = Hold(number, seat, self.hall.drawing(seat))
        self.holds[number] = hold
        hold.timer = self.loop.call_later(self.hold_for, self.expire, hold)
        return hold

    def pay(self, number):
        hold = self.holds.pop(number)
        hold.paid = True
        hold.timer.cancel()  #~ fixed
        self.sold += 1
        return {"ticket": number, "seat": hold.seat, "sold": self.sold}

    def expire(self, hold):
        if not hold.paid:
            self.expired += 1
            self.holds.pop(hold.number, None)


class BoxOffice(asyncio.Protocol):
    numbers = itertools.count(1)

    def __init__(self, plan):
        self.plan = plan
        self.received = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        *requests, self.received = (self.received + data).split(b"\r\n\r\n")
        for _ in requests:
            number = next(self.numbers)
            self.plan.hold(number)
            body = json.dumps(self.plan.pay(number)).encode()
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                 b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


def until_input_ends(loop, done):
    sys.stdin.read()
    loop.call_soon_threadsafe(done.set)


async def main():
    loop = asyncio.get_running_loop()
    plan = SeatPlan(loop, Hall())
    server = await loop.create_server(lambda: BoxOffice(plan), "127.0.0.1", 0)
    done = asyncio.Event()
    threading.Thread(target=until_input_ends, args=(loop, done), daemon=True).start()
    print("ready pid=%d port=%d" % (os.getpid(), server.sockets[0].getsockname()[1]), flush=True)
    await done.wait()
    server.close()


asyncio.run(main())
