"""Keys looked at by SCAN, within a budget; a second time the same part of them, so that what came and went is seen.

SCAN walks a table by its places, and a key's place is a keyed hash of its name: the first part of a walk is a sample by
chance, whatever the names are. It walks by the hash's reversed bits, so the same part stays the same though the table
grows (redis.io/docs/latest/commands/scan; Pieter Noordhuis's comment above ``dictScan`` of Redis' dict.c).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from oakum.model.errors import DataError, OakumError
from oakum.model.redis import Keyspace
from oakum.redis_family.link import Link, Reply
from oakum.redis_family.pattern_tree import Column, PatternTree, Tally
from oakum.redis_family.patterns import Normaliser

FIRST_COUNT: Final = 100
MOST_COUNT: Final = 1000
LEAST_COUNT: Final = 20
"""COUNT of SCAN: how many places it looks at."""

AIM_S: Final = 0.001
ABOVE_S: Final = 0.002
"""Seconds: below the first more is asked of one SCAN, above the second less; far from 5 ms, for others are slower."""

BATCH: Final = 4000
"""Keys that are worked on at once."""

ASKED_OF: Final = 100_000
"""So many keys are asked for their TTL and type, in one survey, where there are more."""

SIZED_OF: Final = 20_000
"""As ASKED_OF, for the size."""

NEWS: Final = 32
"""In one batch, so many keys of patterns that were not seen before are asked besides: a queue is one key of its own."""

SAMPLES: Final = 5
"""Of a key that holds many, MEMORY USAGE measures so many and concludes on the rest."""

SOME: Final = 500
"""Commands that go out together; between two such others are served."""

CURSOR_DIGITS: Final = 20
"""Of 64 bits."""

OUR_COMMANDS: Final = ("scan", "pttl", "type", "memory|usage", "memory", "llen", "xlen", "hlen", "scard", "zcard")

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Budget:
    """Of one survey of one server. ``seconds`` by the clock here; ``server_s``: as seen from here, way included."""

    seconds: float = 10.0
    keys: int = 2_000_000
    server_s: float = 5.0


@dataclass(slots=True)
class Walk:
    """What one survey of one server did. ``whole``: it went all round; ``short``: it did not come as far as the first.

    Times in seconds, as seen from here; ``way_s``: what a PING takes.
    """

    seen: int = 0
    keys: int = 0
    asked: int = 0
    sized: int = 0
    calls: int = 0
    whole: bool = True
    short: bool = False
    longest_s: float = 0.0
    spent_s: float = 0.0
    refused: dict[str, OakumError] = field(default_factory=dict)
    count: int = FIRST_COUNT
    way_s: float = 0.0
    lately_s: list[float] = field(default_factory=list)

    def adapt(self, took_s: float) -> None:
        """By the median of the last few: one that met another program on the processor says little."""
        self.calls += 1
        self.spent_s += took_s
        self.longest_s = max(self.longest_s, took_s)
        self.lately_s = [*self.lately_s[-4:], took_s]
        own_s = sorted(self.lately_s)[len(self.lately_s) // 2] - self.way_s
        if own_s > ABOVE_S:
            self.count = max(LEAST_COUNT, self.count // 2)
        elif own_s < AIM_S:
            self.count = min(MOST_COUNT, self.count * 3 // 2)


class Order(Enum):
    """In which order SCAN walks. SLOTS: one slot of a cluster after the other, by hash within (Redis 7.4, Valkey 8)."""

    HASH = "hash"
    SLOTS = "slots"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Held:
    """A key that holds many, as it was met."""

    database: int
    key: bytes
    kind: str
    size: int | None


@dataclass(slots=True)
class Census:
    """The keys of one server, over two surveys. The tree is shared with other servers of the same cluster."""

    link: Link
    tree: PatternTree
    named: bool = False
    order: Order = Order.HASH
    normaliser: Normaliser = field(default_factory=Normaliser)
    known: dict[int, Ints] = field(default_factory=dict)
    until: dict[int, int] = field(default_factory=dict)
    held: dict[tuple[int, bytes], Held] = field(default_factory=dict)
    met: set[bytes] = field(default_factory=set)

    async def survey(self, keyspaces: Sequence[Keyspace], budget: Budget, *, second: bool) -> Walk:
        """``named``: patterns begin with their database, for there are several.

        Raises DeniedError where SCAN is not allowed; what else is refused stands in ``refused``.
        """
        walk, begun_s = Walk(keys=sum(each.keys for each in keyspaces)), perf_counter()
        walk.way_s = min([(await self.link.timed("PING"))[1] for _ in range(3)])
        left = walk.keys
        for space in sorted(keyspaces, key=lambda each: each.keys):
            spent_s, seen = perf_counter() - begun_s, walk.seen
            portion = space.keys / left if left else 1.0
            bounds = Budget(
                (budget.seconds - spent_s) * portion,
                int((budget.keys - seen) * portion) + 1,
                (budget.server_s - walk.spent_s) * portion,
            )
            await self._database(space, walk, bounds, second=second)
            left -= space.keys
        return walk

    async def _database(self, space: Keyspace, walk: Walk, budget: Budget, *, second: bool) -> None:
        await self.link.select(space.database)
        end_s, spent_s = perf_counter() + budget.seconds, walk.spent_s + budget.server_s
        first = self.known[space.database] if second else None
        stop = self.until.get(space.database, 0) if second else 0
        worker = _Worker(self, space, walk, first, stride(space.keys, ASKED_OF), stride(space.keys, SIZED_OF))
        cursor, most = b"0", budget.keys
        waiting: list[bytes] = []
        while True:
            near = _ahead(int(cursor), stop, self.order, space.keys) if stop else MOST_COUNT
            reply, took_s = await self.link.timed("SCAN", cursor, "COUNT", min(walk.count, near))
            reached, keys = _scanned(reply)
            walk.adapt(took_s)
            cursor, done = reached, reached == b"0"
            spent = perf_counter() > end_s or walk.spent_s > spent_s or worker.seen + len(waiting) >= most
            # The same part as the first time, even where that takes a little longer: else nothing can be compared.
            over = bool(stop) and past(int(cursor), stop, self.order) if second else spent
            too_late = second and perf_counter() > end_s + budget.seconds
            if second and stop and over and int(cursor) != stop:
                keys = worker.met_before(keys)
            waiting.extend(keys)
            if len(waiting) >= BATCH or done or over or too_late:
                await worker.work(waiting)
                waiting = []
            if done or over or too_late:
                break
        if not done:
            walk.whole = False
            walk.short |= second and (too_late or self.order is Order.UNKNOWN)
        hashes = np.concatenate(worker.hashes) if worker.hashes else np.empty(0, np.int64)
        if not second:
            self.known[space.database] = np.sort(hashes)
            self.until[space.database] = 0 if done else int(cursor)
        walk.seen += worker.seen


def _scanned(reply: Reply) -> tuple[bytes, list[Any]]:
    """(where to go on, names). Raises DataError for what is no answer to SCAN."""
    if isinstance(reply, list) and len(reply) == 2:
        cursor, keys = reply
        if isinstance(cursor, bytes) and cursor.isdigit() and len(cursor) <= CURSOR_DIGITS and isinstance(keys, list):
            return cursor, keys
    raise DataError("SCAN did not answer with a cursor and names of keys", why="this server speaks another protocol")


def past(cursor: int, stop: int, order: Order) -> bool:
    """Whether a walk that is at ``cursor`` has come as far as one that stopped at ``stop``."""
    if order is Order.SLOTS:
        return (cursor & 0x3FFF, _turned(cursor >> 14)) >= (stop & 0x3FFF, _turned(stop >> 14))
    return _turned(cursor) >= _turned(stop)


def _ahead(cursor: int, stop: int, order: Order, keys: int) -> int:
    """About half of the keys up to ``stop``, so that a walk comes to it in small steps; 1 at least."""
    if order is Order.SLOTS and cursor & 0x3FFF != stop & 0x3FFF:
        return MOST_COUNT
    if order is Order.SLOTS:
        cursor, stop, keys = cursor >> 14, stop >> 14, keys >> 10
    left = _turned(stop) - _turned(cursor)
    return max(1, int(left / 2**65 * keys))


def _turned(cursor: int) -> int:
    return int(f"{cursor & 0xFFFF_FFFF_FFFF_FFFF:064b}"[::-1], 2)


def stride(keys: int, most: int) -> int:
    """Every so many-th key is asked."""
    return max(1, -(-keys // most))


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Some keys and their patterns. Places of those that are ``drawn`` by chance, ``sized`` if drawn, and ``news``.

    ``came``: which of them the first survey did not see; None in the first.
    """

    keys: Sequence[bytes]
    names: Sequence[bytes]
    drawn: set[int]
    sized: set[int]
    news: set[int]
    came: NDArray[np.bool_] | None


