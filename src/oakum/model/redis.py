"""A server of the Redis family (Redis, Valkey, and what speaks as they do) as Oakum sees it at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from oakum.model.absent import Absent
from oakum.model.evidence import Cost

CONFIDENCE: Final = 0.95
"""Of every interval here."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and the interval that holds it with CONFIDENCE; ``low == high == value`` where it was counted."""

    value: float
    low: float
    high: float

    @classmethod
    def counted(cls, value: float) -> Estimate:
        return cls(value, value, value)

    @property
    def exact(self) -> bool:
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class Keyspace:
    """One database, as INFO tells it: exact. ``expires``: how many of its keys have a TTL."""

    database: int
    keys: int
    expires: int

    @property
    def forever(self) -> int:
        return self.keys - self.expires


@dataclass(frozen=True, slots=True)
class Figures:
    """What INFO tells of one server. Sizes in bytes; None where this server does not tell.

    ``used``: what its allocator gave it; ``dataset``: of that, what is data; ``resident``: what the kernel counts.
    ``small_frag``: what the allocator holds in pages that are half used; ``freed``: in pages that are free and were not
    given back; ``beside``: what is resident and not the allocator's (code, scripts, pages of the kernel).
    ``asked_as``: the user of the connection, "" where that is not told.
    """

    place: str
    product: str
    version: str
    mode: str
    role: str
    run: str
    uptime_s: int | None
    used: int
    peak: int | None
    dataset: int | None
    overhead: int | None
    resident: int | None
    maxmemory: int
    policy: str
    small_frag: int | None
    freed: int | None
    beside: int | None
    clients: int | None
    most_clients: int | None
    clients_bytes: int | None
    replicas_bytes: int | None
    output_most: int | None
    evicted: int | None
    expired: int | None
    hits: int | None
    misses: int | None
    loading: bool
    keyspaces: tuple[Keyspace, ...]
    allocator: str = ""
    system_bytes: int | None = None
    lazy_free: int | None = None
    master: str = ""

    @property
    def keys(self) -> int:
        return sum(each.keys for each in self.keyspaces)

    @property
    def forever(self) -> int:
        return sum(each.forever for each in self.keyspaces)

    @property
    def evicts_any(self) -> bool:
        """Whether a key without TTL can be evicted."""
        return self.maxmemory > 0 and self.policy.startswith("allkeys")

    @property
    def name(self) -> str:
        return f"{self.product} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class Client:
    """One connection. ``output_bytes``: of answers that it has not taken yet; ``input_bytes``: of what it has sent."""

    id: int
    address: str
    name: str
    user: str
    command: str
    kind: str
    age_s: int
    idle_s: int
    output_bytes: int
    input_bytes: int
    total_bytes: int | None


@dataclass(frozen=True, slots=True)
class Slow:
    """One entry of the slow log: when (UTC epoch seconds), how long, and the command's name alone."""

    id: int
    at_s: float
    micros: int
    command: str


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group. ``pending``: taken and not acknowledged; ``lag``: not taken yet, None where it is not told."""

    name: str
    consumers: int
    pending: int
    lag: int | None


@dataclass(frozen=True, slots=True)
class Collection:
    """A key that holds many: its type, its length and size at one moment. ``forever``: it has no TTL."""

    place: str
    database: int
    key: str
    kind: str
    at_s: float
    length: int
    bytes: int | None
    forever: bool | None
    groups: tuple[Group, ...] = ()
    added: int | None = None


@dataclass(frozen=True, slots=True)
class CollectionGrowth:
    """The same key, twice; ``before`` is None where it was not there, or not looked at.

    ``between``: its lengths meanwhile, as they were seen; empty where it was not followed.
    """

    now: Collection
    before: Collection | None = None
    between: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyPattern:
    """Keys whose names are alike but for what changes from key to key.

    ``keys``: now; ``before``: at the first survey, None while there was one only. ``forever``: share without TTL, 0..1,
    None where nobody could be asked. ``came``, ``went``: keys between the two surveys; ``came_forever``: of those that
    came. ``bytes_each``: of one key with its value and what the server needs to hold it. ``kinds``: of those asked.
    ``missed``: so many of its keys at most may be told under a coarser pattern.
    """

    pattern: str
    keys: Estimate
    before: Estimate | None = None
    forever: Estimate | None = None
    bytes_each: Estimate | None = None
    came: Estimate | None = None
    went: Estimate | None = None
    came_forever: Estimate | None = None
    kinds: Mapping[str, int] = field(default_factory=dict)
    missed: int = 0

    @property
    def bytes(self) -> float | None:
        return None if self.bytes_each is None else self.keys.value * self.bytes_each.value

    @property
    def grown(self) -> Estimate | None:
        if self.before is None or self.came is None or self.went is None:
            return None
        value = self.came.value - self.went.value
        # Both are drawn by the same keys' hashes, and from different keys: their errors add as squares.
        off = ((self.came.high - self.came.value) ** 2 + (self.went.high - self.went.value) ** 2) ** 0.5
        return Estimate(value, value - off, value + off)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a scan of the keys told. ``at_s``: when it began. ``between_s``: since the one before, None for the first.

    ``seen`` of ``keys`` were looked at, ``asked`` of them for their TTL and type, ``sized`` for their size.
    ``whole``: every key that stood there all the time was seen. ``longest_ms``: the longest single SCAN as seen from
    here, way and waiting included; ``server_s``: what the server counted for our kinds of commands, others' included,
    None where it does not tell.
    """

    at_s: float
    between_s: float | None
    seconds: float
    seen: int
    keys: int
    asked: int
    sized: int
    whole: bool
    calls: int
    longest_ms: float
    server_s: float | None
    patterns: tuple[KeyPattern, ...]
    others: int = 0
    collections: tuple[CollectionGrowth, ...] = ()
    uneven: str = ""

    @property
    def share(self) -> float:
        return self.seen / self.keys if self.keys else 1.0


@dataclass(frozen=True, slots=True)
class RedisSample:
    """One moment of a server, or of all primaries of a cluster. A whole one has ``survey`` and what stands after it.

    ``servers``: those that answer, in one order; ``level`` is their memory together, ``limit`` their maxmemory, None
    where one of them has none.
    """

    at_s: float
    servers: tuple[Figures, ...]
    started_s: float | None
    cost: Cost
    user: str = ""
    whole: bool = False
    survey: Survey | None = None
    clients: tuple[Client, ...] | None = None
    slow: tuple[Slow, ...] = ()
    doctor: str = ""
    absent: tuple[Absent, ...] = ()

    @property
    def level(self) -> float:
        return float(sum(each.used for each in self.servers))

    @property
    def limit(self) -> float | None:
        limits = [each.maxmemory for each in self.servers]
        return float(sum(limits)) if limits and all(limits) else None
