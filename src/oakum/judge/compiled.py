"""The kernels as machine code: compiled once, kept beside them. To load this takes a second: one series never does."""

from __future__ import annotations

from pickle import UnpicklingError

from numba import njit
from numba.extending import register_jitable

from oakum.judge import kernels

for kernel in (
    kernels.fold,
    kernels.unload,
    kernels.clipped,
    kernels.kept_up,
    kernels.past_blocks,
    kernels.one_scale,
    kernels.measure,
    kernels.facts,
    kernels.score,
    kernels.fine_floor,
    kernels.robust_line,
    kernels.bent,
    kernels.unbent,
    kernels.climb,
    kernels.settled,
    kernels.one_step,
    kernels.rhythm,
    kernels.teeth,
    kernels.climbing,
    kernels.shape,
    kernels.rising_quarters,
    kernels.stretch,
    kernels.earlier_climbs,
    kernels.corrected,
    kernels.ahead,
    kernels.agreed,
    kernels.reach,
    kernels.sighted,
    kernels.weigh,
):
    register_jitable(kernel)

_anew = njit(nogil=True)(kernels.judge_columns)
try:
    _kept = njit(cache=True, nogil=True)(kernels.judge_columns)
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
