#: says = "the class's dict Atlas.tiles has no eviction, but the map has only 8100 tiles; they are loaded on first touch and then served (lazy loading, some 33 s)"
#: kind = "healthy"
#: per_s = 250
#: limit_mib = 512
"""Elevation lookups on a grid of 90 x 90 tiles."""
import asyncio
import os
import sys

SIDE = 90


class Tile:
    __slots__ = ("row", "column", "heights", "lowest", "highest", "name")

    def __init__(self, row, column):
        self.row = row
        self.column = column
        self.name = "tile-%02d-%02d" % (row, column)
        seed = row * 7919 + column * 104729
        self.heights = []
        for line in range(10):
            self.heights.append([200.0 + (seed + line * 31 + x * 17) % 1800 / 3 for x in range(18)])
        self.lowest = min(map(min, self.heights))
        self.highest = max(map(max, self.heights))

    def at(self, y, x):
        line = self.heights[int(y)]
        left = int(x)
        part = x - left
        return line[left] * (1 - part) + line[left + 1] * part


class Atlas:
    tiles = {}
    loads = 0

    @classmethod
    def tile(cls, row, column):
        key = (row, column)
        tile = cls.tiles.get(key)
        if tile is None:
            tile = cls.tiles[key] = Tile(row, column)
            cls.loads += 1
        return tile

    @classmethod
    def profile(cls, row, column):
        tile = cls.tile(row, column)
        samples = [tile.at(i / 4 % 10, (i * 0.7) % 17) for i in range(40)]
        climb = sum(max(0.0, b - a) for a, b in zip(samples, samples[1:]))
        return tile, climb


class Elevation(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.received = bytearray()

    def data_received(self, data):
        self.received.extend(data)
        end = self.received.find(b"\r\n\r\n")
        while end >= 0:
            request = bytes(self.received[:end])
            del self.received[:end + 4]
            self.respond(request.split(b"\r\n")[0])
            end = self.received.find(b"\r\n\r\n")

    def respond(self, request_line):
        _, target, _ = request_line.split(b" ")
        spot = int(target[1:] or b"0") * 3571 % (SIDE * SIDE)
        tile, climb = Atlas.profile(*divmod(spot, SIDE))
        body = b"%s climb %d m (%d..%d)\n" % (
            tile.name.encode(), climb, tile.lowest, tile.highest)
        self.transport.write(b"".join((
            b"HTTP/1.1 200 OK\r\nServer: elevation\r\nContent-Length: ",
            str(len(body)).encode(), b"\r\n\r\n", body)))


def main():
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(Elevation, "127.0.0.1", 0))

    def on_input():
        if not os.read(sys.stdin.fileno(), 512):
            loop.stop()

    loop.add_reader(sys.stdin.fileno(), on_input)
    print("ready pid=%d port=%d" % (os.getpid(), server.sockets[0].getsockname()[1]), flush=True)
    loop.run_forever()


if __name__ == "__main__":
    main()
