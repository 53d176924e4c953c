"""The short answer: one table per part, to tune by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bench.judge.replay import Outcome
from bench.judge.scores import accuracy, foresight, macro_f1, microseconds, reliability, summary
from bench.judge.table import plain
from oakum.model.series import Floats


def told(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Per part: leaks by kind, healthy families by false episodes, and what was missed or falsely alarmed."""
    for part in dict.fromkeys(one.part for one in outcomes):
        inside = [one for one in outcomes if one.part == part]
        yield f"\n== {part}: {len(inside)} series"
        yield from _leaks(inside)
        yield from _healthy(inside)
        yield from _whole(inside)
        yield from _wrong(inside)


def _leaks(outcomes: Sequence[Outcome]) -> Iterator[str]:
    rows = []
    for kind in sorted({one.kind for one in outcomes if one.leaks}):
        fast = [one for one in outcomes if one.kind == kind and one.fast]
        slow = [one for one in outcomes if one.kind == kind and not one.fast]
        delay, delay_p90, _ = summary(_column(fast, "delay_s") / 3600)
        share, share_p90, _ = summary(_column(fast, "headroom"))
        rows.append(
            [
                kind,
                f"{sum(one.found for one in fast)}/{len(fast)}",
                f"{sum(one.found for one in slow)}/{len(slow)}",
                f"{sum(one.early for one in fast + slow)}",
                f"{delay.value:.1f}",
                f"{delay_p90:.1f}",
                f"{share.value:.2f}",
                f"{share_p90:.2f}",
            ]
        )
    if rows:
        head = ("leak", "found ≥15 %", "slower", "early", "delay h", "P90", "of headroom", "P90")
        yield plain(head, rows)


def _healthy(outcomes: Sequence[Outcome]) -> Iterator[str]:
    rows = []
    for family in sorted({one.family for one in outcomes if not one.leaks}):
        inside = [one for one in outcomes if one.family == family and not one.leaks]
        days = sum(one.healthy_days for one in inside)
        episodes = sum(one.early for one in inside)
        rate = 1000 * episodes / days if days else float("nan")
        rows.append([family, str(len(inside)), f"{days:.1f}", str(episodes), f"{rate:.0f}"])
    if rows:
        yield ""
        yield plain(("healthy", "series", "days", "episodes", "per 1,000 d"), rows)


def _whole(outcomes: Sequence[Outcome]) -> Iterator[str]:
    sure = [one for one in outcomes if not one.leaks or one.fast]
    for title, some in (("≥15 % of the limit", sure), ("all", outcomes)):
        got = accuracy(some)
        yield (
            f"{title}: precision {got.precision}  recall {got.recall}  F1 {got.f1}"
            f"  episodes/1,000 d {got.per_1000_days.value:.1f} ({got.episodes} in {got.healthy_days:.0f} d)"
        )
    mean, table = macro_f1(outcomes)
    shapes = ", ".join(f"{name} {value.value:.2f} ({count})" for name, (value, count) in table.items())
    if table:
        yield f"pattern macro-F1 {mean}: {shapes}"
    for row in foresight(outcomes):
        if row.asked:
            yield (
                f"forecast at {row.life:.0%} of life: error {row.error.value:.2f}, P90 {row.error_p90:.2f}, given"
                f" {row.given}/{row.asked}, in p10-p90 {row.within_80.value:.2f}, in p5-p95 {row.within_90.value:.2f},"
                f" width {row.width_80:.2f}"
            )
    bins = "  ".join(f"{mean:.2f}→{right:.2f}" for weight, mean, right in reliability(outcomes).tolist() if weight >= 1)
    yield f"probability → was leaking: {bins}"
    yield f"{microseconds(outcomes):.0f} µs an answer"


def _wrong(outcomes: Sequence[Outcome]) -> Iterator[str]:
    missed = [one.name for one in outcomes if one.leaks and one.fast and not one.found]
    false = [f"{one.name} ×{one.early}" for one in outcomes if one.early]
    if missed:
        yield "missed: " + "  ".join(missed)
    if false:
        yield "false:  " + "  ".join(false)


def _column(outcomes: Sequence[Outcome], field: str) -> Floats:
    return np.array([getattr(one, field) for one in outcomes], np.float64)
