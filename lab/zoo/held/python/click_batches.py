#: says = "Clicks gather in a list that a job sorts and empties every five seconds, so the memory goes up in a saw."
#: kind = "healthy"
#: causes = []
#: holder = []
#: per_s = 380
#: for_s = 20
#: limit_mib = 512
"""Click collector: gathers clicks and condenses them every few seconds."""
import collections
import itertools
import os
import socket
import sys
import threading

Click = collections.namedtuple("Click", "number page position trail")


class Collector(threading.Thread):
    every = 5.0

    def __init__(self):
        super().__init__(daemon=True, name="collector")
        self.pending = []
        self.lock = threading.Lock()
        self.totals = collections.Counter()
        self.runs = 0

    def add(self, click):
        with self.lock:
            self.pending.append(click)
            return len(self.pending)

    def run(self):
        pause = threading.Event()
        while not pause.wait(self.every):
            with self.lock:
                batch, self.pending = self.pending, []
            batch.sort(key=lambda click: (click.page, click.number))
            for page, clicks in itertools.groupby(batch, key=lambda click: click.page):
                self.totals[page] += sum(1 for _ in clicks)
            self.runs += 1


class Pages:
    def __init__(self, count):
        self.paths = [f"/shop/department/{i}" for i in range(count)]

    def of(self, number):
        return self.paths[number * 17 % len(self.paths)]


collector = Collector()
pages = Pages(90)
clicks = itertools.count(1)


def respond(stream):
    number = next(clicks)
    trail = [f"{number}:{i * 31 % 1920}x{i * 17 % 1080}" for i in range(100)]
    waiting = collector.add(Click(number, pages.of(number), (number % 1920, number % 1080), trail))
    body = f"{waiting} waiting, {collector.runs} runs\n"
    stream.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
    stream.flush()


def talk(connection):
    with connection, connection.makefile("rwb") as stream:
        for line in stream:
            if line == b"\r\n":
                respond(stream)


def accept_all(listener):
    while True:
        connection, _address = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=talk, args=[connection], daemon=True).start()


collector.start()
listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=accept_all, args=[listener], daemon=True).start()
print(f"ready pid={os.getpid()} port={listener.getsockname()[1]}", flush=True)
while os.read(0, 64):
    pass
os._exit(0)
