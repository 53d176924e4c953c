#: says = "the task that drains AuditTrail.pending dies of a KeyError at the first order from a region missing in the table; producers go on filling the queue"
#: kind = "leak"
#: causes = ["queue-backlog"]
#: holder = ["AuditTrail", "pending"]
#: per_s = 250
#: limit_mib = 512
"""Order intake: prices a basket, answers with its total, audits it in the background."""
import asyncio
import os
import sys
import zlib
from collections import Counter

REGIONS = ("eu", "us", "latam", "apac")


class AuditTrail:
    def __init__(self):
        self.pending = asyncio.Queue()
        self.spend = {"eu": 0, "us": 0, "latam": 0}  #~ leak
        self.spend = Counter()  #~ fixed
        self.digest = 0
        self.worker = None

    def start(self):
        self.worker = asyncio.create_task(self.drain(), name="audit")

    def record(self, order, total):
        self.pending.put_nowait({"order": order, "total": total, "state": "priced"})

    async def drain(self):
        while True:
            entry = await self.pending.get()
            order = entry["order"]
            self.spend[order["region"]] += entry["total"]
            line = "%s|%s|%d" % (order["id"], order["region"], entry["total"])
            self.digest = zlib.crc32(line.encode(), self.digest)
            self.pending.task_done()


def make_order(number):
    items = []
    for i in range(14):
        article = (number * 31 + i * 17) % 4999
        items.append({
            "sku": "ART-%05d" % article,
            "qty": 1 + (number + i) % 4,
            "cents": 300 + article * 3,
            "note": "shelf %d/%d" % (article % 40, i),
        })
    return {"id": "o-%08d" % number, "region": REGIONS[number % 4], "items": items}


def price(order):
    total = sum(item["qty"] * item["cents"] for item in order["items"])
    return total * 98 // 100 if total > 100_000 else total


class Intake:
    def __init__(self, trail):
        self.trail = trail
        self.served = 0

    async def connection(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                target = head.split(b" ", 2)[1].decode()
                body = self.handle(target).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def handle(self, target):
        order = make_order(int(target.strip("/") or 0))
        total = price(order)
        self.trail.record(order, total)
        self.served += 1
        return "%s total=%d.%02d\n" % (order["id"], total // 100, total % 100)


async def main():
    trail = AuditTrail()
    trail.start()
    server = await asyncio.start_server(Intake(trail).connection, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f"ready pid={os.getpid()} port={port}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    os._exit(0)


asyncio.run(main())
