"""Gathers all that a plan rests on: who the target is, who holds it, how it was started, what limits it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oakum.act.control import named
from oakum.act.plan import OWN_START, Situation
from oakum.act.supervise import recognise
from oakum.loop.collection import reach
from oakum.model.absent import Absent
from oakum.model.errors import TargetError
from oakum.model.hands import Hands
from oakum.model.process import ProcessInfo
from oakum.model.runtime import Runtime, RuntimeName
from oakum.model.step import Plan
from oakum.model.verdict import Verdict
from oakum.probe.runtime import recognise as recognise_runtime

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.model.ports import Processes

MOST_ANCESTORS = 32


def situation(  # noqa: PLR0913  (everything that a plan rests on comes together here)
    target: str,
    pid: int,
    verdict: Verdict,
    *,
    advice: Plan,
    machine: Machine,
    hands: Hands,
    collects: bool = False,
) -> Situation:
    """``collects``: whether it is to be asked for a collection. Raises TargetError when the process has ended."""
    seen = hands.sightings.look(pid)
    info = machine.processes.info(pid)
    ancestors = _ancestors(info, machine.processes)
    manner = hands.sightings.manner(pid)
    siblings = [
        other for other in machine.processes.list() if other.parent_pid == info.parent_pid and other.pid != info.pid
    ]
    supervisor = recognise(
        info, ancestors, siblings, manner, systemd=hands.programs.systemd_runs(), init=_init(machine.processes)
    )
    supervisor = named(supervisor, hands.programs)
    limited = seen.limit_cgroup or info.cgroup
    found = recognise_runtime(pid, machine.processes, machine.memories)
    return Situation(
        target=target,
        seen=seen,
        verdict=verdict,
        memory=machine.cgroups.memory(limited),
        limits=hands.limits.read(limited),
        supervisor=supervisor,
        manner=manner,
        launch=hands.handovers.launch_of(pid) if supervisor.kind in OWN_START else None,
        runtime="" if isinstance(found, Absent) else _name(found),
        machine_bytes=machine.cgroups.machine_memory_bytes(),
        advice=advice,
        reach=reach(pid, machine) if collects and _is_node(found) else None,
        work=hands.sightings.cpu_s(pid) / max(machine.clock.now_s() - info.started_s, 1.0),
    )


def _is_node(found: Runtime | Absent) -> bool:
    return not isinstance(found, Absent) and found.name is RuntimeName.NODE


def _name(runtime: Runtime) -> str:
    return str(runtime)


def _init(processes: Processes) -> str:
    try:
        return processes.info(1).name
    except TargetError:
        return ""


def _ancestors(process: ProcessInfo, processes: Processes) -> list[ProcessInfo]:
    """Its parent first; without init, which adopts everybody."""
    found: list[ProcessInfo] = []
    parent = process.parent_pid
    while parent > 1 and len(found) < MOST_ANCESTORS:
        try:
            found.append(processes.info(parent))
        except TargetError:
            break
        parent = found[-1].parent_pid
    return found
