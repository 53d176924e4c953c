"""What stands around one process while it is watched: its cgroup's charge, its runtime's cap, others, connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from oakum.model.process import CgroupLimit, CgroupMemory


@dataclass(frozen=True, slots=True)
class HeapCap:
    """How large its runtime lets its heap become. ``said``: the flag as it would be written, or who chose it.

    ``beside_bytes``: what the process takes beside the heap, at least.
    """

    limit_bytes: int
    said: str
    beside_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """One process under the target. Anonymous bytes; None: it was not there yet, or is not there any more."""

    pid: int
    name: str
    before: int | None
    after: int | None
    age_s: float | None = None
    """Of one that came meanwhile: how long it has been there; None where that is not known."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One TCP connection of a process. ``inbound``: to a port that it listens on. ``remote``: of an outbound one, with
    the port; of an inbound one, the port that it came to. ``state``: as of tcp(7), lower case: ``established``.
    """

    inbound: bool
    remote: str
    state: str


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many connections a process had at one moment. ``by_remote``: those that it made; ``closing``: that the peer
    has ended and it has not (CLOSE_WAIT), by remote. ``anon_bytes``: of the process then.
    """

    at_s: float
    inbound: int
    by_remote: Mapping[str, int]
    closing: Mapping[str, int]
    anon_bytes: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``language``: as of HeapGrowth; "" where its runtime is not known. ``charge``: at the begin and at the end.

    ``crowds``: over the watch, ascending. ``loaders``: how many more class loaders a JVM has, by their class.
    ``evidence``: ids by ``charge``, ``cap``, ``members``, ``crowds``, ``loaders``.
    """

    language: str = ""
    charge: tuple[CgroupMemory, CgroupMemory] | None = None
    cap: HeapCap | None = None
    members: tuple[Member, ...] = ()
    crowds: tuple[Crowd, ...] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)
    loaders: Mapping[str, int] = field(default_factory=dict)

    @property
    def limit(self) -> CgroupLimit | None:
        """The tightest at the end. One of 0 lets nothing in: nothing is a share of it."""
        limits = self.charge[1].limits if self.charge else ()
        return min((each for each in limits if each.limit_bytes > 0), key=lambda limit: limit.limit_bytes, default=None)

    def ids(self, *names: str) -> tuple[str, ...]:
        return tuple(self.evidence[name] for name in names if name in self.evidence)
