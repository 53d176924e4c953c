"""Which runtime a process is, told from what it has mapped, and what looking at it would cost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RuntimeName(StrEnum):
    """Runtimes that Oakum tells apart."""

    CPYTHON = "cpython"
    PYPY = "pypy"
    NODE = "node"
    DENO = "deno"
    BUN = "bun"
    JVM = "jvm"
    NATIVE_IMAGE = "native-image"
    GO = "go"
    RUBY = "ruby"
    DOTNET = "dotnet"
    NATIVE = "native"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Runtime:
    """``version``: ``3.11.7``, or ``3.11`` where only that is told, or "". ``how``: the facts it was told by.

    ``implementation``: which one of several, ``HotSpot``, ``OpenJ9``, ``PyPy 7.3.11``, ``Rust``; "" where there is one.
    ``allocator``: what serves malloc, ``jemalloc 5.3.0``, ``glibc``; ``libc``: ``glibc 2.36``, ``musl 1.2.3``; "" where
    not told.
    """

    name: RuntimeName
    version: str
    how: tuple[str, ...] = ()
    implementation: str = ""
    allocator: str = ""
    libc: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()

    @property
    def in_full(self) -> str:
        """``jvm 17.0.15 (HotSpot), malloc of jemalloc 5.3.0, glibc 2.36``."""
        kind = f"{self} ({self.implementation})" if self.implementation else str(self)
        malloc = f"malloc of {self.allocator}" if self.allocator else ""
        return ", ".join(part for part in (kind, malloc, self.libc) if part)


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a capture would cost, said before it is taken.

    ``pause_s``: how long the target would stand still; 0 for a capture that never stops it.
    ``bytes_to_read``: from the target's memory. ``own_memory_bytes``: what Oakum itself would need.
    ``refusal``: why it must not be taken, or "". ``risk``: one sentence.
    ``takes_s``: how long the copy takes. ``carried_bytes_per_s``: how fast it comes over a network, None where it
    crosses none.
    """

    pause_s: float
    bytes_to_read: int
    own_memory_bytes: int
    risk: str
    refusal: str = ""
    takes_s: float = 0.0
    carried_bytes_per_s: float | None = None
