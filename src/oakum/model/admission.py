"""What a server that services talk to admits, who is connected to it, and which processes or pods may be those."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

Endpoint: TypeAlias = tuple[str, int]
"""An address and a port, as the server sees them: ``("10.0.0.3", 41234)``."""


Folder: TypeAlias = tuple[int, int]
"""A device and an inode: the same path is another folder in each container."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A process or a pod. ``started_s``: UTC epoch seconds, None where that is not told. ``addresses``: of a pod."""

    name: str
    started_s: float | None = None
    addresses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Connection:
    """One client of a server. ``who``: as it calls itself there (``shop as app``). ``age_s``: None where hidden."""

    who: str
    address: str
    port: int
    age_s: float | None

    @property
    def endpoint(self) -> Endpoint:
        return self.address, self.port


@dataclass(frozen=True, slots=True)
class Admission:
    """One server at one moment (``at_s``, UTC epoch seconds). ``kind``: PostgreSQL, Redis.

    ``most``: how many ordinary clients it admits, by its setting ``bound`` (max_connections, maxclients); None where
    it does not tell. ``taken``: by how many; ``connections``: those that it tells of, without ours. ``reached``: the
    hosts and ports that clients reach it by, with "" for the host of a Unix socket.
    """

    kind: str
    place: str
    bound: str
    most: int | None
    taken: int
    at_s: float
    connections: tuple[Connection, ...] = ()
    reached: frozenset[Endpoint] = frozenset()


@dataclass(frozen=True, slots=True)
class Replicas:
    """How often a workload runs. ``most``: so often it may, by an autoscaler where there is one."""

    each: tuple[Instance, ...]
    most: int


class Connections(Protocol):
    """The TCP connections of this machine's processes."""

    def owners(self, endpoints: Collection[Endpoint], reached: Collection[Endpoint]) -> Mapping[Endpoint, int]:
        """Whose pid each is, by its own end; those that no process here has, or that may not be seen, are left out.

        ``reached``: as of Admission. The other end is at one of its ports; a loopback's is where the server runs here.
        """

    def folders(self, pid: int) -> tuple[Folder, Folder] | None:
        """The root that the process sees and where it works in it; None where that may not be known."""
