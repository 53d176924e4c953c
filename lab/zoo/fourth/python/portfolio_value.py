#: says = "each valuation subscribes a partial to RateBoard.hooks and unsubscribes with another partial, which is equal to none, so the set keeps them all"
#: kind = "leak"
#: causes = ["listener"]
#: holder = ["RateBoard", "hooks"]
#: per_s = 250
#: limit_mib = 512
"""Values client portfolios in EUR; a valuation is repriced when the rate table is replaced."""
import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from functools import partial


@dataclass
class Position:
    isin: str
    units: int
    price: float
    currency: str
    value: float = 0.0


class RateBoard:
    def __init__(self):
        self.rates = {"EUR": 1.0, "USD": 0.92, "GBP": 1.17, "CHF": 1.04, "JPY": 0.0061}
        self.hooks = {"rates": set(), "holidays": set()}

    def subscribe(self, topic, hook):
        self.hooks[topic].add(hook)

    def unsubscribe(self, topic, hook):
        self.hooks[topic].discard(hook)

    def replace(self, rates):
        self.rates = rates
        for hook in list(self.hooks["rates"]):
            hook(rates)


class Valuation:
    def __init__(self, board, number):
        self.board = board
        self.client = "client-%07d" % number
        codes = list(board.rates)
        self.positions = [
            Position("XS%010d" % (number * 97 + i), 10 + (number + i) % 90,
                     12.5 + (number * i) % 311, codes[(number + i) % len(codes)])
            for i in range(18)
        ]

    def __enter__(self):
        self.board.subscribe("rates", partial(self.reprice, 2))  #~ leak
        self.hook = partial(self.reprice, 2)  #~ fixed
        self.board.subscribe("rates", self.hook)  #~ fixed
        self.reprice(2, self.board.rates)
        return self

    def __exit__(self, *exc):
        self.board.unsubscribe("rates", partial(self.reprice, 2))  #~ leak
        self.board.unsubscribe("rates", self.hook)  #~ fixed

    def reprice(self, digits, rates):
        for p in self.positions:
            p.value = round(p.units * p.price * rates[p.currency], digits)

    def summary(self):
        total = sum(p.value for p in self.positions)
        top = max(self.positions, key=lambda p: p.value)
        return "%s %.2f EUR, largest %s %.1f%%\n" % (
            self.client, total, top.isin, 100 * top.value / total)


class Http(asyncio.Protocol):
    def __init__(self, board):
        self.board = board
        self.buffer = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            number = int(head.split()[1].strip(b"/") or 0)
            with Valuation(self.board, number) as valuation:
                body = valuation.summary().encode()
            self.transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
                + str(len(body)).encode() + b"\r\n\r\n" + body)


async def serve():
    loop = asyncio.get_running_loop()
    board = RateBoard()
    loop.add_signal_handler(
        signal.SIGHUP,
        lambda: board.replace({k: v * 1.001 for k, v in board.rates.items()}))
    server = await loop.create_server(lambda: Http(board), "127.0.0.1", 0)
    print("ready pid=%d port=%d" % (os.getpid(), server.sockets[0].getsockname()[1]), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
