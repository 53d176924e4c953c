"""Which process to look at: the one that grows, not the shell, tini or pre-fork master in front of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from shlex import quote

from oakum.model.errors import CallerError, TargetError
from oakum.model.ports import Cgroups, Clock, Processes
from oakum.model.process import ProcessInfo
from oakum.model.target import CgroupTarget, DependencyTarget, ProcessTarget, Target
from oakum.model.units import format_size

COMPARED_S = 3.0
"""How long several candidates are watched side by side before one is chosen, in seconds."""

MOST_CANDIDATES = 256
"""Of more processes than this under one target, the largest are watched."""

GREW_BYTES = 64 << 10
"""What a process gains by answering a signal or a request is less than this, in bytes; a leak that gains less in the
time of the comparison is looked for in the largest process.
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """``process`` is looked at on behalf of ``target``; ``why``: how it was chosen, "" where there was no choice."""

    target: Target
    process: ProcessInfo
    why: str = ""


def choose(target: Target, *, processes: Processes, cgroups: Cgroups, clock: Clock) -> Subject:
    """Raises TargetError when nothing is there, CallerError for a target that is not of this machine."""
    candidates = _others(target, members(target, processes=processes, cgroups=cgroups))
    if len(candidates) == 1:
        return Subject(target, candidates[0])
    seen = _compared(candidates, processes, clock)
    if not seen or max(sight.growth_bytes for sight in seen) < GREW_BYTES:
        # A worker that was replaced meanwhile is one of those that count.
        try:
            now = _others(target, members(target, processes=processes, cgroups=cgroups))
        except TargetError:
            now = []
        known = {process.pid for process in candidates}
        seen += _looked([process for process in now if process.pid not in known], processes)
    if not seen:
        raise TargetError(
            f"{target} ended", why="every process of it ended while being watched", next_step="oakum scan host"
        )
    return _chosen(target, seen)


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
    if isinstance(target, DependencyTarget):
        raise CallerError(
            f"{target} is no process of this machine",
            why="of a dependency Oakum asks and tells; steps for it are commands in the answer",
            next_step=f"oakum investigate {quote(str(target))}",
        )
    raise CallerError(
        f"{target} is not on this machine",
        why="this version investigates pid/N, cgroup/PATH, and workloads and pods of a cluster",
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


def _others(target: Target, found: Sequence[ProcessInfo]) -> Sequence[ProcessInfo]:
    """Without Oakum: it may run in the very group that it looks at, and grows while it loads what it needs."""
    own = os.getpid()
    if isinstance(target, ProcessTarget) and target.pid == own:
        return found
    return [process for process in found if process.pid != own] or found


@dataclass(frozen=True, slots=True)
class _Seen:
    """Anonymous bytes gained in the comparison, and now."""

    growth_bytes: int
    anon_bytes: int
    process: ProcessInfo


def _chosen(target: Target, seen: Sequence[_Seen]) -> Subject:
    """The one that grows most; the largest where none does: a slow leak has made it that."""
    grown = max(seen, key=lambda sight: (sight.growth_bytes, sight.anon_bytes))
    if grown.growth_bytes >= GREW_BYTES:
        chosen = grown
        why = f"grew most of {len(seen)} processes under {target}: {format_size(grown.growth_bytes)}"
        why = f"{why} in {COMPARED_S:.0f} s"
    else:
        chosen = max(seen, key=lambda sight: sight.anon_bytes)
        why = f"the largest of {len(seen)} processes under {target}, {format_size(chosen.anon_bytes)};"
        why = f"{why} none grew in {COMPARED_S:.0f} s"
    return Subject(target, chosen.process, why + _in_front(target, chosen, seen))


def _in_front(target: Target, chosen: _Seen, seen: Sequence[_Seen]) -> str:
    """What was named and is not looked at."""
    if not isinstance(target, ProcessTarget) or chosen.process.pid == target.pid:
        return ""
    named = next((sight for sight in seen if sight.process.pid == target.pid), None)
    return "" if named is None else f"; {named.process.name} in front of it holds {format_size(named.anon_bytes)}"


def _compared(candidates: Sequence[ProcessInfo], processes: Processes, clock: Clock) -> list[_Seen]:
    """Those that live through the comparison."""
    if len(candidates) > MOST_CANDIDATES:
        largest = sorted(_looked(candidates, processes), key=lambda sight: -sight.anon_bytes)
        candidates = [sight.process for sight in largest[:MOST_CANDIDATES]]
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
        seen = []
        for gauge, first in gauges:
            last = gauge.sample()
            if first is not None and last is not None:
                seen.append(_Seen(last.anon_bytes - first.anon_bytes, last.anon_bytes, gauge.info))
        return seen


def _looked(candidates: Sequence[ProcessInfo], processes: Processes) -> list[_Seen]:
    """One look at each, for those that nothing can be compared of."""
    seen = []
    for candidate in candidates:
        try:
            gauge = processes.open(candidate.pid)
        except TargetError:
            continue
        memory = gauge.sample()
        gauge.close()
        if memory is not None:
            seen.append(_Seen(0, memory.anon_bytes, gauge.info))
    return seen
