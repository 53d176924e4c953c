"""The rows of a scan while it is made: one for each workload, and few enough samples that a fleet of them fits."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from oakum.model.scan import ScanRow, worse
from oakum.model.series import Floats, Series, WorkloadSeries, latest
from oakum.model.verdict import VerdictName

WHOLE: Final = 256
"""So many of the worst rows keep all their samples: four times what a report draws, for some may be muted."""

SKETCHED: Final = 80
"""About so many samples any other row keeps: enough for a sparkline, and for a small chart."""

Rank: TypeAlias = tuple[int, float, float, str]
"""Of a row: the less, the worse."""


@dataclass(slots=True)
class Folded:
    """Add each row once; order does not matter. Memory: some 3 KB for a workload, and ``2 * WHOLE`` whole series."""

    _rows: dict[Hashable, _Row] = field(default_factory=dict)
    _whole: set[Hashable] = field(default_factory=set)

    def add(self, row: ScanRow, key: Hashable = None) -> None:
        """``key``: rows of one are of one workload; its name, where None is given."""
        name = row[0].id if key is None else key
        held = self._rows.get(name)
        if held is None:
            held = self._rows[name] = _Row(row)
        elif worse(row) < worse(held.row):
            held.row = row
        held.pods += 1
        held.kills += row[0].oom_kills
        held.last_kill_s = latest(held.last_kill_s, row[0].last_kill_s)
        held.leaking += row[1].name is VerdictName.LEAK
        self._whole.add(name)
        if len(self._whole) >= 2 * WHOLE:
            self._let_go()

    def told(self) -> tuple[ScanRow, ...]:
        """In the order in which workloads were first added."""
        self._let_go()
        return tuple(held.told for held in self._rows.values())

    @property
    def bar(self) -> Rank | None:
        """No row behind it will keep all its samples, whatever is still added; None: any may."""
        ranks = sorted(rank(self._rows[name].row) for name in self._whole)
        return ranks[WHOLE - 1] if len(ranks) >= WHOLE else None

    def _let_go(self) -> None:
        """Of all but the worst rows, what a sparkline does not need."""
        ranked = sorted(self._whole, key=lambda name: rank(self._rows[name].row))
        for place, name in enumerate(ranked):
            held = self._rows[name]
            series, verdict = held.row
            held.row = (_owned(series) if place < WHOLE else sketch(series), verdict)
        self._whole = set(ranked[:WHOLE])


@dataclass(slots=True)
class _Row:
    """The worst of the pods of one workload that run side by side stands for all; kills are those of all."""

    row: ScanRow
    pods: int = 0
    leaking: int = 0
    kills: int = 0
    last_kill_s: float | None = None

    @property
    def told(self) -> ScanRow:
        series, verdict = self.row
        if self.pods == 1:
            return self.row
        said = f"the worst of {self.pods} pods side by side" + (f", of which {self.leaking} leak" * bool(self.leaking))
        labels = {**series.labels, "pods": str(self.pods), "pods_leaking": str(self.leaking)}
        told = replace(series, labels=labels, killed=(self.kills, self.last_kill_s))
        return told, replace(verdict, reasons=(*verdict.reasons, said))


def rank(row: ScanRow) -> Rank:
    return *worse(row), row[0].id


def folded(rows: Iterable[ScanRow], bar: Rank | None) -> tuple[ScanRow, ...]:
    """Some rows of a larger scan, as small as they may be without its answer being another: ``bar`` is of that one.

    All rows of a workload are among them, or none.
    """
    few = Folded()
    for row in rows:
        few.add(row)
    return tuple(row if bar is None or rank(row) <= bar else (sketch(row[0]), row[1]) for row in few.told())


def _owned(series: WorkloadSeries) -> WorkloadSeries:
    """Without what its arrays may be a part of: all samples of a file."""
    if all(life.at_s.base is None and life.value.base is None for life in series.lifetimes):
        return series
    return replace(series, lifetimes=tuple(life.rows(np.arange(len(life))) for life in series.lifetimes))


def sketch(series: WorkloadSeries, most: int = SKETCHED) -> WorkloadSeries:
    """About ``most`` samples: of each stretch the lowest and the highest stay, and the limits go.

    Each lifetime keeps its first and its last; how many samples there were, and how each ended, is told as before.
    A sketch is not sketched again: it would be another one.
    """
    samples = sum(len(life) for life in series.lifetimes)
    if samples <= most or series.taken is not None:
        return series
    lives = tuple(_sketched(life, max(1, most * len(life) // samples // 2)) for life in series.lifetimes)
    return replace(series, lifetimes=lives, taken=series.samples)


def _sketched(life: Series, stretches: int) -> Series:
    kept = life.rows(extremes(life.value, stretches)) if len(life) > 2 * stretches else life
    # A copy: what it was cut from is let go.
    return replace(kept, at_s=kept.at_s.copy(), value=kept.value.copy(), limit=None, load=None)


def extremes(value: Floats, stretches: int) -> NDArray[np.intp]:
    """intp[≤ 2 * stretches + 2], increasing: the first, the last, and of each stretch the lowest and the highest.

    ``value``: float64[n], n ≥ 1; a stretch is of ⌈n / stretches⌉ samples, the last one of what is left.
    """
    last, width = value.size - 1, -(-value.size // stretches)
    count = -(-value.size // width)
    filled = np.append(value, np.full(count * width - value.size, value[-1])).reshape(count, width)
    begins = np.arange(0, count * width, width)
    # What stands in for samples that the last stretch has not is its last one.
    places = np.minimum(np.concatenate([begins + filled.argmin(1), begins + filled.argmax(1)]), last)
    return np.unique(np.append(places, [0, last]))
