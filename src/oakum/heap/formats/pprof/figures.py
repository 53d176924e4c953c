"""What Go's runtime says of its memory, at the end of a heap profile in text: runtime.MemStats.

Source: runtime/pprof/pprof.go (writeHeapInternal), runtime/mstats.go; runtime/mprof.go for how old a profile is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_TAIL_BYTES = 1 << 16
_LINE = re.compile(rb"^# ([A-Za-z]+) = ([0-9./ \[\]]+)$", re.MULTILINE)
_KEPT = 256
"""Ends of collections that the runtime remembers."""

_MOST = 1 << 62


@dataclass(frozen=True, slots=True)
class Figures:
    """Bytes. ``heap_alloc``: objects, garbage that is not swept yet among them; ``heap_inuse``: spans that hold any.

    ``heap_idle``: spans that hold none; ``heap_released``: of those, given back to the system. ``next_gc``: the heap
    at which the next collection begins. ``obtained``: all that the runtime has of the system, less what it gave back.
    ``collections``: since the start; ``ends_s``: UTC epoch of the last two, oldest first, as far as there were any.
    """

    heap_alloc: int
    heap_inuse: int
    heap_idle: int
    heap_released: int
    stack_inuse: int
    next_gc: int
    obtained: int
    collections: int
    ends_s: tuple[float, ...]

    @property
    def profile_as_of_s(self) -> float | None:
        """When what a heap profile counts was so: as of the last collection but one. None: as of now.

        Allocations are published when the collection after theirs has ended, so that frees are counted with them.
        """
        return self.ends_s[0] if len(self.ends_s) > 1 else None


def read_figures(raw: bytes) -> Figures | None:
    """``raw``: the whole answer. None where it does not end with them, or where they are of another make."""
    told: dict[str, bytes] = {match[1].decode(): match[2].strip() for match in _LINE.finditer(raw, _tail(raw))}
    try:
        collections = _number(told, "NumGC")
        return Figures(
            heap_alloc=_number(told, "HeapAlloc"),
            heap_inuse=_number(told, "HeapInuse"),
            heap_idle=_number(told, "HeapIdle"),
            heap_released=_number(told, "HeapReleased"),
            stack_inuse=int(told["Stack"].partition(b"/")[0]) % _MOST,
            next_gc=_number(told, "NextGC"),
            obtained=max(0, _number(told, "Sys") - _number(told, "HeapReleased")),
            collections=collections,
            ends_s=_ends(told.get("PauseEnd", b""), collections),
        )
    except (KeyError, ValueError):
        return None


def _tail(raw: bytes) -> int:
    at = raw.rfind(b"# runtime.MemStats")
    return at if at >= 0 else max(0, len(raw) - _TAIL_BYTES)


def _number(told: Mapping[str, bytes], name: str) -> int:
    return int(told[name][:19]) % _MOST


def _ends(text: bytes, collections: int) -> tuple[float, ...]:
    """Of a ring: collection n (from 1) stands at (n + 255) % 256."""
    ring = [int(word[:20]) for word in text.strip(b"[] ").split()]
    if len(ring) != _KEPT:
        return ()
    last = [ring[(number + _KEPT - 1) % _KEPT] / 1e9 for number in (collections - 1, collections) if number > 0]
    return tuple(end_s for end_s in last if end_s > 0)
