"""Memory that follows the load: more connections or requests at once take more, and give it back when they go."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from oakum.explain.remedies import with_advice
from oakum.model.cause import Cause, CauseName
from oakum.model.surroundings import Crowd, Surroundings
from oakum.model.units import format_count, format_size
from oakum.model.verdict import Pattern, Verdict

LEAST_MOMENTS = 5
LEAST_MORE = 10
GREW = 1.5
"""So many times the connections of the begin."""

FOLLOWS = 0.9
"""Correlation of memory with the number of connections from which on it is said to follow."""

LEAST_BYTES = 4 << 20


def look(around: Surroundings, verdict: Verdict) -> Cause | None:
    return _by_connections(around) or _by_rate(around, verdict)


def _by_rate(around: Surroundings, verdict: Verdict) -> Cause | None:
    """The judge knew a request rate, and took it out."""
    if verdict.pattern is not Pattern.LOAD_DRIVEN:
        return None
    found = Cause(
        name=CauseName.LOAD_GROWTH,
        confidence=0.8,
        title="memory follows the request rate",
        holder="requests at once",
        retained_bytes=None,
        growth_bytes_per_s=max(verdict.rate_per_s or 0.0, 0.0),
        why=("with the request rate taken out nothing is left that grows",),
        against=("a leak for each request follows the rate as well, and does not come back at night",),
        evidence=("series",),
    )
    return with_advice(found, around.language)


def _by_connections(around: Surroundings) -> Cause | None:
    crowds = around.crowds
    if len(crowds) < LEAST_MOMENTS:
        return None
    first, last = crowds[0], crowds[-1]
    more, gained = last.inbound - first.inbound, last.anon_bytes - first.anon_bytes
    if more < LEAST_MORE or last.inbound < GREW * max(first.inbound, 1) or gained < LEAST_BYTES:
        return None
    alike = correlation(crowds)
    if alike < FOLLOWS:
        return None
    fell = any(after.inbound < before.inbound for before, after in zip(crowds, crowds[1:], strict=False))
    seconds = max(last.at_s - first.at_s, 1e-9)
    counts = f"{format_count(first.inbound)} → {format_count(last.inbound)}"
    found = Cause(
        name=CauseName.LOAD_GROWTH,
        confidence=0.6 if fell else 0.45,
        title=f"connections became more with memory: {counts}, about {format_size(gained // more)} each",
        holder="open connections",
        retained_bytes=gained,
        growth_bytes_per_s=gained / seconds,
        why=(f"memory follows their number (correlation {alike:.2f})",),
        against=(
            "connections that are held although their clients have gone look the same: watch until the load falls",
            *(() if fell else ("they only became more meanwhile: nothing came back yet",)),
        ),
        evidence=around.ids("crowds"),
    )
    return with_advice(found, around.language)


def correlation(crowds: Sequence[Crowd]) -> float:
    """Pearson's, of memory with connections; 0 where one of them stands still."""
    many = len(crowds)
    xs, ys = [float(each.inbound) for each in crowds], [float(each.anon_bytes) for each in crowds]
    mean_x, mean_y = sum(xs) / many, sum(ys) / many
    spread = sqrt(sum((x - mean_x) ** 2 for x in xs) * sum((y - mean_y) ** 2 for y in ys))
    if not spread:
        return 0.0
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
