#: says = "Visits stay in a module-level dictionary for seven seconds after their last page, and a sweeper takes them out; the table levels off after that."
#: kind = "healthy"
#: causes = []
#: holder = []
#: per_s = 350
#: for_s = 20
#: limit_mib = 512
"""Visit tracker: what a visitor looked at lately, for the recommendations."""
import asyncio
import itertools
import os
import sys
import time
from dataclasses import dataclass, field

KEEP_FOR = 7.0
VISITS = {}
numbers = itertools.count(1)


@dataclass(slots=True)
class Visit:
    visitor: str
    pages: list = field(default_factory=list)
    seen: float = 0.0


class Recommender:
    def __init__(self):
        self.weights = {f"article {i}": (i * 37 % 100) / 100 for i in range(400)}

    def best(self, pages):
        return max(pages, key=lambda page: self.weights.get(page.split("?")[0], 0))


def touch(number):
    visitor = f"visitor-{number}"
    visit = VISITS.get(visitor)
    if visit is None:
        visit = VISITS[visitor] = Visit(visitor)
    for i in range(60):
        visit.pages.append(f"article {(number + i * 7) % 400}?from=newsletter&position={i}&visit={number}")
    visit.seen = time.monotonic()
    return visit


async def sweep():
    while True:
        await asyncio.sleep(0.5)
        limit = time.monotonic() - KEEP_FOR
        old = list(itertools.takewhile(lambda visit: visit.seen < limit, VISITS.values()))
        for visit in old:
            del VISITS[visit.visitor]


def serve(recommender):
    async def client(reader, writer):
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            visit = touch(next(numbers))
            text = f"{visit.visitor}: {recommender.best(visit.pages)}; {len(VISITS)} visits\n"
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
            await writer.drain()
        writer.close()
    return client


async def main():
    server = await asyncio.start_server(serve(Recommender()), "127.0.0.1", 0)
    sweeper = asyncio.create_task(sweep())
    print(f"ready pid={os.getpid()} port={server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    sweeper.cancel()
    server.close()


asyncio.run(main())
