"""Goroutines as the runtime keeps them: what each waits for, on which stack, and who started it.

Source: runtime/runtime2.go (g, the states and their texts), runtime/traceback.go (how frames are walked, amd64).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.golive import layouts
from oakum.heap.formats.golive.layouts import Goroutine
from oakum.heap.formats.golive.lines import Lines
from oakum.heap.formats.pprof.frames import place_of
from oakum.heap.formats.pprof.profile import Frame, Profile, Sample

_SCANNED: Final = 0x1000
"""The collector looks at its stack: beside the state itself."""

DEAD: Final = frozenset({0, 6, 11})
_STATES: Final = {1: "runnable", 2: "running", 3: "syscall", 8: "running", 9: "preempted"}
WAITING, RUNNING, CALLING, LEAKED = 4, 2, 3, 10
KNOWN: Final = frozenset({*DEAD, *_STATES, 4, 5, 10})
LARGEST_STACK: Final = 1 << 31
DEEPEST: Final = 100
_ENDS: Final = frozenset({"runtime.goexit", "runtime.mstart", "runtime.rt0_go", "runtime.mcall", "runtime.systemstack"})


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Of n goroutines, int64[n] each; ``reason``: a number of the runtime's own texts. ``waiting``: where the list of
    what it waits in begins, 0 for none.
    """

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    sp: NDArray[np.int64]
    pc: NDArray[np.int64]
    status: NDArray[np.int64]
    number: NDArray[np.int64]
    reason: NDArray[np.int64]
    made_at: NDArray[np.int64]
    starts_at: NDArray[np.int64]
    waiting: NDArray[np.int64]

    @property
    def size(self) -> int:
        return int(self.low.size)

    def of(self, chosen: NDArray[np.bool_]) -> Table:
        return Table(*(getattr(self, name)[chosen] for name in self.__slots__))

    @property
    def alive(self) -> NDArray[np.bool_]:
        """bool[n]: those that have not ended, and of which that can be told."""
        known = np.isin(self.status, list(KNOWN - DEAD))
        stacked = (self.low > 0) & (self.high > self.low) & (self.high - self.low <= LARGEST_STACK)
        found: NDArray[np.bool_] = known & stacked & (self.number > 0)
        return found

    @property
    def walkable(self) -> NDArray[np.bool_]:
        """bool[n]: those whose stack stands still where it was saved."""
        found: NDArray[np.bool_] = self.alive & (self.status != RUNNING) & (self.sp >= self.low) & (self.sp < self.high)
        return found

    @property
    def stack_bytes(self) -> int:
        alive = self.alive
        return int((self.high[alive] - self.low[alive]).sum())

    def plausible(self) -> bool:
        """Whether this is what a Go program's goroutines look like: states are known, no number is there twice.

        One, or one in a hundred, may have been met while it changed.
        """
        ended = np.isin(self.status, list(DEAD))
        numbers = self.number[~ended]
        odd = int((~(self.alive | ended)).sum()) + numbers.size - np.unique(numbers).size
        return bool(numbers.size > odd and odd <= max(1, self.size // 100))

    def ended(self) -> bool:
        """Whether all of them have ended: Go keeps them for later."""
        return bool(np.isin(self.status, list(DEAD)).all())


def table(raw: NDArray[np.uint8], layout: Goroutine) -> Table:
    """``raw``: uint8[n, layouts.GOROUTINE_BYTES]."""

    def word(at: int) -> NDArray[np.int64]:
        return np.ascontiguousarray(raw[:, at : at + 8]).view(np.int64)[:, 0]

    status = np.ascontiguousarray(raw[:, layout.status : layout.status + 4]).view(np.uint32)[:, 0].astype(np.int64)
    status &= ~_SCANNED
    calls = (status == CALLING) & (word(layout.call_sp) != 0)
    return Table(
        low=word(layouts.STACK_LOW),
        high=word(layouts.STACK_HIGH),
        sp=np.where(calls, word(layout.call_sp), word(layouts.SAVED_SP)),
        pc=np.where(calls, word(layout.call_pc), word(layouts.SAVED_PC)),
        status=status,
        number=word(layout.number),
        reason=raw[:, layout.reason].astype(np.int64),
        made_at=word(layout.made_at),
        starts_at=word(layout.starts_at),
        waiting=word(layout.starts_at + layouts.WAITING_BEHIND),
    )


def walked(
    lines: Lines, pc: int, sp: int, word: Callable[[int], int], steps: dict[int, int] | None = None
) -> list[tuple[int, int]]:
    """(pc, stack pointer) of each frame, innermost first. ``word``: at an address, 0 where nothing was read.

    ``steps``: kept from one stack to the next: the bytes of the frame at each pc, -1 where a walk ends.
    """
    found = [(pc, sp)]
    while len(found) < DEEPEST:
        held = steps.get(pc) if steps is not None else None
        if held is None:
            function, held = lines.function(pc), lines.frame_bytes(pc)
            held = -1 if function is None or function.name in _ENDS else held
            if steps is not None:
                steps[pc] = held
        if held < 0:
            break
        pc, sp = word(sp + held), sp + held + 8
        if not pc:
            break
        found.append((pc, sp))
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """One goroutine: its state, its stack as addresses, innermost first, and where it was started."""

    state: str
    stack: tuple[int, ...]
    made_at: int


def state_of(status: int, reason: int, reasons: Sequence[str]) -> str:
    """As Go writes it in a trace of its stacks; "" where only the stack tells."""
    if status in {WAITING, LEAKED}:
        return reasons[reason] if reason < len(reasons) else ""
    return _STATES.get(status, "")


def profile(found: Sequence[Standing], lines: Lines, at_s: float, stack_bytes: int) -> Profile:
    """One sample for each stack. ``stack_bytes``: of all of them together; shared out evenly."""
    each = stack_bytes // max(len(found), 1)
    samples = []
    for one, count in Counter(found).most_common():
        stack = _frames(one.stack, lines)
        if stack and not _of_the_runtime(stack):
            maker = lines.frames(one.made_at - 1) if one.made_at else ()
            made_by = place_of(maker[0]) if maker else ""
            samples.append(Sample(stack, count, count * each, state=one.state, made_by=made_by))
    return Profile(tuple(samples), 0, at_s, goroutines=True)


def _frames(stack: tuple[int, ...], lines: Lines) -> tuple[Frame, ...]:
    """A return address is behind its call, whose line is wanted; one that has not begun stands at its function's."""
    told: list[Frame] = []
    for pc in stack:
        function = lines.function(pc)
        told += lines.frames(pc if function is not None and function.entry == pc else pc - 1)
    while told and told[-1].function in _ENDS:
        told.pop()
    return tuple(told)


def _of_the_runtime(stack: tuple[Frame, ...]) -> bool:
    """Its own workers are in no profile of goroutines either."""
    return stack[-1].function.startswith("runtime.") and stack[-1].function != "runtime.main"
