"""Which group of connections leaks: opened, used once, and never closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import Final

from oakum.explain.postgres.groups import SEEN_S, Group, Moment, used_once
from oakum.model.postgres import Session
from oakum.model.units import format_duration
from oakum.model.verdict import VerdictName

LEAST_GAIN: Final = 3
"""Fewer connections more are no growth."""

SURE_GAIN: Final = 5
"""With so many more, growth is told without a past that agrees."""

LEFT_SHARE: Final = 0.1
"""Of the connections that came, so many may go again."""

UNUSED_SHARE: Final = 0.7
"""Of the connections that came, so many were used once and never again."""

LOST_SHARE: Final = 0.5
"""Of the growth, so much is told by connections that were lost meanwhile: the last ones are not known to be yet."""

QUARTERS: Final = 3
"""Of the watch, in so many some came: a pool that is filled at once is none."""

OLD_S: Final = 60.0
"""Connections that are older, in seconds, tell of a time before the watch."""

MANY_OLD: Final = 10
"""So many of them, unused, tell enough."""

SPREAD_SHARE: Final = 0.1
"""Of the old ones, at least so many began in each quarter of their time: a pool opens its own together."""

Z90: Final = 1.645
"""The normal distribution's, for an interval of 90 %."""


@dataclass(frozen=True, slots=True)
class Leak:
    """``rate_per_s``: connections a second, with its interval. ``since_s``: how long before the last sample it began.

    ``seen``: it was seen to grow in the watch; else it is concluded from the ages of what is there. ``at``: where the
    connections lead, "" for the server itself.
    """

    group: Group
    name: VerdictName
    probability: float
    rate_per_s: float
    interval: tuple[float, float]
    since_s: float
    why: tuple[str, ...]
    seen: bool = True
    settles: str = ""
    at: str = ""

    def reaches_s(self, left: float) -> tuple[float, float, float]:
        """(p10, p50, p90) seconds until ``left`` more connections are there."""
        slow, fast = self.interval
        early, middle, late = (max(left, 0.0) / rate if rate > 0 else inf for rate in (fast, self.rate_per_s, slow))
        return early, middle, late


def leaks(
    groups: Sequence[Group], moments: Sequence[Moment], *, at: str = "", pressed: bool = False
) -> tuple[Leak, ...]:
    """The fastest first. ``at``: where, "" for the server itself. ``pressed``: little room is left there: what has
    filled it grows no more.
    """
    span_s = moments[-1][0] - moments[0][0]
    found = []
    for group in groups:
        leak = _grown(group, len(moments), span_s, at) or _old(group, at)
        if leak is None and pressed:
            leak = _filled(group, len(moments[-1][1]), at)
        if leak is not None:
            found.append(leak)
    return tuple(sorted(found, key=lambda leak: (not leak.seen, -leak.rate_per_s)))


