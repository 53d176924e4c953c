"""One series, looked at: a picture in characters, the truth, and what the judge said and why."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bench.judge.case import Case, prefix
from bench.judge.detector import CANNOT_TELL, HEALTHY, LEAK, SUSPECT
from bench.judge.ours import Oakum, explain
from oakum.model.series import Floats

BARS = " ▁▂▃▄▅▆▇█"
WIDTH, HEIGHT = 100, 8
MARKS = {HEALTHY: "·", SUSPECT: "?", LEAK: "!", CANNOT_TELL: " "}


def told(case: Case, every_s: float, at_share: float | None) -> Iterator[str]:
    """``at_share``: the moment to explain, as a share of the window; None is the first alarm, or the end."""
    truth = case.truth
    at, value, _ = case.flat()
    start, end = float(at[0]), float(at[-1])
    answers = Oakum().answers(case, case.times(every_s))
    yield f"{case.name}: {at.size} samples, {(end - start) / 3600:.1f} h, {len(case.series.lifetimes)} lifetimes"
    yield f"truth: {truth.kind or 'healthy'} on {truth.family}; patterns {', '.join(truth.patterns) or 'not scored'}"
    if truth.onset_s is not None:
        crosses = ", ".join(f"{(moment - start) / 3600:.1f} h" for moment in truth.crosses_s[:4])
        yield (
            f"onset {(truth.onset_s - start) / 3600:.1f} h; reaches {truth.reach:.2f} of the limit;"
            f" at the limit: {crosses or 'unknown'}; base {truth.base:.2f}"
        )
    yield from _picture(at, value, truth.limit)
    yield _strip(at, answers.at_s, [MARKS[int(name)] for name in answers.name], truth.onset_s)
    yield f"{value.min():.4g} to {value.max():.4g} {case.series.unit}; limit {truth.limit}"
    alarms = answers.at_s[answers.name == LEAK]
    moment = end if not alarms.size else float(alarms[0])
    if at_share is not None:
        moment = start + at_share * (end - start)
    verdict = explain(prefix(case.series, moment))
    yield f"\nat {(moment - start) / 3600:.1f} h: {verdict.name}, {verdict.pattern}, {verdict.probability}"
    yield from (f"  - {reason}" for reason in verdict.reasons)
    if verdict.settles:
        yield f"  settles: {verdict.settles}"
    for row in verdict.forecasts:
        yield f"  {row}"


def _picture(at: Floats, value: Floats, limit: float | None) -> Iterator[str]:
    """The median of each column, from 0 to the limit or the highest value."""
    edges = np.linspace(at[0], at[-1], WIDTH + 1)
    column = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, WIDTH - 1)
    top = max(float(value.max()), limit or 0.0)
    low = float(value.min())
    bottom = 0.0 if low < 0.5 * top else low - 0.1 * (top - low)
    heights = [
        (float(np.median(value[column == number])) - bottom) / max(top - bottom, 1e-12) * HEIGHT
        if np.any(column == number)
        else 0.0
        for number in range(WIDTH)
    ]
    for row in range(HEIGHT - 1, -1, -1):
        yield "".join(BARS[int(np.clip((height - row) * 8, 0, 8))] for height in heights).rstrip()


def _strip(at: Floats, moments: Floats, marks: list[str], onset_s: float | None) -> str:
    """What was said when; ``^`` is the onset."""
    cells = [" "] * WIDTH
    rank = {" ": 0, "·": 1, "?": 2, "!": 3}
    span = max(float(at[-1] - at[0]), 1e-9)
    for moment, mark in zip(moments.tolist(), marks, strict=True):
        place = int(np.clip((moment - at[0]) / span * WIDTH, 0, WIDTH - 1))
        if rank[mark] > rank[cells[place]]:
            cells[place] = mark
    line = "".join(cells)
    if onset_s is None:
        return line
    return line + "\n" + " " * int(np.clip((onset_s - at[0]) / span * WIDTH, 0, WIDTH - 1)) + "^"
