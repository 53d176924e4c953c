"""The kernels as machine code: compiled once, kept beside them. To load this takes a second: one series never does."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from pickle import UnpicklingError
from typing import Final
from zlib import crc32

from numba import njit
from numba.extending import register_jitable

from oakum.judge import kernels
from oakum.judge.bins import kernels as bins
from oakum.judge.climb import kernels as climb
from oakum.judge.earlier import kernels as earlier
from oakum.judge.evidence import kernels as evidence
from oakum.judge.floor import kernels as floor
from oakum.judge.gap import kernels as gap
from oakum.judge.reach import kernels as reach
from oakum.judge.shape import kernels as shape
from oakum.judge.swings import kernels as swings
from oakum.judge.windows import kernels as windows

PARTS: Final = (bins, climb, earlier, evidence, floor, gap, reach, shape, swings, windows, kernels)

KERNELS: Final = (
    bins.fold,
    bins.unload,
    floor.clipped,
    windows.kept_up,
    windows.past_blocks,
    windows.one_scale,
    windows.measure,
    evidence.facts,
    evidence.score,
    floor.fine_floor,
    floor.robust_line,
    floor.bound_of,
    floor.steepest,
    floor.new_ground,
    floor.sixths,
    floor.goes_on,
    floor.last_third,
    gap.longest,
    gap.climbs,
    gap.sides,
    climb.bent,
    climb.unbent,
    climb.climb,
    shape.settled,
    shape.one_step,
    swings.rhythm,
    swings.teeth,
    floor.climbing,
    shape.shape,
    floor.rising_quarters,
    kernels.stretch,
    earlier.straight,
    earlier.straight_lives,
    earlier.earlier_climbs,
    reach.corrected,
    reach.ahead,
    reach.agreed,
    reach.reach,
    kernels.sighted,
    kernels.weigh,
    kernels.judge_columns,
)
for kernel in KERNELS:
    register_jitable(kernel)


def text() -> int:
    """Of all kernels and their constants: what was kept is for this text, and one file would not tell of the others."""
    told = crc32(b"")
    for kernel in KERNELS:
        code = kernel.__code__
        told = crc32(repr((code.co_consts, code.co_names)).encode(), crc32(code.co_code, told))
    named = [pair for part in PARTS for pair in sorted(vars(part).items(), key=itemgetter(0))]
    numbers = [pair for pair in named if isinstance(pair[1], int | float)]
    return crc32(repr(numbers).encode(), told)


def _of(told: int) -> Callable[..., None]:
    def judge_columns(*columns: object) -> None:
        if told >= 0:  # what a function closes over is part of what it is kept by
            kernels.judge_columns(*columns)  # type: ignore[no-untyped-call]

    return judge_columns


_anew = njit(nogil=True)(_of(text()))
try:
    _kept = njit(cache=True, nogil=True)(_of(text()))
except RuntimeError:  # neither beside the kernels nor in the home folder can anything be written
    _kept = _anew


def judge_columns(*columns: object) -> None:
    """As ``kernels.judge_columns``; threads may run it side by side.

    Where the machine code cannot be kept (a full disk) or what was kept is damaged, it is compiled for this process.
    """
    try:
        _kept(*columns)
    except (OSError, EOFError, UnpicklingError):
        _anew(*columns)
