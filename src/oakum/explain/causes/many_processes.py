"""More and more processes: each is small, their number grows."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from oakum.explain.remedies import with_advice
from oakum.model.cause import Cause, CauseName
from oakum.model.surroundings import Member, Surroundings
from oakum.model.units import format_count, format_rate, format_share, format_size

MORE = 3
"""So many more processes than before are more than one that was replaced."""

STAYED_S = 5.0
"""Who came and has been there for so long is no helper that ends again at once."""

LEAST_BYTES = 8 << 20
PERHAPS, YES = 0.4, 0.6
"""Shares of what all of them gained."""

MANY = 8
HIGH = 0.8
"""Of the limit."""


def look(around: Surroundings) -> Cause | None:
    return _more(around) or _many(around)


def grows(around: Surroundings) -> bool:
    """Whether it is their number that grows, also without those that only just came."""
    stayed = [each for each in around.members if each.before is not None or (each.age_s or 0.0) >= STAYED_S]
    return _more(around) is not None and _more(replace(around, members=tuple(stayed))) is not None


def _more(around: Surroundings) -> Cause | None:
    new = [each for each in around.members if each.before is None]
    gone = [each for each in around.members if each.after is None]
    if len(new) - len(gone) < MORE:
        return None
    gained = _held(new) - sum(each.before or 0 for each in gone)
    whole = sum((each.after or 0) - (each.before or 0) for each in around.members)
    part = gained / whole if whole > 0 else 0.0
    if gained < LEAST_BYTES or part < PERHAPS:
        return None
    name, count = Counter(each.name for each in new).most_common(1)[0]
    before = sum(each.before is not None for each in around.members)
    now = sum(each.after is not None for each in around.members)
    first, last = around.charge or (None, None)
    seconds = max(last.at_s - first.at_s, 1e-9) if first is not None and last is not None else 0.0
    rate = gained / seconds if seconds else 0.0
    more = f"{format_count(before)} → {format_count(now)}"
    found = Cause(
        name=CauseName.MANY_PROCESSES,
        confidence=0.85 if part >= YES and not gone else 0.55,
        title=f"its processes became more: {more}, {format_count(count)} new {name}",
        holder=f"processes named {name}",
        retained_bytes=_held(new),
        growth_bytes_per_s=rate,
        why=(
            f"{format_count(len(new))} processes came and {format_count(len(gone))} went",
            f"the new ones hold {format_size(_held(new))}, {format_share(min(part, 1.0))} of what all of them gained",
            *((f"that is {format_rate(rate)}",) if seconds else ()),
        ),
        against=("a pool of workers that starts up stops at its size",),
        evidence=around.ids("members", "charge"),
    )
    return with_advice(found, around.language)


def _many(around: Surroundings) -> Cause | None:
    """No more than before, and together too many for the limit."""
    limit = around.limit
    alive = [each for each in around.members if each.after is not None]
    if limit is None or len(alive) < MANY:
        return None
    name, count = Counter(each.name for each in alive).most_common(1)[0]
    alike = [each for each in alive if each.name == name]
    held = _held(alike)
    if count < MANY or held < HIGH * limit.limit_bytes:
        return None
    each_holds = format_size(held // count)
    together = format_size(held)
    found = Cause(
        name=CauseName.MANY_PROCESSES,
        confidence=0.4,
        title=f"{format_count(count)} processes named {name} hold {together}: each is small, together they are not",
        holder=f"processes named {name}",
        retained_bytes=held,
        growth_bytes_per_s=0.0,
        why=(f"each holds about {each_holds}; together {format_share(held / limit.limit_bytes)} of the limit",),
        against=("pages that they share since fork are counted once for each that wrote to them",),
        evidence=around.ids("members", "charge"),
    )
    return with_advice(found, around.language)


def _held(rows: list[Member]) -> int:
    return sum(each.after or 0 for each in rows)
