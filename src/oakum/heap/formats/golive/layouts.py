"""Where the runtime of each Go release keeps what is read of it: offsets in bytes, 64-bit.

Source: runtime/runtime2.go (g, gobuf, p), runtime/mheap.go (mspan), runtime/symtab.go (moduledata); the numbers are
those of the DWARF that each release's compiler writes about its own runtime, 1.21 to 1.26.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Goroutine:
    """Of ``runtime.g``. Its stack's bounds stand at 0 and 8, its saved stack pointer and pc at 56 and 64."""

    status: int
    number: int
    reason: int
    made_at: int
    starts_at: int
    call_sp: int
    call_pc: int


STACK_LOW, STACK_HIGH, SAVED_SP, SAVED_PC = 0, 8, 56, 64
GOROUTINE_BYTES: Final = 328
"""So much of each is read."""


@dataclass(frozen=True, slots=True)
class Span:
    """Of ``runtime.mspan``. ``narrow``: counts of objects have 16 bits. ``layout_at``: of a large one's type, or -1."""

    count: int
    free_index: int
    bits: int
    kind: int
    state: int
    each: int
    narrow: bool = True


SPAN_START, SPAN_PAGES = 24, 32
SPAN_BYTES: Final = 120


WAITING_BEHIND: Final = 16
"""From where a goroutine starts to the list of what it waits in, ``g.waiting``."""


@dataclass(frozen=True, slots=True)
class Waits:
    """``link``, ``channel``: of ``runtime.sudog``, the next of its goroutine and its channel. ``timer``, ``receivers``:
    of ``runtime.hchan``; 0 where it has no timer. Who waits to send stands 16 bytes behind who waits to receive.
    """

    link: int
    channel: int
    timer: int
    receivers: int


@dataclass(frozen=True, slots=True)
class Layout:
    """``timers``: in ``runtime.p``, where the slice of its timers has its head."""

    goroutine: Goroutine
    span: Span
    timers: int
    waits: Waits


_OLD = Goroutine(144, 152, 176, 280, 296, 112, 120)
_MIDDLE = Goroutine(152, 160, 184, 288, 304, 112, 120)
_WIDE = Span(56, 48, 72, 106, 107, 112, narrow=False)
_NARROW = Span(50, 48, 64, 98, 99, 104)
_TIMED = Waits(64, 80, 32, 64)
LAYOUTS: Final = {
    21: Layout(_OLD, _WIDE, 8840, Waits(64, 80, 0, 56)),
    22: Layout(_OLD, _NARROW, 8872, Waits(64, 80, 0, 56)),
    23: Layout(_MIDDLE, _NARROW, 8848, _TIMED),
    24: Layout(_MIDDLE, _NARROW, 8848, _TIMED),
    25: Layout(Goroutine(144, 152, 176, 280, 296, 104, 112), _NARROW, 9400, _TIMED),
    26: Layout(Goroutine(144, 152, 176, 288, 304, 104, 112), _NARROW, 13680, Waits(72, 88, 32, 64)),
}
"""By the second number of the release."""

NEWEST: Final = max(LAYOUTS)


def layout_of(version: str) -> Layout | None:
    """``version``: ``1.26.8``, ``go1.27rc1``. A newer release is read as the newest known: what is found is checked.

    None for one that is older than those, and for what is no release (``devel``).
    """
    parts = version.removeprefix("go").split(".")
    if len(parts) < 2 or parts[0] != "1":
        return None
    digits = parts[1][: len(parts[1]) - len(parts[1].lstrip("0123456789"))]
    return LAYOUTS.get(min(int(digits), NEWEST)) if digits else None
