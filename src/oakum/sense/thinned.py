"""The samples of a long watch, few enough to draw and to keep: of four neighbours the lowest and the highest stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from oakum.model.series import Ending, Floats, Series
from oakum.sense.track import Portion

MOST = 4096
"""Samples of one lifetime; when there are more, its older half is thinned."""

MOST_LIVES = 32
"""Lifetimes that are held; the oldest go."""


class Thinned:
    """The lifetimes of one scope. Memory is bounded: some 100 KiB for each lifetime."""

    def __init__(self, lives: Sequence[Series] = ()) -> None:
        self._lives = list(lives[-MOST_LIVES:])

    def add(self, portion: Portion, *, begins: bool) -> None:
        """Samples that are not later than those held are dropped."""
        more = portion.samples
        if begins or not self._lives:
            if len(more):
                self._lives = [*self._lives[1 - MOST_LIVES :], more]
            return
        self._lives[-1] = thinned(_joined(self._lives[-1], more))

    def end(self, ending: Ending) -> None:
        """Of the last lifetime."""
        if self._lives:
            self._lives[-1] = replace(self._lives[-1], ending=ending)

    @property
    def lives(self) -> tuple[Series, ...]:
        return tuple(self._lives)


def _joined(life: Series, more: Series) -> Series:
    """One lifetime; how it ended is the later word."""
    if not len(more):
        return replace(life, ending=more.ending, ended_s=more.ended_s)
    fresh = more.at_s > (life.at_s[-1] if len(life) else -np.inf)
    limit: Floats | None = None
    if life.limit is not None or more.limit is not None:
        limit = np.concatenate([_limits(life), _limits(more)[fresh]])
    return Series(
        np.concatenate([life.at_s, more.at_s[fresh]]),
        np.concatenate([life.value, more.value[fresh]]),
        limit,
        started_s=life.started_s,
        ended_s=more.ended_s,
        ending=more.ending,
    )


def _limits(life: Series) -> Floats:
    return np.full(len(life), np.inf) if life.limit is None else life.limit


def thinned(life: Series, most: int = MOST) -> Series:
    """At most ``most`` samples; those that stay were really taken, and the first of all stays."""
    while len(life) > most:
        old = len(life) // 2 // 4 * 4
        groups = life.value[:old].reshape(-1, 4)
        first = np.arange(len(groups)) * 4
        kept = np.unique(np.concatenate([[0], first + groups.argmin(1), first + groups.argmax(1)]))
        rows = np.concatenate([kept, np.arange(old, len(life))])
        limit = None if life.limit is None else life.limit[rows]
        life = replace(life, at_s=life.at_s[rows], value=life.value[rows], limit=limit, load=None)
    return life
