#: says = "smart-meter readings are gathered for twelve seconds and then rolled up into a capped spool file: the live heap is a saw-tooth, RSS climbs to its peak and stays, page cache grows to the cap"
#: kind = "healthy"
#: per_s = 300
#: limit_mib = 512
import asyncio
import json
import os
import sys
import tempfile
import threading
import time

ROLL_EVERY = 12.0
SPOOL_CAP = 24 * 1024 * 1024


class Spool:
    def __init__(self):
        self.file = tempfile.TemporaryFile(prefix="meter-")
        self.written = 0
        self.wraps = 0

    def append(self, rows):
        blob = "\n".join(json.dumps(r) for r in rows).encode() + b"\n"
        if self.file.tell() + len(blob) > SPOOL_CAP:
            self.file.seek(0)
            self.wraps += 1
        self.file.write(blob)
        self.file.flush()
        self.written += len(rows)


class Rollup:
    def __init__(self, spool):
        self.spool = spool
        self.window = []
        self.opened = time.monotonic()
        self.daily = [[0, 0.0] for _ in range(96)]

    def add(self, reading):
        self.window.append(reading)
        slot = self.daily[reading["meter"] % 96]
        slot[0] += 1
        slot[1] += reading["kwh"][-1]

    def due(self):
        return time.monotonic() - self.opened >= ROLL_EVERY

    def close(self):
        rows, self.window = self.window, []
        self.opened = time.monotonic()
        while rows:
            part, rows = rows[:200], rows[200:]
            self.spool.append(part)
            yield len(part)


rollup = Rollup(Spool())


def take(n):
    rollup.add({
        "meter": n % 5000,
        "at": time.time(),
        "kwh": [n * 0.001 + q * 0.25 for q in range(96)],
        "volt": {p: 228.5 + (n + i) % 7 * 0.5 for i, p in enumerate(("L1", "L2", "L3"))},
        "flags": [f"f{n % 11}", f"q{n % 3}"],
    })
    return f"stored {n}\n"


async def roller():
    while True:
        await asyncio.sleep(0.5)
        if rollup.due():
            for _ in rollup.close():
                await asyncio.sleep(0)


async def on_client(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            text = take(int(head.split(b" ", 2)[1][1:]))
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main():
    server = await asyncio.start_server(on_client, "127.0.0.1", 0)
    print(f"ready pid={os.getpid()} port={server.sockets[0].getsockname()[1]}", flush=True)
    await roller()


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
asyncio.run(main())
