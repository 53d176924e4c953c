"""The five plots of a set of outcomes: precision-recall, delay, reliability, forecast error and cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bench.judge.replay import LIVES, Outcome
from bench.judge.report.svg import Axis, Mark, Plotted, bars, chart, decades, share_axis
from bench.judge.scores import accuracy, foresight, microseconds, precision_recall, reliability

FIRST = "Oakum"
HOURS = Axis(
    "since the onset",
    0.1,
    240.0,
    ((0.1, "6 min"), (0.5, "30 min"), (1.0, "1 h"), (3.0, "3 h"), (10.0, "10 h"), (24.0, "1 d"), (96.0, "4 d")),
    log=True,
)
MINUTES = Axis(
    "since the onset",
    0.005,
    1.0,
    ((1 / 120, "30 s"), (1 / 60, "1 min"), (0.05, "3 min"), (1 / 6, "10 min"), (0.5, "30 min")),
    log=True,
)
"""For programs that live for minutes."""

OFF = Axis(
    "error, as a share of the time left",
    0.01,
    10.0,
    ((0.01, "1 %"), (0.03, "3 %"), (0.1, "10 %"), (0.3, "30 %"), (1.0, "100 %"), (10.0, "1,000 %")),
    log=True,
)


def plots(outcomes: Mapping[str, Sequence[Outcome]], what: str) -> dict[str, str]:
    """SVG by name. ``outcomes`` by detector, in the order of the legend; ``what``: the set, for the titles.

    A plot without anything to draw is left out.
    """
    sure = {name: [one for one in many if not one.leaks or one.fast] for name, many in outcomes.items()}
    drawn = {
        "precision-recall": _precision_recall(sure, what),
        "delay": _delay(sure, what),
        "reliability": _reliability(outcomes.get(FIRST, ()), what),
        "forecast": _forecast(outcomes, what),
        "cost": _cost(outcomes, what),
    }
    return {name: text for name, text in drawn.items() if text}


def _precision_recall(outcomes: Mapping[str, Sequence[Outcome]], what: str) -> str:
    rows = []
    for colour, (name, many) in enumerate(outcomes.items()):
        if not any(one.leaks for one in many):
            continue
        got = accuracy(many)
        recall, precision = precision_recall(many)
        point = (Mark(got.recall.value, got.precision.value),) if np.isfinite(got.precision.value) else ()
        line = tuple(zip(recall.tolist(), precision.tolist(), strict=True))
        if line or point:
            rows.append(Plotted(name, colour, line, point))
    title = f"Precision and recall, {what} (dot: as it alarms; line: by its score)"
    return chart(title, share_axis("recall"), share_axis("precision"), rows) if rows else ""


def _delay(outcomes: Mapping[str, Sequence[Outcome]], what: str) -> str:
    """The share of leaks found within so many hours; an early alarm is no find."""
    found = {name: np.sort([one.delay_s / 3600 for one in many if one.found]) for name, many in outcomes.items()}
    axis = HOURS if any(hours.size and hours[-1] >= 1 for hours in found.values()) else MINUTES
    rows = []
    for colour, (name, many) in enumerate(outcomes.items()):
        leaks = sum(one.leaks for one in many)
        if not leaks:
            continue
        points = [(axis.low, 0.0)]
        for number, hour in enumerate(found[name].tolist(), 1):
            at = max(hour, axis.low)
            points += [(at, points[-1][1]), (at, number / leaks)]
        points.append((axis.high, points[-1][1]))
        rows.append(Plotted(name, colour, tuple(points)))
    return chart(f"Leaks found since the onset, {what}", axis, share_axis("leaks found"), rows) if rows else ""


def _reliability(outcomes: Sequence[Outcome], what: str) -> str:
    table = reliability(outcomes)
    weights = table[:, 0]
    marks = tuple(
        Mark(said, right, radius=3 + 9 * float(np.sqrt(weight / weights.max())))
        for weight, said, right in table.tolist()
        if weight >= 1
    )
    if not marks:
        return ""
    rows = [Plotted(FIRST, 0, tuple((mark.x, mark.y) for mark in marks), marks)]
    title = f"Reliability, {what} (area: number of series)"
    return chart(
        title, share_axis("probability that was said"), share_axis("share that was leaking"), rows, diagonal=True
    )


def _forecast(outcomes: Mapping[str, Sequence[Outcome]], what: str) -> str:
    """Median of the error, whisker to the P90."""
    rows: list[Plotted] = []
    for colour, (name, many) in enumerate(outcomes.items()):
        given = [row for row in foresight(many) if row.given]
        shift = 0.012 * (len(rows) - 0.5)
        marks = tuple(
            Mark(row.life + shift, row.error.value, row.error.value, row.error_p90)
            for row in given
            if row.error.value > 0
        )
        if marks:
            rows.append(Plotted(name, colour, tuple((mark.x, mark.y) for mark in marks), marks))
    lives = Axis("share of the life until the limit", 0.15, 0.85, tuple((life, f"{life:.0%}") for life in LIVES))
    return chart(f"Forecast of the limit, {what} (dot: median; whisker: to P90)", lives, OFF, rows) if rows else ""


def _cost(outcomes: Mapping[str, Sequence[Outcome]], what: str) -> str:
    spent = {name: microseconds(many) for name, many in outcomes.items()}
    rows = [
        (name, colour, value, f"{value:,.0f} µs" if value >= 10 else f"{value:.1f} µs")
        for colour, (name, value) in enumerate(spent.items())
        if value > 0
    ]
    if not rows:
        return ""
    axis = decades("µs per answer in the replay", min(row[2] for row in rows), max(row[2] for row in rows))
    return bars(f"Cost, {what}", axis, rows)
