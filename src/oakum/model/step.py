"""A plan is a value: it can be printed, approved, stored, applied and undone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. ``command`` is what a person can type now; ``undo`` how to take it back."""

    title: str
    effect: str
    risk: str
    command: str = ""
    undo: str = ""
    takes_s: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in order."""

    steps: tuple[Step, ...] = ()
