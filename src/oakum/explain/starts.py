"""When connections began, against when the processes that hold them were started. Pure.

A pool that fills at its start opens all it has soon after; one that loses connections opens more as long as it runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from oakum.model.admission import Instance
from oakum.model.units import format_count, format_duration

LEAST: Final = 5
"""Of fewer connections their starts say nothing."""

WARM_S: Final = 120.0
"""So long after its start a process may take for its pool, in seconds."""

SHARE: Final = 0.9
"""So many of all: a few may have been replaced since."""

QUARTER: Final = 0.1
"""Of those that came over time, so many came in each quarter of it."""

SLACK_S: Final = 5.0
"""Clocks differ: a connection may seem older than its process by so much, in seconds."""


@dataclass(frozen=True, slots=True)
class Starts:
    """``count`` connections of ``who``, the first of them begun at ``first_s``, the last at ``last_s``.

    ``started``: of those that hold them, by name, UTC epoch seconds. ``soon``: how many began within WARM_S of that;
    ``longest_s``: how long after it the last did. ``grows``: some came in each quarter of the time since.
    """

    who: str
    count: int
    soon: int
    first_s: float
    last_s: float
    longest_s: float
    age_s: float
    started: Mapping[str, float]
    grows: bool

    @property
    def facts(self) -> Mapping[str, object]:
        return {
            "who": self.who,
            "connections": self.count,
            "soon": self.soon,
            "instances": len(self.started),
            "first_began_s": self.first_s,
            "last_began_s": self.last_s,
            "grows": self.grows,
        }

    @property
    def sentence(self) -> str:
        count, started = format_count(self.count), _started(self.started)
        if self.soon == self.count:
            took = format_duration(max(self.longest_s, 1.0))
            told = f"all {count} connections of {self.who} began within {took} of the start of {started}"
            young = f"{told}, {format_duration(self.age_s)} ago: too young to tell a pool from growth"
            return told if self.age_s > 2 * WARM_S else young
        warm = f"within {format_duration(WARM_S)} of the start of {started}"
        if self.soon >= SHARE * self.count:
            return f"{format_count(self.soon)} of {count} connections of {self.who} began {warm}"
        over = f"{count} connections of {self.who} came over {format_duration(self.last_s - self.first_s)}"
        if self.grows:
            return f"{over}, in each quarter of the time since the start of {started}: it grows"
        return f"{over}, {format_count(self.soon)} of them {warm}"


def starts(who: str, began: Sequence[tuple[float, Instance]], now_s: float) -> Starts | None:
    """``began``: when each began (UTC epoch seconds), and by whom it is held. None where they say nothing."""
    known = [(at_s, each.name, each.started_s) for at_s, each in began if each.started_s is not None]
    delays = [at_s - started_s for at_s, _, started_s in known]
    # Of who was not there yet when it began it was handed over, or a clock is wrong.
    if len(known) < LEAST or min(delays) < -SLACK_S:
        return None
    times = sorted(at_s for at_s, _, _ in known)
    started = {name: started_s for _, name, started_s in known}
    count, soon = len(known), sum(delay <= WARM_S for delay in delays)
    since_s = min(started.values())
    age_s = max(now_s - since_s, 1.0)
    quarters = [min(max(int((at_s - since_s) / age_s * 4), 0), 3) for at_s in times]
    even = min(map(quarters.count, range(4))) >= QUARTER * count
    grows = even and age_s > 2 * WARM_S and soon < SHARE * count
    return Starts(who, count, soon, times[0], times[-1], max(delays), age_s, started, grows)


def _started(names: Mapping[str, float]) -> str:
    last_s = max(names.values())
    when = f"{datetime.fromtimestamp(last_s, UTC):%Y-%m-%d %H:%M:%S} UTC"
    if len(names) == 1:
        return f"{next(iter(names))} at {when}"
    kind = "pods" if all(name.startswith("pod/") for name in names) else "processes"
    return f"its {format_count(len(names))} {kind}, the last of them at {when}"
