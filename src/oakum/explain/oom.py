"""Who is to blame when memory ran out: the one that was killed is not always the one that took it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from oakum.model.oom import Blame, OomReport, OomTask
from oakum.model.units import format_size

MOST_SHARE = 0.5
"""Who held this share of what all candidates held is to blame alone."""

MANY = 3
"""From this many processes of one name on, they are blamed together."""

NEVER = -1000
"""``oom_score_adj`` of what the kernel never kills."""


def blame(report: OomReport) -> Blame:
    """Who held most when it ran out. What was held says nothing of who grew: that is for the series."""
    killed = {kill.pid for kill in report.kills}
    held = sum(task.held_bytes for task in report.tasks)
    largest = report.largest
    why = tuple(_where(report))
    if largest is None or not held:
        return Blame("", (), None, (*why, "the kernel's table of candidates is no longer in its log"))
    if report.usage_bytes is not None and held < MOST_SHARE * report.usage_bytes:
        left = f"{format_size(report.usage_bytes - held)} of {format_size(report.usage_bytes)}"
        return Blame("", (), None, (*why, f"{left} is no process's: files in memory (tmpfs), or the kernel's own"))
    alike = _largest_group(report.tasks)
    together = sum(task.held_bytes for task in alike)
    if largest.held_bytes < MOST_SHARE * held and len(alike) >= MANY and together >= MOST_SHARE * held:
        pids, name = tuple(task.pid for task in alike), alike[0].name
        text = f"{len(alike)} processes named {name} held {format_size(together)} of {format_size(held)} together"
        return Blame(name, pids, killed <= set(pids), (*why, text))
    text = f"{_named(largest)} held {format_size(largest.held_bytes)} of {format_size(held)}"
    if largest.pid in killed:
        return Blame(largest.name, (largest.pid,), True, (*why, f"{text}, and was killed"))
    return Blame(largest.name, (largest.pid,), False, (*why, text, *_spared(largest, report)))


def _largest_group(tasks: Sequence[OomTask]) -> list[OomTask]:
    """Those of one name that hold most together."""
    groups: dict[str, list[OomTask]] = {}
    for task in tasks:
        groups.setdefault(task.name, []).append(task)
    return max(groups.values(), key=lambda group: sum(task.held_bytes for task in group))


def _where(report: OomReport) -> Iterator[str]:
    if report.constraint == "none":
        yield "the whole machine ran out of memory"
    elif report.limit_cgroup:
        size = f" ({format_size(report.limit_bytes)})" if report.limit_bytes is not None else ""
        above = ", which stands above the victim's own cgroup" if report.ancestor else ""
        yield f"the limit of {report.limit_cgroup}{size} was reached{above}"
    if report.group:
        yield f"all of {report.group} was killed as one (memory.oom.group)"


def _spared(largest: OomTask, report: OomReport) -> Sequence[str]:
    """Why another one was killed in its place."""
    if not report.kills:
        return ("nobody was killed for it",)
    victims = {task.pid: task for task in report.tasks}
    first = report.kills[0]
    victim = victims.get(first.pid)
    name = f"{first.victim} (pid {first.pid})"
    if largest.score_adj <= NEVER:
        return (f"{name} was killed in its place: its own oom_score_adj of {largest.score_adj} spares it",)
    if victim is not None and victim.score_adj > largest.score_adj:
        return (f"{name} was killed in its place: oom_score_adj {victim.score_adj} against {largest.score_adj}",)
    return (f"{name} was killed in its place",)


def _named(task: OomTask) -> str:
    return f"{task.name} (pid {task.pid})"
