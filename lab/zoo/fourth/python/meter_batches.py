#: says = "readings gather in the module's open_batch for some 36 s (9000 entries), then they are rolled up to a few numbers and dropped: a sawtooth"
#: kind = "healthy"
#: per_s = 250
#: limit_mib = 512
"""Collects electricity meter readings, writes them as rolled-up batches."""
import asyncio
import os
import statistics
import sys
from collections import deque, namedtuple

BATCH = 9000

Interval = namedtuple("Interval", "start watts quality")

open_batch = []
rollups = deque(maxlen=200)


class Reading:
    def __init__(self, meter, number):
        self.meter = meter
        self.number = number
        self.intervals = [
            Interval(number * 900 + i * 15, 180.0 + (number * (i + 3)) % 2300 / 1.7, "ok" if i % 9 else "est")
            for i in range(30)
        ]

    def kwh(self):
        return sum(i.watts for i in self.intervals) * 15 / 3.6e6


class Rollup:
    def __init__(self, count, energy, peak):
        self.count = count
        self.energy = energy
        self.peak = peak


async def roll_up(batch):
    energy = peak = 0.0
    count = 0
    while batch:
        part = batch[-250:]
        del batch[-250:]
        energy += sum(r.kwh() for r in part)
        peak = max(peak, max(statistics.fmean(i.watts for i in r.intervals[:6]) for r in part))
        count += len(part)
        await asyncio.sleep(0)
    rollups.append(Rollup(count, energy, peak))


background = set()


def accept_reading(number):
    global open_batch
    reading = Reading("M-%04d" % (number * 13 % 7000), number)
    open_batch.append(reading)
    if len(open_batch) >= BATCH:
        full, open_batch = open_batch, []
        task = asyncio.ensure_future(roll_up(full))
        background.add(task)
        task.add_done_callback(background.discard)
    return f"{reading.meter} {reading.kwh():.4f} kWh\n"


async def read_request(reader):
    line = await reader.readline()
    if not line:
        return None
    while (await reader.readline()).strip():
        pass
    return line.decode("ascii").split(" ")[1]


async def on_client(reader, writer):
    while (target := await read_request(reader)) is not None:
        text = accept_reading(int(target[1:] or 0)).encode()
        writer.writelines([
            b"HTTP/1.1 200 OK\r\n",
            b"Content-Length: %d\r\n\r\n" % len(text),
            text,
        ])
        await writer.drain()
    writer.close()


async def main():
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), lambda: os.read(0, 4096) or done.set())
    async with await asyncio.start_server(on_client, "127.0.0.1", 0) as server:
        print("ready pid=%d port=%d" % (os.getpid(), server.sockets[0].getsockname()[1]), flush=True)
        await done.wait()
        os._exit(0)


asyncio.run(main())
