"""A workload's samples in bins that grow coarser with age: what a verdict needs of the past, no more.

Sixty-four bins per octave of age: what is ``a`` seconds old is kept to about ``a``/64. Bins are aligned to powers of
two since the first sample, so that samples one by one, in chunks or all at once give the same bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.judge.bins.kernels import OCTAVES, PER_OCTAVE, TICK_S
from oakum.model.series import Floats

Ints = NDArray[np.int64]

AT_ONCE = 1_000_000
"""Samples that become bins of their own before they are folded: bounds memory at about 200 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """Bins of all lifetimes, oldest first; every array is [bins].

    ``tick``: int64, the first tick of the bin since ``start_s``. ``first_s``, ``last_s``: times of its first and last
    samples, UTC epoch seconds. ``low``, ``high``, ``total``: least, greatest and sum of its values. ``load``: sum of
    requests per second. ``fall``, ``leap``: the deepest fall and the highest rise from one sample to the next.
    ``count``: how many samples.
    ``life``: int64, the number of the lifetime. ``final``: the last value of all.
    """

    start_s: float
    final: float
    tick: Ints
    life: Ints
    first_s: Floats
    last_s: Floats
    low: Floats
    high: Floats
    total: Floats
    load: Floats
    fall: Floats
    leap: Floats
    count: Floats

    def __len__(self) -> int:
        return len(self.tick)

    @property
    def samples(self) -> int:
        return int(self.count.sum())

    def added(self, at_s: Floats, value: Floats, load: Floats, life: Ints) -> Ledger:
        """With more samples, all later than those that are in it: float64[n] each, ``life`` int64[n] ascending."""
        grown = self
        for begin in range(0, at_s.size, AT_ONCE):
            part = slice(begin, begin + AT_ONCE)
            grown = grown._grown(at_s[part], value[part], load[part], life[part])
        return grown

    def _grown(self, at_s: Floats, value: Floats, load: Floats, life: Ints) -> Ledger:
        before = self.final if len(self) and self.life[-1] == life[0] else None
        fresh = _raw(self.start_s, at_s, value, load, life, before)
        joined = {name: np.concatenate([getattr(self, name), getattr(fresh, name)]) for name in COLUMNS}
        return _folded(Ledger(self.start_s, fresh.final, **joined))

    def bins(self) -> Floats:
        """float64[8, bins], as the kernels take them."""
        return np.stack(
            [
                self.first_s,
                self.last_s,
                self.low,
                self.high,
                self.total / self.count,
                self.load / self.count,
                self.fall,
                self.leap,
            ]
        )


COLUMNS = ("tick", "life", "first_s", "last_s", "low", "high", "total", "load", "fall", "leap", "count")


def empty_ledger(start_s: float) -> Ledger:
    none, ints = np.empty(0), np.empty(0, np.int64)
    return Ledger(start_s, float("nan"), ints, ints, none, none, none, none, none, none, none, none, none)


def _raw(start_s: float, at_s: Floats, value: Floats, load: Floats, life: Ints, before: float | None) -> Ledger:
    tick = np.floor((at_s - start_s) / TICK_S).astype(np.int64)
    previous = np.concatenate([[value[0] if before is None else before], value[:-1]])
    born = np.concatenate([[False], life[1:] != life[:-1]])
    previous[born] = value[born]
    return Ledger(
        start_s,
        float(value[-1]),
        tick,
        life,
        at_s,
        at_s,
        value,
        value,
        value,
        load,
        np.maximum(previous - value, 0.0),
        np.maximum(value - previous, 0.0),
        np.ones(at_s.size),
    )


def _folded(items: Ledger) -> Ledger:
    """Bins of one level never straddle a bound of another: an item goes where its first tick goes."""
    width = np.int64(1) << np.arange(OCTAVES, dtype=np.int64)
    edges = (items.tick[-1] - PER_OCTAVE * width) // (2 * width) * (2 * width)
    # edges fall with the level; the level of a tick is the number of edges above it.
    level = np.minimum(OCTAVES - np.searchsorted(edges[::-1], items.tick, side="right"), OCTAVES - 1)
    label = (items.tick >> level) << level
    new = (label[1:] != label[:-1]) | (level[1:] != level[:-1]) | (items.life[1:] != items.life[:-1])
    starts = np.flatnonzero(np.concatenate([[True], new]))
    ends = np.concatenate([starts[1:], [label.size]]) - 1
    return Ledger(
        items.start_s,
        items.final,
        label[starts],
        items.life[starts],
        items.first_s[starts],
        items.last_s[ends],
        np.minimum.reduceat(items.low, starts),
        np.maximum.reduceat(items.high, starts),
        np.add.reduceat(items.total, starts),
        np.add.reduceat(items.load, starts),
        np.maximum.reduceat(items.fall, starts),
        np.maximum.reduceat(items.leap, starts),
        np.add.reduceat(items.count, starts),
    )
