"""The samples of a long watch, few enough to draw and to keep: of four neighbours the lowest and the highest stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from oakum.model.series import Ending, Series
from oakum.sense.joined import extended
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
        self._lives[-1] = thinned(extended(self._lives[-1], more))

    def end(self, ending: Ending) -> None:
        """Of the last lifetime."""
        if self._lives:
            self._lives[-1] = replace(self._lives[-1], ending=ending)

    @property
    def lives(self) -> tuple[Series, ...]:
        return tuple(self._lives)


def thinned(life: Series, most: int = MOST) -> Series:
    """At most ``most`` samples; those that stay were really taken, and the first of all stays."""
    while len(life) > most:
        old = len(life) // 2 // 4 * 4
        groups = life.value[:old].reshape(-1, 4)
        first = np.arange(len(groups)) * 4
        kept = np.unique(np.concatenate([[0], first + groups.argmin(1), first + groups.argmax(1)]))
        rows = np.concatenate([kept, np.arange(old, len(life))])
        life = life.rows(rows)
    return life
