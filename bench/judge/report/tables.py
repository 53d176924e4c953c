"""The tables of one set of outcomes, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from bench.judge.replay import Outcome
from bench.judge.scores import (
    Figure,
    accuracy,
    foresight,
    macro_f1,
    microseconds,
    reliability,
    share,
    summary,
    upper_bound,
)
from bench.judge.table import markdown
from oakum.model.series import Floats
from oakum.model.units import format_share

HOUR = 3600.0
ByDetector = Mapping[str, Sequence[Outcome]]


def sure(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Healthy series, and leaks that reach 15 % of the limit in the window."""
    return [one for one in outcomes if not one.leaks or one.fast]


def overall(outcomes: ByDetector) -> str:
    head = (
        "method", "precision", "recall", "F1", "slower leaks found", "median delay", "P90", "of the headroom",
        "false episodes per 1,000 healthy days", "healthy time under alarm", "µs per answer",
    )  # fmt: skip
    return markdown(head, [_overall(name, many) for name, many in outcomes.items()])


def _overall(name: str, outcomes: Sequence[Outcome]) -> list[str]:
    some = sure(outcomes)
    got = accuracy(some)
    leaks = [one for one in some if one.leaks]
    slower = [one for one in outcomes if one.leaks and not one.fast]
    delay, delay_p90, _ = summary(column(leaks, "delay_s") / HOUR)
    headroom, _, _ = summary(column(leaks, "headroom"))
    return [
        name,
        str(got.precision),
        f"{got.recall} of {got.leaks}",
        str(got.f1),
        f"{sum(one.found for one in slower)}/{len(slower)}",
        hours(delay),
        span(delay_p90),
        percent(headroom.value),
        episodes(got.episodes, got.healthy_days),
        format_share(sum(one.alarmed_days for one in some) / got.healthy_days) if got.healthy_days else "–",
        cost(microseconds(outcomes)),
    ]


def kinds(outcomes: ByDetector) -> str:
    """Recall by the kind of leak: Oakum with its interval, the others beside it."""
    first, *others = outcomes
    names = sorted({one.kind for one in outcomes[first] if one.leaks and one.fast})
    rows = []
    for kind in names:
        own = [one for one in outcomes[first] if one.kind == kind and one.fast]
        delay, delay_p90, _ = summary(column(own, "delay_s") / HOUR)
        headroom, _, _ = summary(column(own, "headroom"))
        rest = [
            f"{share([one.found for one in outcomes[other] if one.kind == kind and one.fast]).value:.2f}"
            for other in others
        ]
        found = share([one.found for one in own])
        rows.append([kind, str(len(own)), str(found), hours(delay), span(delay_p90), percent(headroom.value), *rest])
    head = ("kind of leak", "series", f"{first}: recall", "median delay", "P90", "of the headroom", *others)
    return markdown(head, rows) if rows else ""


def families(outcomes: ByDetector) -> str:
    """False episodes per 1,000 healthy days by family."""
    first, *others = outcomes
    rows = []
    for family in sorted({one.family for one in outcomes[first] if not one.leaks}):
        own = [one for one in outcomes[first] if one.family == family and not one.leaks]
        days = sum(one.healthy_days for one in own)
        rest = [
            _rate(sum(one.early for one in outcomes[other] if one.family == family and not one.leaks), days)
            for other in others
        ]
        early = sum(one.early for one in own)
        rows.append([family, str(len(own)), f"{days:.1f}", str(early), _rate(early, days), *rest])
    head = ("healthy family", "series", "days", f"{first}: episodes", "per 1,000 days", *others)
    return markdown(head, rows) if rows else ""


def patterns(outcomes: Sequence[Outcome]) -> str:
    mean, table = macro_f1(outcomes)
    rows = []
    for name, (figure, count) in table.items():
        wrong = Counter(
            one.pattern or "none" for one in outcomes if one.patterns[:1] == (name,) and one.pattern not in one.patterns
        )
        instead = ", ".join(f"{said} {times}" for said, times in wrong.most_common(3))
        rows.append([name, str(count), str(figure), instead or "–"])
    if not rows:
        return ""
    rows.append(["**macro-F1**", str(sum(count for _, count in table.values())), f"**{mean}**", ""])
    return markdown(("pattern", "series", "F1", "said instead"), rows)


def forecasts(outcomes: ByDetector) -> str:
    head = (
        "method", "share of life", "given", "median error", "P90 error",
        "90 % interval covers", "its width", "80 % interval covers", "its width",
    )  # fmt: skip
    rows = []
    for name, many in outcomes.items():
        for one in foresight(many):
            if not one.given:
                continue
            rows.append(
                [
                    name,
                    f"{one.life:.0%}",
                    f"{one.given}/{one.asked}",
                    str(one.error),
                    number(one.error_p90),
                    str(one.within_90),
                    number(one.width_90),
                    str(one.within_80),
                    number(one.width_80),
                ]
            )
    return markdown(head, rows) if rows else ""


def trust(outcomes: Sequence[Outcome]) -> str:
    rows = [
        [f"{index / 10:.1f}–{(index + 1) / 10:.1f}", f"{weight:.0f}", f"{said:.3f}", f"{right:.3f}"]
        for index, (weight, said, right) in enumerate(reliability(outcomes).tolist())
        if weight >= 0.5
    ]
    return markdown(("probability", "weight in series", "mean said", "were leaking"), rows) if rows else ""


def column(outcomes: Sequence[Outcome], field: str) -> Floats:
    return np.array([getattr(one, field) for one in outcomes], np.float64)


def episodes(count: int, days: float) -> str:
    """The rate, how it came about, and what it is below with 95 % confidence; of too short a time the count alone."""
    if days < 1:
        return str(count)
    return f"{1000 * count / days:.1f} ({count} in {days:,.0f} d; < {1000 * upper_bound(count) / days:.1f})"


def _rate(count: int, days: float) -> str:
    return f"{1000 * count / days:.0f}" if days else "–"


def hours(figure: Figure) -> str:
    """A time with its interval, from hours."""
    if not np.isfinite(figure.value):
        return "–"
    factor, name = (1.0, "h") if figure.value >= 0.95 else (60.0, "min")
    return f"{factor * figure.value:.1f} {name} ({factor * figure.low:.1f}–{factor * figure.high:.1f})"


def span(value: float) -> str:
    """A time, from hours."""
    if not np.isfinite(value):
        return "–"
    return f"{value:.1f} h" if value >= 0.95 else f"{60 * value:.1f} min"


def cost(microseconds: float) -> str:
    return f"{microseconds:,.0f}" if microseconds >= 10 else f"{microseconds:.1f}"


def percent(value: float) -> str:
    return f"{value:.0%}" if np.isfinite(value) else "–"


def number(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "–"
