"""Which process to look at: the one that grows, not the shell, tini or pre-fork master in front of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from oakum.model.errors import CallerError, TargetError
from oakum.model.ports import Cgroups, Clock, Processes
from oakum.model.process import ProcessInfo
from oakum.model.target import CgroupTarget, ProcessTarget, Target

COMPARED_S = 3.0
"""How long several candidates are watched side by side before one is chosen, in seconds."""

MOST_CANDIDATES = 256
"""More processes than this under one target are not watched one by one."""


@dataclass(frozen=True, slots=True)
class Subject:
    """``process`` is looked at on behalf of ``target``; ``why``: how it was chosen, "" where there was no choice."""

    target: Target
    process: ProcessInfo
    why: str = ""


def choose(target: Target, *, processes: Processes, cgroups: Cgroups, clock: Clock) -> Subject:
    """Raises TargetError when nothing is there, CallerError for a target that is not of this machine."""
    return _choose_among(target, members(target, processes=processes, cgroups=cgroups), processes, clock)


def members(target: Target, *, processes: Processes, cgroups: Cgroups) -> list[ProcessInfo]:
    """The processes of a target: of ``pid/N`` itself first, then its descendants. Raises as ``choose`` does."""
    if isinstance(target, ProcessTarget):
        return _tree(target.pid, processes)
    if isinstance(target, CgroupTarget):
        pids = set(cgroups.pids(target.path))
        found = [process for process in processes.list() if process.pid in pids]
        if not found:
            raise TargetError(
                f"no process in {target}", why="the cgroup is empty or not there", next_step="oakum scan host"
            )
        return found
    raise CallerError(
        f"{target} is not on this machine",
        why="this version investigates pid/N and cgroup/PATH",
        next_step="oakum scan host    # lists what can be investigated here",
    )


def _tree(pid: int, processes: Processes) -> list[ProcessInfo]:
    """The process and all its descendants, itself first."""
    children: dict[int, list[ProcessInfo]] = {}
    for process in processes.list():
        children.setdefault(process.parent_pid, []).append(process)
    tree = [processes.info(pid)]
    for process in tree:
        tree.extend(children.get(process.pid, ()))
    return tree


def _choose_among(target: Target, candidates: Sequence[ProcessInfo], processes: Processes, clock: Clock) -> Subject:
    if len(candidates) == 1:
        return Subject(target, candidates[0])
    grown = _growth(candidates[:MOST_CANDIDATES], processes, clock)
    if not grown:
        raise TargetError(
            f"{target} ended", why="every process of it ended while being watched", next_step="oakum scan host"
        )
    growth, size, process = max(grown, key=lambda row: (row[0], row[1]))
    if growth <= 0 and isinstance(target, ProcessTarget) and candidates[0].pid == target.pid:
        # Nothing grows yet: the largest is what a person would look at.
        why = f"the largest of {len(grown)} processes under {target}; none grew in {COMPARED_S:.0f} s"
    else:
        why = f"grew most of {len(grown)} processes under {target}"
    del size
    return Subject(target, process, why)


def _growth(
    candidates: Sequence[ProcessInfo], processes: Processes, clock: Clock
) -> list[tuple[int, int, ProcessInfo]]:
    """(anonymous bytes grown, anonymous bytes now, process) of those that live through the comparison."""
    with ExitStack() as stack:
        gauges = []
        for candidate in candidates:
            try:
                gauge = processes.open(candidate.pid)
            except TargetError:
                continue
            stack.callback(gauge.close)
            gauges.append((gauge, gauge.sample()))
        clock.sleep_until(clock.monotonic_s() + COMPARED_S)
        grown = []
        for gauge, first in gauges:
            last = gauge.sample()
            if first is not None and last is not None:
                grown.append((last.anon_bytes - first.anon_bytes, last.anon_bytes, gauge.info))
        return grown