def _grown(group: Group, samples: int, span_s: float, at: str) -> Leak | None:
    kept, came = group.kept, len(group.began)
    if group.gained < LEAST_GAIN or span_s <= 0 or group.left > LEFT_SHARE * came:
        return None
    quarters = {4 * (number - 1) // max(samples - 1, 1) for number in group.began.values()}
    if len(quarters) < min(QUARTERS, samples - 1):
        return None
    known = [each for each in kept if each.age_s is not None and each.age_s >= SEEN_S]
    unused = sum(map(used_once, known))
    went = f"{group.left} went" if group.left else "none went"
    course = f"{group.first} → {group.last} connections of {group.title}{at} in {format_duration(span_s)}"
    why = [f"{course}: {came} were opened, {went}"]
    if not known:
        hidden = any(not each.state for each in group.sessions)
        why += ["whether they are in use is hidden from us"] if hidden else []
        return _suspected(group, span_s, why, at)
    old = _unused_old(group, span_s)
    if unused < UNUSED_SHARE * len(known):
        return _left_behind(group, span_s, why, at)
    why.append(f"{unused} of {len(known)} of them were used once when they were opened, and never again")
    if group.first == 0 or (group.gained < SURE_GAIN and len(old) < MANY_OLD):
        return _suspected(group, span_s, why, at)
    if len(old) >= LEAST_GAIN:
        why.append(f"{len(old)} older ones have not been used since they were opened either")
    since_s = max((each.age_s or 0.0 for each in (*old, *kept)), default=span_s)
    sure = 0.97 if len(old) >= LEAST_GAIN and group.gained >= SURE_GAIN else 0.93
    interval = _interval(group.gained, span_s)
    return Leak(group, VerdictName.LEAK, sure, group.gained / span_s, interval, since_s, tuple(why), at=at)


def _left_behind(group: Group, span_s: float, why: list[str], at: str) -> Leak | None:
    """They were in use for a while each, and then were lost: an error path, and not the first use."""
    behind = group.left_behind
    left = [each for each in group.sessions if each.id in behind]
    lost = [each for each in left if (each.used_s or 0.0) <= span_s]
    if len(lost) < max(LEAST_GAIN, LOST_SHARE * group.gained):
        return None
    why.append(f"{len(lost)} were last used in that time and lie idle since, while their client opened newer ones")
    old = [each for each in left if (each.used_s or 0.0) > span_s]
    if group.first == 0 or group.gained < SURE_GAIN:
        return _suspected(group, span_s, why, at)
    if len(old) >= LEAST_GAIN:
        why.append(f"{len(old)} older ones were left like them")
    since_s = max((each.age_s or 0.0 for each in (*old, *lost)), default=span_s)
    sure = 0.93 if len(old) >= LEAST_GAIN else 0.88
    interval = _interval(group.gained, span_s)
    return Leak(group, VerdictName.LEAK, sure, group.gained / span_s, interval, since_s, tuple(why), at=at)


def _suspected(group: Group, span_s: float, why: list[str], at: str) -> Leak:
    longer = format_duration(max(4 * span_s, 60.0)).replace(" ", "")
    settles = f"a pool that fills ends at its bound: the same command with --for {longer}"
    interval = _interval(group.gained, span_s)
    rate = group.gained / span_s
    return Leak(group, VerdictName.SUSPECT, 0.6, rate, interval, span_s, tuple(why), settles=settles, at=at)


def _unused_old(group: Group, span_s: float) -> list[Session]:
    return [each for each in group.unused if each.id not in group.began and (each.age_s or 0.0) > span_s]


def _old(group: Group, at: str) -> Leak | None:
    """From ages alone: what is there now, opened one after another over a long time, and never used again."""
    ages = sorted(each.age_s for each in group.unused if each.age_s is not None and each.age_s >= OLD_S)
    if len(ages) < MANY_OLD or len(ages) < 0.6 * group.last:
        return None
    oldest = ages[-1]
    parts = [sum(low * oldest / 4 <= age <= (low + 1) * oldest / 4 for age in ages) for low in range(4)]
    if min(parts) < SPREAD_SHARE * len(ages):
        return None
    rate = len(ages) / oldest
    why = (
        f"{len(ages)} of {group.last} connections of {group.title}{at} were used once, when they were opened",
        f"they were opened one after another over {format_duration(oldest)}",
    )
    longer = format_duration(max(20.0, 2 * SURE_GAIN / rate)).replace(" ", "")
    settles = f"a pool that replaces its connections by age stays as large: the same command with --for {longer}"
    interval = _interval(len(ages), oldest)
    return Leak(group, VerdictName.SUSPECT, 0.6, rate, interval, oldest, why, seen=False, settles=settles, at=at)


def _filled(group: Group, of: int, at: str) -> Leak | None:
    """Most of what is taken, and unused: a leak that has reached the end, or a pool that is larger than it needs."""
    unused = group.unused
    ages = [each.age_s for each in unused if each.age_s is not None]
    if len(ages) < SURE_GAIN or len(ages) < UNUSED_SHARE * group.last or len(ages) < of / 2:
        return None
    oldest = max(ages)
    why = (
        f"{len(ages)} of the {of} connections{at} that are taken are {group.title}'s, used once, when they were opened",
    )
    settles = "make room as the plan has it, or restart it: then a leak grows again, and --for 10m shows it"
    return Leak(
        group,
        VerdictName.SUSPECT,
        0.75,
        # How fast it came here says nothing of now.
        0.0,
        (0.0, 0.0),
        oldest,
        why,
        seen=False,
        settles=settles,
        at=at,
    )


def _interval(count: int, span_s: float) -> tuple[float, float]:
    """Of a rate from counted events: Poisson's, by its normal approximation."""
    wide = Z90 * sqrt(count)
    return max(count - wide, 0.0) / span_s, (count + wide) / span_s
