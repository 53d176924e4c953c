#: says = "a module-level dict of deques keeps the ride requests of the last 45 seconds (rolling window, dropped by age), so memory rises for 45 s and is then steady"
#: kind = "healthy"
#: per_s = 250
#: limit_mib = 512
"""Surge pricing from recent ride requests per zone."""
import asyncio
import os
import random
import sys
from collections import defaultdict, deque
from dataclasses import dataclass, field

WINDOW = 45.0
ZONES = 48

rides_by_zone = defaultdict(deque)


@dataclass
class Waypoint:
    lat: float
    lon: float
    label: str


@dataclass
class RideRequest:
    at: float
    rider: str
    zone: int
    route: list = field(default_factory=list)
    offers: dict = field(default_factory=dict)

    def distance(self):
        return sum(abs(a.lat - b.lat) + abs(a.lon - b.lon) for a, b in zip(self.route, self.route[1:]))


def plan(number, now):
    rng = random.Random(number)
    ride = RideRequest(now, f"rider-{number}", rng.randrange(ZONES))
    lat, lon = 52 + rng.random(), 13 + rng.random()
    for step in range(14):
        lat += rng.uniform(-0.01, 0.01)
        lon += rng.uniform(-0.01, 0.01)
        ride.route.append(Waypoint(lat, lon, f"z{ride.zone}-s{step}-{int(lat * 1e5)}"))
    for i in range(6):
        ride.offers[f"driver-{rng.randrange(90_000)}"] = (rng.uniform(3, 14), rng.uniform(1, 12))
    return ride


def trim(rides, now):
    while rides and now - rides[0].at > WINDOW:
        rides.popleft()


def surge(zone, now):
    recent = rides_by_zone[zone]
    trim(recent, now)
    mean = sum(len(q) for q in rides_by_zone.values()) / ZONES
    return max(1.0, min(3.0, len(recent) / (mean + 1)))


async def sweep():
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(5)
        now = loop.time()
        for rides in rides_by_zone.values():
            trim(rides, now)


async def on_client(reader, writer):
    loop = asyncio.get_running_loop()
    while True:
        line = await reader.readline()
        if not line:
            break
        while (await reader.readline()).strip():
            pass
        number = int(line.split()[1].decode().strip("/") or 0)
        ride = plan(number, loop.time())
        rides_by_zone[ride.zone].append(ride)
        price = (2.5 + ride.distance() * 90) * surge(ride.zone, ride.at)
        body = f"{ride.rider} zone {ride.zone} {price:.2f}\n"
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        await writer.drain()
    writer.close()


async def main():
    sweeper = asyncio.create_task(sweep())
    server = await asyncio.start_server(on_client, host="127.0.0.1", port=0)
    print(f"ready pid={os.getpid()} port={server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    sweeper.cancel()


asyncio.run(main())
