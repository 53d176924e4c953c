"""What is known of a Ruby process, and what its helper (``oakum_heap.rb``) answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from oakum.model.debugger import Dispositions

HELPER_COMMAND: Final = "oakum heap helper ruby > oakum_heap.rb"
LINES: Final = "OAKUM_HEAP_LINES=1"


@dataclass(frozen=True, slots=True)
class RubyStanding:
    """Read from outside; nothing is sent.

    ``sockets``: the names of the Unix sockets on which it listens, ``@…`` where in no folder. ``helper``: the name that
    its helper's would have. ``libraries``: file names that it has mapped as code.
    """

    helper: str
    sockets: tuple[str, ...]
    libraries: frozenset[str]
    dispositions: Dispositions


@dataclass(frozen=True, slots=True)
class RubyFigures:
    """What the helper tells first. ``lines``: whether it records where objects are allocated.

    Counts are the garbage collector's own (GC.stat): ``slots`` that are in use, garbage that was not met yet too.
    """

    version: str
    lines: bool
    slots: int
    collections: int
    major_collections: int


@dataclass(frozen=True, slots=True)
class RubyCopied:
    """A dump that a copy of the process wrote. ``begun_s``: when it was asked for; ``ended_s``: its last byte, on the
    monotonic clock. ``stood_still_s``: the process itself, while it was copied.

    ``took_bytes``: memory that the copy did not share with it at the end; None where the kernel does not tell.
    """

    begun_s: float
    ended_s: float
    stood_still_s: float
    took_bytes: int | None
    bytes: int


@dataclass(frozen=True, slots=True)
class RubyDeeper:
    """What would tell more of it. ``helper``: whether it answers for its heap; ``tracer``: rbtrace is loaded.

    ``lines``: whether it records where objects are allocated; None where it did not say.
    """

    pid: int
    helper: bool
    tracer: bool
    lines: bool | None
