"""What was asked for beside what was reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.judge.replay import Outcome
from bench.judge.report.tables import column, sure
from bench.judge.scores import Accuracy, accuracy, foresight, macro_f1, summary
from bench.judge.table import markdown


@dataclass(frozen=True, slots=True)
class Target:
    """``low`` ≤ value ≤ ``high`` is what was asked for. ``best``: the best published figure."""

    title: str
    best: str
    value: float
    low: float = -np.inf
    high: float = np.inf

    @property
    def row(self) -> list[str]:
        if np.isfinite(self.low) and np.isfinite(self.high):
            asked = f"{self.low:g}–{self.high:g}"
        else:
            asked = f"≥ {self.low:g}" if np.isfinite(self.low) else f"≤ {self.high:g}"
        if np.isnan(self.value):
            return [self.title, self.best, asked, "–", "not given"]
        return [
            self.title,
            self.best,
            asked,
            f"{self.value:.3g}",
            "yes" if self.low <= self.value <= self.high else "no",
        ]


def grafted(outcomes: Sequence[Outcome]) -> str:
    """Of generated series, and of leaks grafted onto real ones."""
    some = sure(outcomes)
    leaks = [one for one in some if one.leaks]
    got = accuracy(some)
    rows = [
        Target("precision, leaks ≥ 15 % of the limit", ".85 RESIN", got.precision.value, low=0.97),
        Target("recall, the same", ".91 RESIN", got.recall.value, low=0.97),
        Target("false episodes per 1,000 healthy days", "15–679", got.per_1000_days.value, high=5.0),
        Target("median delay, h", "4–8", summary(column(leaks, "delay_s") / 3600)[0].value, high=3.0),
        Target("median share of the headroom lost", "–", summary(column(leaks, "headroom"))[0].value, high=0.25),
        Target("pattern macro-F1", "–", macro_f1(outcomes)[0].value, low=0.92),
    ]
    for row in foresight(outcomes):
        life = f"at {row.life:.0%} of life"
        rows += [
            Target(f"forecast {life}: median error", ".09–.16", row.error.value, high=0.10),
            Target(f"forecast {life}: P90 error", ".16–.31", row.error_p90, high=0.25),
            Target(f"forecast {life}: 90 % interval covers", "–", row.within_90.value, low=0.87, high=0.93),
        ]
    return _table(rows)


def machines(outcomes: Sequence[Outcome]) -> str:
    """Of virtual machines in production."""
    got: Accuracy = accuracy(outcomes)
    return _table(
        [
            Target("production VMs: F1", ".857 PrecogMF", got.f1.value, low=0.93),
            Target("production VMs: precision", "1.0 PrecogMF", got.precision.value, low=0.95),
            Target("production VMs: recall", ".75 PrecogMF", got.recall.value, low=0.90),
        ]
    )


def _table(rows: Sequence[Target]) -> str:
    return markdown(("", "best reference", "asked for", "Oakum", "reached"), [row.row for row in rows])
