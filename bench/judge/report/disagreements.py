"""Series on which Oakum and the label differ, as data: a label is somebody's opinion too."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from bench.judge.replay import Outcome

ARGUABLE = Path(__file__).parents[1] / "arguable.csv"
HEAD = (
    "series",
    "set",
    "family",
    "label",
    "oakum",
    "false_episodes",
    "first_alarm_h",
    "highest_probability",
    "pattern_true",
    "pattern_said",
    "others_that_agree_with_oakum",
    "arguable_because",
    "oakum_said",
)


def wrong(one: Outcome) -> bool:
    """A leak that was not found, or an alarm that was false."""
    return (one.leaks and not one.found) or one.early > 0


def as_csv(outcomes: Mapping[str, Sequence[Outcome]], reasons: Callable[[Outcome], str]) -> str:
    """``outcomes`` by detector, Oakum first, each in the same order of series."""
    first, *others = outcomes
    known = arguable()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    for number, one in enumerate(outcomes[first]):
        if not wrong(one):
            continue
        agree = [name for name in others if _same(one, outcomes[name][number])]
        writer.writerow(
            (
                one.name,
                one.part,
                one.family,
                one.kind or "healthy",
                "missed" if one.leaks and not one.found else "false alarm",
                one.early,
                _hours(one.alarmed_s),
                f"{one.highest:.3f}" if np.isfinite(one.highest) else "",
                "|".join(one.patterns),
                one.pattern,
                f"{len(agree)}/{len(others)}",
                known.get(one.name, ""),
                reasons(one),
            )
        )
    return out.getvalue()


def arguable() -> dict[str, str]:
    """Why a label is open to doubt, by the name of the series; written by hand, known to no method."""
    if not ARGUABLE.is_file():
        return {}
    with ARGUABLE.open(encoding="utf-8", newline="") as file:
        return {row["series"]: row["because"] for row in csv.DictReader(file)}


def _same(one: Outcome, other: Outcome) -> bool:
    """Both miss the leak, or both alarm where it is false."""
    missed = one.leaks and not one.found
    return not other.found if missed else other.early > 0


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.2f}" if np.isfinite(seconds) else ""
