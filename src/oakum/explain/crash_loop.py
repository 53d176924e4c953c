"""A crash loop explained from what there is: its ends, its last words, its settings, the lives that were seen. Pure.

Memory alone cannot tell a start that needs more than the limit from a leak that begins at the start: both grow until
the kernel comes. So the verdict goes no further than a suspicion, and says what would settle it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import isfinite, nan
from statistics import median
from typing import Final

import numpy as np

from oakum.explain.last_words import LastWords, last_words
from oakum.model.absent import Absent
from oakum.model.cluster_pod import Container, Running, Waiting
from oakum.model.crash_loop import CrashLoop, Life
from oakum.model.kill import Boundary, Ended, Kill, KillKind
from oakum.model.lifetimes_trend import trend_of
from oakum.model.series import Ending, Series, WorkloadSeries
from oakum.model.units import format_count, format_duration, format_rate, format_share, format_size
from oakum.model.verdict import Pattern, Verdict, VerdictName

SHORT_S: Final = 30.0
"""A run that lasts no longer, in seconds, is over before two captures of its heap could be taken."""

LOOPS: Final = 2
"""So many restarts make a loop of it."""

ALIKE: Final = 1.25
"""Lives whose paces differ by no more than this factor are alike."""

EDGE_S: Final = 2.0
"""Starts and ends are told in whole seconds: so near to them, in seconds, the first and last sample are theirs."""

FULL: Final = 0.8
"""A share of the limit: who died below it did not die of it."""

EARLY: Final = 0.15
"""Of all that a life gains, so much in its first third is growth from the start."""

LEAST_SAMPLES: Final = 4
OTHER_ENDS: Final = frozenset({KillKind.LIVENESS, KillKind.STOPPED, KillKind.EVICTED})


def loops(container: Container, ends: Sequence[Ended], kills: Sequence[Kill]) -> bool:
    """``ends``, ``kills``: of this container, oldest first. Who was ended by a probe or a person is in no such loop."""
    lasted = lasting(ends)
    if not isinstance(container.restarts, int) or container.restarts < LOOPS or not lasted:
        return False
    return lasted[-1] <= SHORT_S and not (kills and kills[-1].kind in OTHER_ENDS)


def lasting(ends: Sequence[Ended]) -> list[float]:
    """How long the runs lasted that the cluster still tells of, in seconds."""
    return [
        ended.end.finished_s - ended.end.started_s
        for ended in ends
        if not isinstance(ended.end.finished_s, Absent) and not isinstance(ended.end.started_s, Absent)
    ]


def lives_of(series: WorkloadSeries) -> list[Life]:
    return [life for each in series.lifetimes if (life := _life(each)) is not None]


def _life(seen: Series) -> Life | None:
    if len(seen) < LEAST_SAMPLES:
        return None
    at_s, value = seen.at_s - seen.at_s[0], seen.value
    lasted_s, gained = float(at_s[-1]), float(value[-1] - value[0])
    early = float(np.interp(lasted_s / 3, at_s, value) - value[0])
    begun = seen.started_s is not None and seen.at_s[0] - seen.started_s <= EDGE_S
    over = seen.ending is not Ending.RUNNING and (seen.ended_s is None or seen.ended_s - seen.at_s[-1] <= EDGE_S)
    slope = float(np.polyfit(at_s, value, 1)[0])
    share = early / gained if gained > 0 else 0.0
    return Life(lasted_s, float(value[0]), float(value[-1]), slope, share, begun and over)


def told(loop: CrashLoop) -> Iterator[tuple[str, dict[str, object]]]:
    """Its ends, its last words and its settings: (words, plain values)."""
    line, facts = _ends(loop)
    yield line, facts
    words = words_of(loop)
    if words is not None:
        yield f"{loop.name}: its last lines tell of {words.words}", {"last_words": words.words}
    elif isinstance(loop.log, str):
        lines = loop.log.count("\n")
        yield f"{loop.name}: its last {format_count(lines)} lines say nothing of memory", {"last_words": None}
    flags = loop.container.memory_flags
    runs = f"runs {loop.container.program}" if loop.container.program else "runs what its image says"
    names = f"; variables: {', '.join(loop.container.variables[:12])}" if loop.container.variables else ""
    set_ = f"with {' '.join(flags)}" if flags else "with no flag that bounds its memory"
    yield (
        f"{loop.name}: {runs}, {set_}{names}",
        {"program": loop.container.program, "flags": list(flags), "variables": list(loop.container.variables)},
    )
    blamed = [kill for kill in loop.kills if kill.blame is not None and kill.blame.why]
    if blamed and blamed[-1].blame is not None:
        yield f"{loop.name}: the kernel of its node: {'; '.join(blamed[-1].blame.why)}", {}


def words_of(loop: CrashLoop) -> LastWords | None:
    return last_words(loop.log) if isinstance(loop.log, str) else None


def _ends(loop: CrashLoop) -> tuple[str, dict[str, object]]:
    lasted, wait_s, period_s = lasting(loop.ends), _waited(loop), _period(loop.kills)
    parts = [
        f"{loop.name}: restarted {loop.container.restarts} times; its last run lasted {format_duration(lasted[-1])}"
    ]
    if period_s is not None:
        parts.append(f"about every {format_duration(period_s)} it dies")
    if wait_s is not None:
        parts.append(f"between an end and the next start its kubelet waited {format_duration(wait_s)}")
    if isinstance(loop.container.state, Waiting) and loop.container.state.reason:
        parts.append(f"now it waits ({loop.container.state.reason})")
    trend = trend_of(lasted)
    if trend is not None and trend.words:
        parts.append(trend.words)
    facts = {
        "restarts": loop.container.restarts,
        "lasted_s": lasted[-1],
        "waited_s": wait_s,
        "period_s": period_s,
        "lifetimes_trend": None if trend is None else trend.facts(),
    }
    return "; ".join(parts), {**facts, "pod": loop.pod.name, "container": loop.container.name}


def _waited(loop: CrashLoop) -> float | None:
    """The backoff before the run that runs now."""
    state, last = loop.container.state, loop.container.last
    if not isinstance(state, Running) or last is None:
        return None
    if isinstance(state.started_s, Absent) or isinstance(last.finished_s, Absent):
        return None
    return max(0.0, state.started_s - last.finished_s)


def _period(kills: Sequence[Kill]) -> float | None:
    times = sorted(kill.at_s for kill in kills if kill.at_s is not None)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return median(gaps) if len(gaps) >= 2 else None


def judged(loop: CrashLoop, series: WorkloadSeries, *, target: str) -> Verdict:
    """``series``: the lives that were seen, none where nothing could be sampled."""
    lives, limit = lives_of(series), _limit(loop)
    whole = [life for life in lives if life.whole]
    level = max((life.last_bytes for life in lives), default=nan)
    reasons = tuple(_reasons(loop, lives, limit))
    for_memory = bool(loop.kills) and loop.kills[-1].kind.for_memory
    grew = whole and all(life.rate_per_s > 0 and life.last_bytes > life.first_bytes for life in whole)
    # The kernel, and a JVM of its own heap, know what was met; samples end some moments before.
    known = bool(loop.kills) and loop.kills[-1].boundary in {Boundary.CONTAINER, Boundary.HEAP}
    reached = known or limit is None or all(life.last_bytes >= FULL * limit for life in whole)
    if not (for_memory and grew and reached):
        return Verdict(
            VerdictName.CANNOT_TELL,
            None,
            None,
            level,
            limit=limit,
            reasons=reasons,
            settles=_settles(loop, whole, target),
        )
    rates = [life.rate_per_s for life in whole]
    return Verdict(
        VerdictName.SUSPECT,
        Pattern.LINEAR,
        0.5,
        level,
        rate_per_s=median(rates),
        rate_interval=(min(rates), max(rates)),
        limit=limit,
        reasons=reasons,
        settles=_settles(loop, whole, target),
    )


def _limit(loop: CrashLoop) -> float | None:
    bound = loop.container.bound_bytes
    return float(bound) if isinstance(bound, int) else None


def _reasons(loop: CrashLoop, lives: Sequence[Life], limit: float | None) -> Iterator[str]:
    whole = [life for life in lives if life.whole]
    last = loop.kills[-1] if loop.kills else None
    words = words_of(loop)
    if words is not None:
        yield f"its last lines tell of {words.words}: a limit of its own, not the container's"
    if last is not None and last.kind is KillKind.CANNOT_TELL:
        yield "why it dies is not known: its last lines would tell"
    elif last is not None and not last.kind.for_memory:
        yield f"it does not die for memory: {last.kind.value}, {'; '.join(last.speaks_for[:2])}"
    if not whole:
        many = "one was" if len(lives) == 1 else f"{format_count(len(lives))} were"
        part = f"; {many} seen in part" if lives else ""
        yield f"no life was seen from its start to its death{part}"
        return
    yield lives_line(whole, limit)
    if last is None or not last.kind.for_memory:
        return
    rates = [life.rate_per_s for life in whole]
    if min(rates) <= 0:
        return
    alike = max(rates) / min(rates) <= ALIKE
    if median(life.early_share for life in whole) < EARLY:
        yield "it starts with less and grows later: rather a leak than a start that needs too much"
    elif alike and len(whole) > 1:
        yield (
            "alike in each life and from its first second: it needs more than its limit to start (undersized),"
            " or leaks from the start; memory alone cannot tell which"
        )
    elif len(whole) > 1:
        yield "the pace differs from life to life: its load or its data decides"


def lives_line(whole: Sequence[Life], limit: float | None) -> str:
    """``each of 3 lives grew alike: from 8.00 MiB to 93.0 MiB of 96.0 MiB in 2.10 s, +40.0 MiB/s``."""
    first, last = median(life.first_bytes for life in whole), median(life.last_bytes for life in whole)
    rates = [life.rate_per_s for life in whole]
    pace = format_rate(median(rates))
    of = f" of {format_size(limit)} ({format_share(last / limit)})" if limit and isfinite(limit) else ""
    alike = min(rates) > 0 and max(rates) / min(rates) <= ALIKE
    what = "one life went" if len(whole) == 1 else f"each of {format_count(len(whole))} lives went"
    what += " alike" if alike and len(whole) > 1 else ""
    lasted = format_duration(median(life.lasted_s for life in whole))
    paces = "" if alike else f" ({format_rate(min(rates))} to {format_rate(max(rates))})"
    return f"{what}: from {format_size(first)} to {format_size(last)}{of} in {lasted}, {pace}{paces}, and died"


def _canary(target: str) -> str:
    """As the plan names it; a pod's canary has a name of its own."""
    named, at, context = target.partition("@")
    return target if named.startswith("pod/") else f"{named}-canary{at}{context}"


def _settles(loop: CrashLoop, whole: Sequence[Life], target: str) -> str:
    limit, again = _limit(loop), f"oakum investigate {target}"
    if whole and limit and loop.kills and loop.kills[-1].kind.for_memory:
        own = loop.kills[-1].kind is KillKind.JVM
        room = "a heap four times as large" if own else f"more room, {format_size(4 * limit)} say"
        return (
            f"one canary with {room}: levelling off below is a limit that was too"
            f" small, dying later the same way is a leak: oakum investigate {_canary(target)}"
        )
    return f"its lives from start to death, by the same command on node {loop.pod.node} as root: {again} --for 6m"
