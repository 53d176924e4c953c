"""Does the verdict depend on how memory was scraped? The same series told otherwise, beside the series as they are."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from bench.judge import suite
from bench.judge.changed import CHANGES, changed
from bench.judge.ours import Oakum
from bench.judge.replay import Outcome, outcome
from bench.judge.suite import Suite
from bench.judge.table import plain

MOMENTS = 60
FIRST = next(iter(CHANGES))


@dataclass(frozen=True, slots=True)
class _Both:
    """One series as it is and as it was changed."""

    change: str
    plain: Outcome
    other: Outcome


def told(asked: Suite, *, jobs: int) -> Iterator[str]:
    """One table per kind of series: of the same series, what was found and falsely alarmed before and after."""
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        looked = list(pool.imap(partial(_looked, data=asked.data), asked.names(), chunksize=4))
    rows = [both for many in looked for both in many]
    for source, parts in {"recorded": {"real", "lab"}, "grafted": {"tune-graft", "held-graft"}}.items():
        yield from _table(source, [both for both in rows if both.plain.part in parts])
    yield from _table("generated", [both for both in rows if both.plain.part in suite.PARTS])


def _looked(name: str, *, data: Path | None) -> list[_Both]:
    case = suite.case(name, data)
    found: dict[str, Outcome] = {}
    for change in CHANGES:
        other = changed(case, change)
        if other is not None:
            every_s = (other.end_s - other.eval_from_s) / MOMENTS
            moments = np.linspace(other.eval_from_s + every_s, other.end_s, MOMENTS)
            found[change] = outcome(other, change, Oakum().answers(other, moments))
    return [_Both(change, found[FIRST], one) for change, one in found.items()] if FIRST in found else []


def _table(source: str, rows: list[_Both]) -> Iterator[str]:
    lines = []
    for change in CHANGES:
        leaks = [both for both in rows if both.change == change and both.plain.fast and both.plain.leaks]
        well = [both for both in rows if both.change == change and not both.plain.leaks]
        if leaks or well:
            later = np.array([both.other.delay_s - both.plain.delay_s for both in leaks]) / 3600
            lines.append([
                change, str(len(leaks)), str(sum(both.plain.found for both in leaks)),
                str(sum(both.other.found for both in leaks)),
                f"{np.nanmedian(later):+.1f}" if np.isfinite(later).any() else "–",
                str(len(well)), str(sum(both.plain.early > 0 for both in well)),
                str(sum(both.other.early > 0 for both in well)),
            ])  # fmt: skip
    if lines:
        yield f"\n== {source}"
        yield plain(
            ("told", "leaks", "found as it is", "found", "later, h", "healthy", "false as it is", "false"), lines
        )
