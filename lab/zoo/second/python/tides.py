#: says = "healthy: the number of kept forecasts follows a wave of 24 seconds (a shrunken day) between 200 and 2600, so memory climbs and falls in turn"
#: kind = "healthy"
#: per_s = 300
#: limit_mib = 512
"""Harbour forecasts; keeps more of them ready in the busy hours than at night."""
import asyncio
import math
import os
import sys
import threading
import time
from collections import OrderedDict

DAY_SECONDS = 24.0
NIGHT, NOON = 200, 2600


class Almanac:
    def __init__(self, harbours):
        self.constants = [[(h * 13 + k * 7) % 100 / 40 for k in range(8)] for h in range(harbours)]

    def height(self, harbour, hour):
        return sum(c * math.sin(hour / (k + 3) + c) for k, c in enumerate(self.constants[harbour]))


class Forecast:
    def __init__(self, number, harbour, almanac):
        self.number = number
        self.harbour = harbour
        self.hours = [almanac.height(harbour, number % 240 + h) for h in range(36)]
        self.remarks = {f"hour {h}": f"forecast {number}: depth {d:.2f} m" for h, d in enumerate(self.hours)}


class ReadyShelf:
    """Forecasts kept at hand; the target size depends on the hour."""

    def __init__(self):
        self.started = time.monotonic()
        self.items = OrderedDict()

    def target(self):
        phase = (time.monotonic() - self.started) / DAY_SECONDS
        return int(NIGHT + (NOON - NIGHT) * (1 - math.cos(2 * math.pi * phase)) / 2)

    def put(self, forecast):
        self.items[forecast.number] = forecast
        target = self.target()
        for _ in range(8):
            if len(self.items) <= target:
                break
            self.items.popitem(last=False)

    def get(self, number):
        return self.items.get(number)


class Desk:
    def __init__(self):
        self.almanac = Almanac(60)
        self.shelf = ReadyShelf()
        self.served = 0

    def forecast(self, n):
        self.served += 1
        forecast = self.shelf.get(n)
        if forecast is None:
            forecast = Forecast(n, n % 60, self.almanac)
            self.shelf.put(forecast)
        return forecast

    def text(self, n):
        forecast = self.forecast(n)
        return (f"harbour {forecast.harbour}: high water {max(forecast.hours):.2f} m, "
                f"low water {min(forecast.hours):.2f} m; {len(self.shelf.items)} at hand\n")


async def serve(desk, reader, writer):
    try:
        while True:
            request_line = await reader.readline()
            if not request_line:
                break
            while (await reader.readline()) not in (b"\r\n", b""):
                pass
            path = request_line.split(b" ")[1].strip(b"/")
            body = desk.text(int(path) if path.isdigit() else 0).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def watch_stdin():
    sys.stdin.buffer.read()
    os._exit(0)


async def main():
    desk = Desk()
    server = await asyncio.start_server(lambda r, w: serve(desk, r, w), host="127.0.0.1", port=0)
    threading.Thread(target=watch_stdin, daemon=True).start()
    print("ready pid=%d port=%d" % (os.getpid(), server.sockets[0].getsockname()[1]), flush=True)
    await server.serve_forever()


asyncio.run(main())
