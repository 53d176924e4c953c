#: says = "the crash digest fingerprints an error by its full message (with the booking number in it), so each is new and its exception with traceback frames and locals is kept as the first sample"
#: kind = "leak"
#: causes = ["unbounded-cache", "static-collection"]
#: holder = ["CrashDigest", "samples"]
#: per_s = 250
#: limit_mib = 512
import asyncio
import os
import re
import sys
import time
import traceback


class FareRuleError(Exception):
    def __init__(self, msg, rule=None):
        super().__init__(msg)
        self.rule = rule


class CrashDigest:
    """Groups failures so that the on-call mail has one row per sort of failure."""

    MAX_PRINT = 20

    def __init__(self):
        self.samples = {}
        self.counts = {}
        self.started = time.time()

    @staticmethod
    def fingerprint(exc):
        text = str(exc)
        text = re.sub(r"\d+", "#", text)  #~ fixed
        last = traceback.extract_tb(exc.__traceback__)[-1]
        return f"{type(exc).__name__}:{last.name}:{text}"

    def record(self, exc):
        fp = self.fingerprint(exc)
        kind = type(exc).__name__
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if fp not in self.samples:
            self.samples[fp] = exc
        return fp

    def mail_rows(self):
        rows = []
        for fp, exc in list(self.samples.items())[: self.MAX_PRINT]:
            rows.append((fp, "".join(traceback.format_exception_only(type(exc), exc))))
        return rows


digest = CrashDigest()
ok_by_zone = [0] * 12


def load_segments(n):
    segs = []
    for i in range(14):
        segs.append({"leg": i, "from": f"Z{(n + i) % 40}", "to": f"Z{(n * 3 + i) % 40}",
                     "km": 12.5 * i + n % 70, "class": "YBMQ"[i % 4], "taxes": [i * 1.1, n * 0.01]})
    return segs


def apply_rules(n, segs):
    fare = 0.0
    for seg in segs:
        fare += seg["km"] * 0.11 + sum(seg["taxes"])
        if seg["leg"] == 13 and n % 4 != 0:
            raise FareRuleError(f"booking {n}: no through fare {seg['from']}-{seg['to']}", rule=n % 9)
    return round(fare, 2)


def price(n):
    segs = load_segments(n)
    notes = [f"{s['from']}>{s['to']}" for s in segs]
    try:
        total = apply_rules(n, segs)
        ok_by_zone[n % 12] += 1
        return f"fare {total} {len(notes)} legs"
    except FareRuleError as exc:
        digest.record(exc)
        return f"fare on request (rule {exc.rule})"


async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            text = price(int(path[1:])) + "\n"
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s"
                % (len(text), text.encode())
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def summary():
    while True:
        await asyncio.sleep(5)
        digest.mail_rows()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    task = loop.create_task(summary())
    print(f"ready pid={os.getpid()} port={port}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    task.cancel()
    server.close()
    os._exit(0)


asyncio.run(main())
