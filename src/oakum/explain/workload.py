"""What a workload's containers, kills and replicas say together, in sentences. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import Final

from oakum.explain.crash_loop import lasting
from oakum.model.absent import Absent
from oakum.model.cluster_node import ContainerUsage
from oakum.model.cluster_pod import Bytes, Container, Pod, Terminated, Waiting
from oakum.model.kill import Boundary, Ended, Kill, KillKind
from oakum.model.lifetimes_trend import LifetimesTrend, Tendency, trend_of
from oakum.model.units import format_count, format_duration, format_share, format_size

ALIKE: Final = 1.5
"""Replicas whose largest holds less than so many times what the median one holds are alike."""


def kill_line(kill: Kill) -> str:
    """``cart-1/app: oom-killed (99 %) at 2026-11-21 10:05:00Z, at the limit of its container (96.0 MiB)``."""
    when = "" if kill.at_s is None else f" at {_clock(kill.at_s)}"
    told = f"{kill.pod}/{kill.container or '?'}: {kill.kind.value} ({format_share(kill.confidence)}){when}"
    if kill.boundary is None:
        return told
    size = "" if kill.limit_bytes is None else f" ({format_size(kill.limit_bytes)})"
    whose = f"its {kill.boundary.value}" if kill.boundary in {Boundary.CONTAINER, Boundary.POD} else kill.boundary.value
    spared = kill.blame is not None and kill.blame.killed is False and kill.blame.culprit
    return f"{told}, at the limit of {whose}{size}" + (f"; {spared} held most, and was not killed" if spared else "")


def kill_facts(kill: Kill) -> dict[str, object]:
    """Plain values."""
    uid, container, run, at_s = kill.key
    return {
        "pod": kill.pod,
        "pod_uid": uid,
        "container": container,
        "run": run,
        "at_s": at_s if kill.at_s is None else kill.at_s,
        "kind": kill.kind.value,
        "confidence": kill.confidence,
        "boundary": None if kill.boundary is None else kill.boundary.value,
        "limit_bytes": kill.limit_bytes,
        "group": kill.group,
        "for": list(kill.speaks_for),
        "against": list(kill.against),
        "culprit": None if kill.blame is None else kill.blame.culprit,
        "blame": [] if kill.blame is None else list(kill.blame.why),
    }


def kills_line(kills: Sequence[Kill]) -> str:
    """How many of which kind, and how regularly; "" for none."""
    if not kills:
        return ""
    counts = Counter(kill.kind for kill in kills)
    kinds = ", ".join(f"{format_count(count)} {kind.value}" for kind, count in counts.most_common())
    return f"{kinds}{_rhythm([kill.at_s for kill in kills if kill.kind.for_memory and kill.at_s is not None])}"


def _rhythm(times: Sequence[float]) -> str:
    gaps = [later - earlier for earlier, later in pairwise(sorted(times))]
    if len(gaps) < 2:
        return ""
    return f"; for memory about every {format_duration(median(gaps))} ({format_count(len(gaps) + 1)} times)"


def restarts_line(pod: Pod, container: Container, ends: Sequence[Ended]) -> str:
    """How often, and how long its runs lasted that the cluster still tells of; "" for none."""
    if isinstance(container.restarts, Absent) or (not container.restarts and not ends):
        return ""
    lasted = lasting(ends)
    told = f"{pod.name}/{container.name} was restarted {_times(container.restarts)}"
    if isinstance(container.state, Waiting) and container.state.reason:
        told += f" and waits now ({container.state.reason})"
    if not lasted:
        return f"{told}; how long its runs lasted is no longer told"
    told += f"; its last {'run' if len(lasted) == 1 else 'runs'} lasted {', '.join(map(format_duration, lasted))}"
    trend = trend_of(lasted)
    if trend is None:
        return told
    return f"{told}: {_tendency(trend)} ({format_count(len(lasted))} runs, Kendall's tau {trend.tau:+.2f})"


def _tendency(trend: LifetimesTrend) -> str:
    way = trend.tendency
    return "no trend" if way is Tendency.NEITHER else f"{way.value} and {way.value}"


def restarts_facts(ends: Sequence[Ended]) -> dict[str, object]:
    """Plain values: how long the runs lasted, and whether they get shorter; null for fewer than five."""
    lasted = lasting(ends)
    trend = trend_of(lasted)
    return {"lasted_s": lasted, "lifetimes_trend": None if trend is None else trend.facts()}


def usage_line(pod: Pod, container: Container, usage: ContainerUsage | None) -> str:
    """``cart-1/app: 60.0 MiB of its own, 62.0 MiB with page cache in use, limit 96.0 MiB``."""
    limit = container.bound_bytes
    bound = "no limit" if limit is None else "limit unknown" if isinstance(limit, Absent) else format_size(limit)
    name = f"{pod.name}/{container.name}"
    if usage is None or isinstance(usage.rss_bytes, Absent):
        return f"{name}: {_state(container)}, {'' if limit is None or isinstance(limit, Absent) else 'limit '}{bound}"
    cached = usage.working_set_bytes
    with_cache = "" if isinstance(cached, Absent) else f", {format_size(cached)} with page cache in use"
    share = f" ({format_share(usage.rss_bytes / limit)})" if isinstance(limit, int) and limit else ""
    of = f" of {bound}{share}" if isinstance(limit, int) else f", {bound}"
    return f"{name}: {format_size(usage.rss_bytes)} of its own{of}{with_cache}"


def compared(container: str, held: Sequence[tuple[str, int]]) -> str:
    """Whether the replicas hold alike. ``held``: (pod, bytes of its own); "" for fewer than two."""
    if len(held) < 2:
        return ""
    name, most = max(held, key=lambda each: each[1])
    middle = median(size for _, size in held)
    told = f"{container}: {format_count(len(held))} replicas hold {format_size(min(size for _, size in held))}"
    told = f"{told} to {format_size(most)}"
    if middle > 0 and most / middle >= ALIKE:
        return f"{told}; {name} holds {most / middle:.1f} times what the median one holds"
    return f"{told}: alike"


def reasons(kills: Sequence[Kill], restarts: Sequence[str], replicas: Sequence[str]) -> Iterator[str]:
    """Why the answer is what it is; a leak is never told from one look."""
    line = kills_line(kills)
    yield f"how it ended: {line}" if line else "no end of a run and no kill is known"
    own = sum(kill.kind is KillKind.OOM and kill.boundary is Boundary.CONTAINER for kill in kills)
    if own:
        yield f"{_times(own)} it was the container's own limit: a leak, or a limit that is too small for it"
    above = [kill for kill in kills if kill.boundary in {Boundary.ANCESTOR, Boundary.NODE}]
    culprits = Counter(kill.blame.culprit for kill in above if kill.blame is not None and kill.blame.culprit)
    if above:
        named = f"; {', '.join(culprits)} held most" if culprits else ""
        if not culprits and above[-1].blame is not None:
            named = f"; {above[-1].blame.why[-1]}"
        yield f"{_times(len(above))} it was not its own limit: another one may have taken the memory{named}"
    yield from restarts
    yield from replicas


def _times(count: int) -> str:
    return "once" if count == 1 else f"{format_count(count)} times"


def _state(container: Container) -> str:
    state = container.state
    if isinstance(state, Waiting):
        return f"waits ({state.reason})" if state.reason else "waits"
    if isinstance(state, Terminated):
        return f"has ended ({state.reason})" if state.reason else "has ended"
    return "its state is not told" if isinstance(state, Absent) else "runs, how much it uses is not told"


def own_bytes(usage: ContainerUsage | None) -> Bytes:
    return None if usage is None else usage.rss_bytes


def _clock(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M:%S}Z"
