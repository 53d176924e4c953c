"""A plan is a value: it can be printed, approved, stored, applied and undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. ``command`` is what a person can type now; ``undo`` how to take it back.

    ``does``: what Oakum itself would do once that is approved, in plain values (``model/action.py`` reads them);
    empty for what only a person can do.
    """

    title: str
    effect: str
    risk: str
    command: str = ""
    undo: str = ""
    takes_s: float | None = None
    does: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in order."""

    steps: tuple[Step, ...] = ()
