"""Which runtime a process is, told from what it has mapped, and what looking at it would cost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RuntimeName(StrEnum):
    """Runtimes that Oakum tells apart."""

    CPYTHON = "cpython"
    NODE = "node"
    JVM = "jvm"
    GO = "go"
    RUBY = "ruby"
    NATIVE = "native"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Runtime:
    """``version``: ``3.11.7``, or ``3.11`` where only that is told, or "". ``how``: the facts it was told by."""

    name: RuntimeName
    version: str
    how: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a capture would cost, said before it is taken.

    ``pause_s``: how long the target would stand still; 0 for a capture that never stops it.
    ``bytes_to_read``: from the target's memory. ``own_memory_bytes``: what Oakum itself would need.
    ``refusal``: why it must not be taken, or "". ``risk``: one sentence.
    """

    pause_s: float
    bytes_to_read: int
    own_memory_bytes: int
    risk: str
    refusal: str = ""
