"""A server of the Redis family in memory: what a Link answers, as Redis 7.0 does, for what surveys ask."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from oakum.model.errors import OakumError
from oakum.redis_family.access import Access
from oakum.redis_family.faults import denied
from oakum.redis_family.survey import _turned

LENGTHS = {"LLEN": "list", "XLEN": "stream", "HLEN": "hash", "SCARD": "set", "ZCARD": "zset"}


@dataclass
class FakeKey:
    kind: str = "string"
    size: int = 64
    length: int = 1
    ttl_ms: int = -1


@dataclass
class FakeLink:
    """Class Link. ``denied``: commands that the user must not give. ``asked``: all that was sent."""

    databases: dict[int, dict[bytes, FakeKey]] = field(default_factory=lambda: {0: {}})
    denied: set[str] = field(default_factory=set)
    asked: list[tuple] = field(default_factory=list)
    access: Access = field(default_factory=lambda: Access("redis", "fake", 6379))
    bits: int = 10
    took_s: float = 0.0005
    now: int = 0
    table: tuple = (None, {})

    @property
    def keys(self) -> dict[bytes, FakeKey]:
        return self.databases[self.now]

    async def select(self, database):
        self.now = database

    async def ask(self, *words, name=""):
        del name
        answer = self._answer(words)
        if isinstance(answer, OakumError):
            raise answer
        return answer

    async def ask_many(self, commands, *, name):
        del name
        return [self._answer(words) for words in commands]

    async def timed(self, *words):
        return await self.ask(*words), self.took_s

    async def close(self):
        pass

    def _answer(self, words):
        self.asked.append(words)
        command = words[0]
        if command in self.denied:
            return denied(command, f"NOPERM this user has no permissions to run the '{command.lower()}' command")
        if command == "PING":
            return b"PONG"
        if command == "SCAN":
            return self._scan(int(words[1]), int(words[3]))
        key = self.keys.get(words[2] if command in {"MEMORY", "XINFO"} else words[1])
        if command == "PTTL":
            return -2 if key is None else key.ttl_ms
        if command == "TYPE":
            return b"none" if key is None else key.kind.encode()
        if command == "MEMORY":
            return None if key is None else key.size
        if command in LENGTHS:
            return key.length if key is not None and key.kind == LENGTHS[command] else 0
        if command == "XINFO":
            return []
        raise AssertionError(words)

    def _scan(self, cursor, count):
        """As ``dictScan``: places in the order of their reversed bits."""
        places = self._places()
        found, at = [], _turned(cursor) >> (64 - self.bits)
        while at < 1 << self.bits and len(found) < count:
            found += places.get(_turned(at << (64 - self.bits)), [])
            at += 1
        done = at >= 1 << self.bits
        return [b"0" if done else b"%d" % _turned(at << (64 - self.bits)), found]

    def _places(self):
        """Made anew where the number of keys changed."""
        known = (self.now, len(self.keys))
        if self.table[0] != known:
            places = {}
            for key in self.keys:
                place = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big") & ((1 << self.bits) - 1)
                places.setdefault(place, []).append(key)
            self.table = (known, places)
        return self.table[1]
