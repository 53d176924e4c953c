"""Which container of a workload it is, and whether one replica grows or all do: in sentences and in figures. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf, isfinite

from oakum.model.container_memory import ContainerMemory
from oakum.model.kill import Boundary, Kill
from oakum.model.units import format_count, format_duration, format_rate, format_share, format_size
from oakum.model.verdict import SEVERITY, Forecast, Verdict, VerdictName

HISTORY_S = 3600.0
"""What is told of as long, in seconds, is no short look: a kill from before it says nothing of it."""

YOUNG_S = 60.0
"""In a watch as short, in seconds, and of few samples a rise makes no suspicion yet; it is no health either."""


def worst(memories: Sequence[ContainerMemory]) -> ContainerMemory | None:
    """Of those that grow, by the firmest verdict the one that dies first; of the others the fullest. None for none."""
    return max(memories, key=_weight, default=None)


def _weight(memory: ContainerMemory) -> tuple[bool, int, float, float]:
    verdict = memory.verdict
    rate = verdict.rate_per_s or 0.0
    left_s = (verdict.limit - verdict.level) / rate if memory.grows and verdict.limit and rate > 0 else inf
    fullness = verdict.level / verdict.limit if verdict.limit else 0.0
    return memory.grows, SEVERITY.index(verdict.name), -left_s, rate if memory.grows and left_s == inf else fullness


def over_both(
    watched: Sequence[ContainerMemory], past: Sequence[ContainerMemory]
) -> tuple[list[ContainerMemory], list[ContainerMemory]]:
    """Who is judged: each container once, by its history where one is told; and those that give way to the other.

    A watch stands against a history where the container grows, and holds more than was ever told of it: that is news.
    """
    judged: dict[tuple[str, str], ContainerMemory] = {(each.pod_uid, each.name): each for each in past}
    others: list[ContainerMemory] = []
    for each in watched:
        known = judged.get((each.pod_uid, each.name))
        if known is None or _news(each, known):
            judged[each.pod_uid, each.name] = each
            others += [] if known is None else [known]
        else:
            others.append(each)
    return list(judged.values()), others


def _news(now: ContainerMemory, known: ContainerMemory) -> bool:
    untold = known.verdict.name is VerdictName.CANNOT_TELL
    return (untold and now.verdict.name is not VerdictName.CANNOT_TELL) or (
        now.grows and not known.grows and now.peak > known.peak
    )


def memory_line(memory: ContainerMemory) -> str:
    """``cart-1/app: 60.0 MiB of 96.0 MiB, +1.0 MiB/s, limit in 36 s (30 samples in 29 s by the kubelet): suspect``."""
    verdict = memory.verdict
    parts = [f"{format_size(verdict.level)} of {_bound(verdict)}"]
    if verdict.rate_per_s is not None:
        parts.append(format_rate(verdict.rate_per_s))
    soon = _soon(verdict)
    if soon is not None:
        parts.append(f"{soon.boundary} in {format_duration(soon.p50_s)}")
    lives, span_s = memory.series.lifetimes, _span_s(memory)
    runs = f", {format_count(len(lives))} runs" if len(lives) > 1 else ""
    seen = f"{format_count(memory.series.samples)} samples in {format_duration(span_s)}{runs}, from {memory.source}"
    return f"{memory.title}: {', '.join(parts)} ({seen}): {verdict.name.value}"


def memory_facts(memory: ContainerMemory) -> dict[str, object]:
    """Plain values."""
    verdict = memory.verdict
    soon = _soon(verdict)
    return {
        "pod": memory.pod,
        "pod_uid": memory.pod_uid,
        "container": memory.name,
        "image_id": memory.image_id,
        "node": memory.node,
        "source": memory.source,
        "samples": memory.series.samples,
        "lifetimes": len(memory.series.lifetimes),
        "verdict": verdict.name.value,
        "probability": verdict.probability,
        "level_bytes": verdict.level,
        "limit_bytes": verdict.limit,
        "rate_bytes_per_s": verdict.rate_per_s,
        "limit_in_s": None if soon is None else soon.p50_s,
        "grows": memory.grows,
    }


def replicas(memories: Sequence[ContainerMemory]) -> Iterator[tuple[str, dict[str, object]]]:
    """Of each container that several pods have: does one of them grow, or do all? (words, plain values)"""
    by_name: dict[str, list[ContainerMemory]] = {}
    for memory in memories:
        by_name.setdefault(memory.name, []).append(memory)
    for name, all_of in by_name.items():
        if len(all_of) > 1:
            yield _replicas(name, all_of)


def _replicas(name: str, all_of: Sequence[ContainerMemory]) -> tuple[str, dict[str, object]]:
    growing = [memory for memory in all_of if memory.grows]
    images = {memory.image_id for memory in growing}
    others = {memory.image_id for memory in all_of if not memory.grows}
    facts: dict[str, object] = {
        "container": name,
        "replicas": len(all_of),
        "growing": [memory.pod for memory in growing],
        "images_growing": sorted(images),
        "images_steady": sorted(others),
    }
    many = format_count(len(all_of))
    if not growing:
        return f"{name}: none of {many} replicas is seen to grow", facts
    rates = [memory.verdict.rate_per_s or 0.0 for memory in growing]
    pace = format_rate(max(rates)) if len(rates) == 1 else f"{format_rate(min(rates))} to {format_rate(max(rates))}"
    if len(growing) == len(all_of):
        return f"{name}: all {many} replicas grow, {pace}: what they share, the program, not one's data", facts
    named = ", ".join(memory.pod for memory in growing[:3]) + ("…" if len(growing) > 3 else "")
    told = f"{name}: {format_count(len(growing))} of {many} replicas grow ({named}), {pace}"
    if images.isdisjoint(others):
        return f"{told}: they run another image than the others", facts
    return f"{told}, with the same image: their load or data differs", facts


def judged(  # noqa: PLR0913  (all that speaks about the workload comes together here)
    memory: ContainerMemory,
    *,
    target: str,
    beside: Sequence[ContainerMemory],
    kills: Sequence[Kill],
    compared: Sequence[str],
    told: Sequence[str],
    settles: str | None = None,
) -> Verdict:
    """The worst container's verdict as the workload's. ``beside``: all that were watched.
    ``settles``: what would, where its heap was looked into.

    ``compared``: of replicas; ``told``: of ends. A container that was killed at its own limit is not called healthy
    for half a minute's calm, nor one that gains all through a watch that is too short for a suspicion.
    """
    verdict = memory.verdict
    of_it = [kill for kill in kills if _of(kill, memory) and at_own_limit(kill)]
    young = settles is None and memory.grows and _span_s(memory) < YOUNG_S
    if verdict.name is VerdictName.HEALTHY and (of_it or young):
        verdict = replace(verdict, name=VerdictName.CANNOT_TELL, probability=None)
    named = [] if len(beside) < 2 else [_named(memory, beside)]
    if memory.past:
        lasts = format_duration(_span_s(memory))
        named.append(f"it is judged by its last {lasts}, as {memory.source} tells them: no short look")
    return replace(
        verdict,
        reasons=(*named, *verdict.reasons, *compared, *told),
        settles=_command(settles, target)
        if settles and verdict is memory.verdict
        else _settles(verdict, memory, target),
    )


def after(memory: ContainerMemory, process: Verdict, *, compared: bool) -> Verdict:
    """The verdict on its process, watched after ``memory``. ``compared``: two captures of its heap were.

    A container that grew a moment ago is not acquitted because its process stood still since: a heap may have had room.
    """
    if process.name is not VerdictName.HEALTHY or compared or not memory.grows:
        return process
    told = f"before its process stood still, its container grew: {memory_line(memory)}"
    return replace(
        process, name=VerdictName.CANNOT_TELL, probability=None, reasons=(told, *process.reasons), settles=""
    )


def _named(memory: ContainerMemory, beside: Sequence[ContainerMemory]) -> str:
    if not memory.grows:
        return f"of {format_count(len(beside))} containers none is seen to grow; {memory.title} is looked at"
    calm = sorted({each.name for each in beside if not each.grows} - {memory.name})
    told = f", and {', '.join(calm)} beside it {'do' if len(calm) > 1 else 'does'} not grow" if calm else ""
    return f"it is container {memory.name} of {memory.pod}{told}"


def _of(kill: Kill, memory: ContainerMemory) -> bool:
    """Of this very container, and not from before a long history."""
    if (kill.pod, kill.container) != (memory.pod, memory.name):
        return False
    before = kill.at_s is not None and kill.at_s < memory.series.lifetimes[0].at_s[0]
    return not (before and _span_s(memory) >= HISTORY_S)


def at_own_limit(kill: Kill) -> bool:
    return kill.kind.for_memory and kill.boundary in {Boundary.CONTAINER, Boundary.POD, None}


def _settles(verdict: Verdict, memory: ContainerMemory, target: str) -> str:
    if verdict.name in {VerdictName.HEALTHY, VerdictName.LEAK}:
        return ""
    longer = f"oakum investigate {target} --for 15m"
    if verdict.name is VerdictName.CANNOT_TELL:
        return f"its memory for longer: {longer}"
    inside = f"oakum investigate {target} --exec"
    return f"two captures of its heap: {inside}, or the same on node {memory.node} as root; or longer: {longer}"


def _span_s(memory: ContainerMemory) -> float:
    lives = memory.series.lifetimes
    return float(lives[-1].at_s[-1] - lives[0].at_s[0]) if lives else 0.0


def _command(settles: str, target: str) -> str:
    return settles if "oakum " in settles or "--for" in settles else f"{settles}: oakum investigate {target} --for 10m"


def _soon(verdict: Verdict) -> Forecast | None:
    found = [each for each in verdict.forecasts if isfinite(each.p50_s)]
    return min(found, key=lambda each: each.p50_s, default=None)


def _bound(verdict: Verdict) -> str:
    if verdict.limit is None or not isfinite(verdict.limit):
        return "no limit"
    share = f" ({format_share(verdict.level / verdict.limit)})" if verdict.limit else ""
    return f"{format_size(verdict.limit)}{share}"
