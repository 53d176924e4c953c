"""The channels on which goroutines wait to receive: workers without work wait on one, those that are stuck each on its
own.

Source: runtime/runtime2.go (g.waiting, sudog), runtime/chan.go (hchan), runtime/select.go (a sudog for each case).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.golive.goroutines import Standing
from oakum.heap.formats.golive.layouts import Waits
from oakum.probe.gathered import Pages

CASES: Final = 6
"""Of one select; those behind are not looked at."""

MOST_WORKERS: Final = 10_000
"""No pool has more: LeakProf takes as many at one channel for a leak."""

AT_ONE: Final = 0.9
"""The share of a group that waits on one channel, where it is a pool of workers."""

RECEIVES: Final = frozenset({"chan receive", "select"})
_QUEUED_BYTES, _CHANNEL_BYTES, _ELEMENT_AT = 104, 96, 24


def channels(
    pages: Pages, layout: Waits, goroutines: NDArray[np.int64], waiting: NDArray[np.int64]
) -> list[tuple[int, ...]]:
    """For each goroutine the channels that carry something and on which somebody waits to receive.

    ``goroutines``, ``waiting``: int64[n], where each is, and where the list of what it waits in begins, 0 for none.
    A channel of empty values is a signal, and one that a timer feeds nobody's work: neither counts.
    """
    found: list[list[int]] = [[] for _ in range(goroutines.size)]
    links = waiting
    for _ in range(CASES):
        if not links.any():
            break
        queued = pages.pieces(links, _QUEUED_BYTES).view(np.int64)
        own = (links > 0) & (queued[:, 0] == goroutines)
        at = np.where(own, queued[:, layout.channel >> 3], 0)
        carries = _carry(pages, layout, np.unique(at[at > 0]))
        for row in np.flatnonzero(np.isin(at, carries) & own).tolist():
            found[row].append(int(at[row]))
        links = np.where(own, queued[:, layout.link >> 3], 0)
    return [tuple(each) for each in found]


def _carry(pages: Pages, layout: Waits, at: NDArray[np.int64]) -> NDArray[np.int64]:
    raw = pages.pieces(at, _CHANNEL_BYTES)
    words = raw.view(np.int64)
    element = np.ascontiguousarray(raw[:, _ELEMENT_AT : _ELEMENT_AT + 2]).view(np.uint16)[:, 0]
    receivers, senders = words[:, layout.receivers >> 3], words[:, (layout.receivers >> 3) + 2]
    timed = words[:, layout.timer >> 3] != 0 if layout.timer else np.zeros(at.size, np.bool_)
    found: NDArray[np.int64] = at[(element > 0) & (receivers != 0) & (senders == 0) & ~timed]
    return found


def pools(named: Mapping[Standing, str], found: Sequence[Standing], waits: Sequence[tuple[int, ...]]) -> frozenset[str]:
    """Groups, by name, of which nearly all wait to receive on one channel. ``waits``: as of ``channels``."""
    counts: Counter[str] = Counter()
    at: dict[str, Counter[int]] = {}
    for each, those in zip(found, waits, strict=True):
        if each in named:
            counts[named[each]] += 1
            at.setdefault(named[each], Counter()).update(those)
    return frozenset(
        name
        for name, count in counts.items()
        if at[name] and count < MOST_WORKERS and at[name].most_common(1)[0][1] >= AT_ONE * count
    )
