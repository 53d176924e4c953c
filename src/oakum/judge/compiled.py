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
from oakum.judge.floor import kernels as floor
from oakum.judge.gap import kernels as gap

KERNELS: Final = (
    kernels.fold,
    kernels.unload,
    floor.clipped,
    kernels.kept_up,
    kernels.past_blocks,
    kernels.one_scale,
    kernels.measure,
    kernels.facts,
    kernels.score,
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
    kernels.bent,
    kernels.unbent,
    kernels.climb,
    kernels.settled,
    kernels.one_step,
    kernels.rhythm,
    kernels.teeth,
    floor.climbing,
    kernels.shape,
    floor.rising_quarters,
    kernels.stretch,
    kernels.straight,
    kernels.straight_lives,
    kernels.earlier_climbs,
    kernels.corrected,
    kernels.ahead,
    kernels.agreed,
    kernels.reach,
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
    named = [pair for part in (floor, gap, kernels) for pair in sorted(vars(part).items(), key=itemgetter(0))]
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
