#: says = "Background tasks are put into a module-level set so that they are not collected, and stay there with their results after they are done."
#: kind = "leak"
#: causes = ["global", "static-collection"]
#: holder = ["background_tasks"]
#: per_s = 360
#: for_s = 20
#: limit_mib = 512
"""Dispatch board: assigns a driver at once and writes the route sheet in the background."""
import asyncio
import itertools
import os
import sys
from collections import deque
from dataclasses import dataclass, field

background_tasks = set()
rides = itertools.count(1)


@dataclass
class Driver:
    name: str
    rides: int = 0
    recent: deque = field(default_factory=lambda: deque(maxlen=20))


@dataclass
class Fleet:
    drivers: list

    def assign(self, ride):
        driver = min(self.drivers, key=lambda d: d.rides)
        driver.rides += 1
        driver.recent.append(ride)
        return driver


class SheetWriter:
    def __init__(self):
        self.written = 0
        self.slots = asyncio.Semaphore(16)

    async def write(self, ride, driver):
        async with self.slots:
            await asyncio.sleep(0.01)
            legs = [f"leg {i:03d} of ride {ride}: {driver.name}, gate {i * ride % 41}, {i * 0.7:.1f} km" for i in range(130)]
            self.written += 1
            return "\n".join(legs)


def in_background(coroutine):
    task = asyncio.get_running_loop().create_task(coroutine)
    background_tasks.add(task)
    task.add_done_callback(background_tasks.discard)  #~ fixed
    return task


class Board:
    def __init__(self):
        self.fleet = Fleet([Driver(f"driver {i}") for i in range(25)])
        self.sheets = SheetWriter()

    async def ride(self):
        ride = next(rides)
        driver = self.fleet.assign(ride)
        in_background(self.sheets.write(ride, driver))
        return f"ride {ride}: {driver.name} ({len(driver.recent)} recent)\n".encode()

    async def client(self, reader, writer):
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                body = await self.ride()
                writer.write(b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: %d\r\n\r\n" % len(body))
                writer.write(body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def main():
    board = Board()
    server = await asyncio.start_server(board.client, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f"ready pid={os.getpid()} port={port}", flush=True)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