@dataclass(slots=True)
class _Worker:
    """Batches of one database's keys. ``first``: hashes of those that the first survey saw, sorted; None in it."""

    census: Census
    space: Keyspace
    walk: Walk
    first: Ints | None
    every: int
    sized_every: int
    seen: int = 0
    hashes: list[Ints] = field(default_factory=list)
    last: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    def met_before(self, keys: list[bytes]) -> list[bytes]:
        """Those of ``keys`` that the first survey saw: the others may lie behind the place where it stopped."""
        first = set() if self.first is None else set(self.first.tolist())
        return [key for key in keys if hash(key) in first]

    async def work(self, keys: list[bytes]) -> None:
        if not keys:
            return
        tree = self.census.tree
        if not all(isinstance(key, bytes) for key in keys):
            raise DataError("SCAN did not answer with names of keys", why="this server speaks another protocol")
        hashes = np.fromiter(map(hash, keys), np.int64, len(keys))
        fresh = self._once(hashes)
        if not fresh.all():
            keys, hashes = [key for key, new in zip(keys, fresh, strict=True) if new], hashes[fresh]
        self.seen += len(keys)
        names = self.census.normaliser.patterns(keys)
        if self.census.named:
            names = [b"db%d " % self.space.database + name for name in names]
        tree.seen(Counter(names), Column.FIRST if self.first is None else Column.SECOND)
        came: NDArray[np.bool_] | None = None
        if self.first is not None:
            at = np.searchsorted(self.first, hashes)
            came = np.ones(len(keys), bool) if not len(self.first) else self.first[at % len(self.first)] != hashes
            tree.seen(Counter([names[index] for index in np.flatnonzero(came)]), Column.CAME)
        drawn = set(np.flatnonzero(hashes % self.every == 0).tolist())
        news = set(self._news(names))
        batch = _Batch(keys, names, drawn, set(np.flatnonzero(hashes % self.sized_every == 0).tolist()), news, came)
        await self._ask(batch)

    def _once(self, hashes: Ints) -> NDArray[np.bool_]:
        """A table that is being made smaller is told twice in places: that is near each other in the walk."""
        both = np.concatenate([self.last, hashes])
        _, index = np.unique(both, return_index=True)
        fresh = np.zeros(len(both), bool)
        fresh[index] = True
        new = fresh[len(self.last) :]
        self.hashes.append(hashes[new])
        self.last = hashes
        return new

    def _news(self, names: Sequence[bytes]) -> list[int]:
        met = self.census.met
        if len(met) > 100_000:
            return []
        found = {}
        for name in set(names):
            if name not in met:
                met.add(name)
                found[name] = 0
        if not found:
            return []
        indexes = [index for name, index in {name: i for i, name in enumerate(names) if name in found}.items()]
        return indexes[:NEWS]

    async def _ask(self, batch: _Batch) -> None:
        """TTL, type and size of some."""
        tallies: dict[bytes, Tally] = {}
        chosen = sorted(batch.drawn | batch.news)
        for begin in range(0, len(chosen), SOME):
            some = chosen[begin : begin + SOME]
            await self._ages(batch, [index for index in some if index in batch.drawn], tallies)
            await self._weights(
                batch, [index for index in some if index in batch.sized or index in batch.news], tallies
            )
        for name, tally in tallies.items():
            self.census.tree.add(name, tally)

    async def _ages(self, batch: _Batch, some: Sequence[int], tallies: dict[bytes, Tally]) -> None:
        lives = await self._lives([batch.keys[index] for index in some])
        for index, forever in zip(some, lives, strict=True):
            if forever is not None:
                _note(tallies.setdefault(batch.names[index], Tally()), forever, batch.came, index)
                self.walk.asked += 1

    async def _weights(self, batch: _Batch, some: Sequence[int], tallies: dict[bytes, Tally]) -> None:
        kinds = await self._told([("TYPE", batch.keys[index]) for index in some], "TYPE")
        sizes = await self._sizes([batch.keys[index] for index in some], kinds)
        for index, kind, size in zip(some, kinds, sizes, strict=True):
            if not isinstance(kind, bytes):
                continue
            named, weight = kind.decode("ascii", "replace"), size if isinstance(size, int) else None
            self._hold(batch.keys[index], named, weight)
            if index in batch.sized and index in batch.drawn:
                tally = tallies.setdefault(batch.names[index], Tally())
                tally.kinds[named] = tally.kinds.get(named, 0) + 1
                if weight is not None:
                    tally.note_size(float(weight), second=self.first is not None)
                    self.walk.sized += 1

    async def _lives(self, keys: Sequence[bytes]) -> list[bool | None]:
        """Whether each has no TTL; None where it is gone or nobody may know. Nothing is asked where INFO tells."""
        if not self.space.expires:
            return [True] * len(keys)
        if not self.space.forever:
            return [False] * len(keys)
        told = await self._told([("PTTL", key) for key in keys], "PTTL")
        return [ttl == -1 if isinstance(ttl, int) and ttl != -2 else None for ttl in told]

    async def _told(self, commands: Sequence[tuple[str | int | bytes, ...]], name: str) -> list[object]:
        if name in self.walk.refused:
            return [None] * len(commands)
        begun_s = perf_counter()
        replies = await self.census.link.ask_many(commands, name=name)
        self.walk.spent_s += perf_counter() - begun_s
        for reply in replies:
            if isinstance(reply, OakumError):
                self.walk.refused.setdefault(name, reply)
        return [None if isinstance(reply, OakumError) else reply for reply in replies]

    async def _sizes(self, keys: Sequence[bytes], kinds: Sequence[object]) -> list[object]:
        """Of types of the server itself: a module's may look at every item to tell its size."""
        fit = [index for index, kind in enumerate(kinds) if kind in SIZEABLE]
        told = await self._told([("MEMORY", "USAGE", keys[i], "SAMPLES", SAMPLES) for i in fit], "MEMORY USAGE")
        sizes: list[object] = [None] * len(keys)
        for index, size in zip(fit, told, strict=True):
            sizes[index] = size
        return sizes

    def _hold(self, key: bytes, kind: str, size: int | None) -> None:
        if kind in LENGTHS:
            held = self.census.held
            held[self.space.database, key] = Held(self.space.database, key, kind, size)
            if len(held) > 4 * HELD:
                heaviest = sorted(held.items(), key=lambda each: -(each[1].size or 0))[: 2 * HELD]
                self.census.held = dict(heaviest)


LENGTHS: Final = {"list": "LLEN", "stream": "XLEN", "hash": "HLEN", "set": "SCARD", "zset": "ZCARD"}
"""Which command tells how many a key of each type holds; all take the same time whatever that is."""

SIZEABLE: Final = frozenset({b"string", *(kind.encode() for kind in LENGTHS)})

HELD: Final = 64
"""So many keys that hold many are followed, the largest."""


def _note(tally: Tally, forever: bool, came: NDArray[np.bool_] | None, index: int) -> None:  # noqa: FBT001
    asked, hits = (
        (Column.FIRST_ASKED, Column.FIRST_FOREVER) if came is None else (Column.SECOND_ASKED, Column.SECOND_FOREVER)
    )
    tally.count[asked] += 1
    tally.count[hits] += forever
    if came is not None and came[index]:
        tally.count[Column.CAME_ASKED] += 1
        tally.count[Column.CAME_FOREVER] += forever
