#: says = "An LRU of rendered thumbnails fills for half a minute, to its bound of 8000, and stays there."
#: kind = "healthy"
#: per_s = 300
"""Thumbnails: pictures are rendered once, the most recently used are kept."""

import random
import threading
import zlib
from collections import OrderedDict

from serving import serve

SIZES = {"small": 40, "wide": 55, "large": 70}


class Lru:
    def __init__(self, capacity):
        self.capacity = capacity
        self.hits = self.misses = 0
        self._entries = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key, make):
        with self._lock:
            if key in self._entries:
                self.hits += 1
                self._entries.move_to_end(key)
                return self._entries[key]
        value = make(key)
        with self._lock:
            self.misses += 1
            self._entries[key] = value
            while len(self._entries) > self.capacity:
                self._entries.popitem(last=False)
        return value


class Thumbnail:
    def __init__(self, picture, size):
        side = SIZES[size]
        chance = random.Random(picture)
        self.rows = [chance.randbytes(side) for _ in range(side)]
        self.digest = zlib.crc32(b"".join(self.rows))


def render(key):
    return Thumbnail(*key)


thumbnails = Lru(capacity=8000)


def handle(number, path):
    key = (random.randrange(10_000_000), random.choice(list(SIZES)))
    shown = thumbnails.get(key, render)
    return f"{shown.digest:08x} {thumbnails.hits}/{thumbnails.misses}"


serve(handle)
