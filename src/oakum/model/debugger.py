"""Where a process listens, what it answers there, and what of it a debugger may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Listener:
    """A TCP socket that waits for connections. ``address``: as text, ``0.0.0.0`` and ``::`` for every one."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @property
    def reached_at(self) -> str:
        """The address to connect to on the same machine."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.address, self.address)  # noqa: S104  (a name for it, no bind)

    @property
    def is_local(self) -> bool:
        """Whether only this machine (or its container) can connect."""
        return self.address.startswith("127.") or self.address in {"::1", "::ffff:127.0.0.1"}


@dataclass(frozen=True, slots=True)
class Dispositions:
    """What a process does with signals: sets of signal numbers. What is in neither has the kernel's default."""

    caught: frozenset[int]
    ignored: frozenset[int]
    blocked: frozenset[int]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a program answered to one HTTP request. ``kind``: of its content, ``text/html``; "" where it is not told.

    ``seconds``: from the question to the last byte. ``location``: where it points to, "" for nowhere.
    """

    status: int
    kind: str
    body: bytes
    seconds: float
    location: str = ""
