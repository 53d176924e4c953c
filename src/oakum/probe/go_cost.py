"""What a look into a Go program by its own profiles takes of it. Measured: docs/go.md."""

from __future__ import annotations

from typing import Final

GOROUTINE_S: Final = 2e-6
"""A goroutine profile takes so long for each goroutine, in seconds; Go 1.18 and older stand still meanwhile."""

STACK_S: Final = 1e-5
"""All stacks in full take so long for each goroutine, and the program stands still for most of it."""

LEAST_S: Final = 0.01
MOST_STACKS_S: Final = 0.2
"""Stacks in full are not asked for where that could take longer: counts tell most of it."""


def goroutines_pause_s(count: int) -> float:
    return LEAST_S + GOROUTINE_S * count


def stacks_pause_s(count: int) -> float:
    return LEAST_S + STACK_S * count
