#: says = "every hold schedules its release in 15 minutes on SeatDesk.clock, and confirming the booking does not cancel that event"
#: kind = "leak"
#: causes = ["timer"]
#: holder = ["SeatDesk", "clock"]
#: per_s = 250
#: limit_mib = 512
"""Theatre box office: holds the best free seats, takes the payment, confirms."""
import os
import sched
import socket
import sys
import threading
import time

HOLD_SECONDS = 15 * 60
ROWS = "ABCDEFGHJKLM"


class Seat:
    __slots__ = ("row", "place", "price", "label")

    def __init__(self, row, place, price):
        self.row = row
        self.place = place
        self.price = price
        self.label = "row %s, seat %d" % (row, place)


class Hold:
    def __init__(self, number, show, seats):
        self.number = number
        self.show = show
        self.seats = seats
        self.confirmed = False
        self.release_event = None
        self.invoice = ["%s  %8.2f  incl. fee" % (s.label, s.price * 1.05) for s in seats]

    def total(self):
        return sum(seat.price for seat in self.seats)


class SeatDesk:
    def __init__(self):
        self.lock = threading.Lock()
        self.clock = sched.scheduler(time.monotonic, time.sleep)
        self.free = [len(ROWS) * 30] * 40

    def hold(self, number):
        show = number % len(self.free)
        wanted = 14 + number % 12
        with self.lock:
            if self.free[show] < wanted:
                self.free[show] = len(ROWS) * 30
            self.free[show] -= wanted
        row = ROWS[number % len(ROWS)]
        seats = [Seat(row, place, 18.0 + (number + place) % 25) for place in range(wanted)]
        hold = Hold(number, show, seats)
        hold.release_event = self.clock.enter(HOLD_SECONDS, 1, self.release, (hold,))
        return hold

    def release(self, hold):
        if not hold.confirmed:
            with self.lock:
                self.free[hold.show] += len(hold.seats)

    def confirm(self, hold, paid):
        if paid < hold.total():
            raise ValueError("payment is short")
        hold.confirmed = True
        self.clock.cancel(hold.release_event)  #~ fixed
        return "booking %d: %d seats, %.2f\n" % (hold.number, len(hold.seats), paid)

    def tick(self):
        while True:
            self.clock.run(blocking=False)
            time.sleep(0.5)


def serve(conn, desk):
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with conn, conn.makefile("rb") as lines:
        for line in lines:
            path = line.split()[1]
            while lines.readline() not in (b"\r\n", b"\n", b""):
                pass
            hold = desk.hold(int(path.strip(b"/") or b"0"))
            body = desk.confirm(hold, hold.total()).encode()
            conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def accept(listener, desk):
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn, desk), daemon=True).start()


def main():
    desk = SeatDesk()
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=desk.tick, name="clock", daemon=True).start()
    threading.Thread(target=accept, args=(listener, desk), daemon=True).start()
    print("ready pid=%d port=%d" % (os.getpid(), listener.getsockname()[1]), flush=True)
    while sys.stdin.readline():
        pass


main()
