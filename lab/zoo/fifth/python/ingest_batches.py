#: says = "asks logging.getLogger for a logger named after each batch and gives it a buffering handler; the logging module's registry (Manager.loggerDict) keeps every logger, handler and record"
#: kind = "leak"
#: causes = ["unbounded-cache", "global"]
#: holder = ["loggerDict"]
#: per_s = 250
#: limit_mib = 512
"""Checks meter readings batch by batch; a failing batch dumps its log."""
import asyncio
import logging
import os
import sys
import threading
from logging.handlers import MemoryHandler

root = logging.getLogger("ingest")
root.setLevel(logging.DEBUG)
console = logging.StreamHandler(sys.stderr)
console.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))


def batch_log(batch):
    log = logging.getLogger(f"ingest.batch-{batch}")  #~ leak
    log = logging.Logger(f"ingest.batch-{batch}", logging.DEBUG)  #~ fixed
    log.propagate = False
    log.addHandler(MemoryHandler(100, flushLevel=logging.ERROR, target=console))
    return log


class Reading:
    __slots__ = ("meter", "kwh", "quality")

    def __init__(self, meter, kwh, quality):
        self.meter = meter
        self.kwh = kwh
        self.quality = quality


def parse(batch):
    lines = [f"M{(batch * 37 + i) % 6000:05d};{(batch * i) % 977 / 10};{i % 4}" for i in range(40)]
    for line in lines:
        meter, kwh, quality = line.split(";")
        yield Reading(meter, float(kwh), int(quality))


def check(batch):
    log = batch_log(batch)
    readings = list(parse(batch))
    log.debug("parsed %d readings", len(readings))
    by_quality = {}
    for r in readings:
        by_quality.setdefault(r.quality, []).append(r.kwh)
    for quality, values in sorted(by_quality.items()):
        log.debug("quality %d: %d values, mean %.3f", quality, len(values), sum(values) / len(values))
    total = sum(r.kwh for r in readings)
    if total < 0:
        log.error("batch total is negative: %.3f", total)
    log.info("accepted, %.1f kWh", total)
    return total


class HttpProtocol(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.data = bytearray()

    def data_received(self, data):
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            request_line = bytes(self.data[:self.data.index(b"\r\n")])
            del self.data[:end + 4]
            self.answer(request_line.split()[1].decode())

    def answer(self, path):
        body = b"batch %s: %.1f kWh\n" % (path[1:].encode(), check(int(path[1:] or 0)))
        self.transport.write(b"HTTP/1.1 200 OK\r\nServer: ingest\r\nContent-Length: "
                             + str(len(body)).encode() + b"\r\n\r\n" + body)


def watch_stdin(loop, done):
    sys.stdin.buffer.read()
    loop.call_soon_threadsafe(done.set)


async def main():
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    server = await loop.create_server(HttpProtocol, "127.0.0.1", 0)
    threading.Thread(target=watch_stdin, args=(loop, done), daemon=True).start()
    print(f"ready pid={os.getpid()} port={server.sockets[0].getsockname()[1]}", flush=True)
    await done.wait()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
