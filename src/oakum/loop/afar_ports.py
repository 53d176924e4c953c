"""The ports of a machine that touch a target, through an agent that sees the target's processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from oakum.model.absent import Absent
from oakum.model.errors import TargetError
from oakum.model.node import Room
from oakum.model.units import format_size

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.host.afar.agent import Agent


def keeper(ends_s: int) -> tuple[str, ...]:
    """What a container of ours runs meanwhile."""
    from oakum.host.afar import keeper as afar  # noqa: PLC0415  (as below)

    return afar.keeper(ends_s)


def command() -> tuple[str, ...]:
    """By which the agent's Python waits for its program."""
    from oakum.host.afar import agent  # noqa: PLC0415  (loaded where a process is looked into)

    return agent.command()


def reached(
    machine: Machine,
    agent: Agent,
    container_id: str,
    rooms: Callable[[], Sequence[Room]],
    *,
    inside: bool,
    on_node: bool = False,
) -> tuple[Machine, str]:
    """This machine, but for the ports that touch the target; and the container's cgroup as they name it.

    ``rooms``: what the cluster knows to be left. ``inside``: the agent runs in that container; ``on_node``: it sees all
    processes of its node. Raises TargetError where no process of it is seen, or its node's kernel counts memory in
    other pages than this machine's: every address and every figure would be wrong.
    """
    from oakum.host.afar.cgroups import AfarCgroups  # noqa: PLC0415  (as above)
    from oakum.host.afar.debuggees import AfarDebuggees  # noqa: PLC0415
    from oakum.host.afar.jvms import AfarJvms  # noqa: PLC0415
    from oakum.host.afar.logs import AfarLogs  # noqa: PLC0415
    from oakum.host.afar.memory import AfarMemories  # noqa: PLC0415
    from oakum.host.afar.node import AfarNode  # noqa: PLC0415
    from oakum.host.afar.processes import AfarProcesses  # noqa: PLC0415
    from oakum.host.afar.untold import AfarKernelLog, AfarRubies  # noqa: PLC0415
    from oakum.host.stat import PAGE_BYTES  # noqa: PLC0415

    if agent.greeting.page_bytes != PAGE_BYTES:
        theirs, ours = format_size(agent.greeting.page_bytes), format_size(PAGE_BYTES)
        raise TargetError(
            f"memory in pages of {theirs} cannot be read from here",
            why=f"its node's kernel has pages of {theirs}, this machine has pages of {ours}",
            next_step="the same command on its node, or on a machine with pages of that size",
        )
    processes = AfarProcesses(agent, container_id, inside=inside, on_node=on_node)
    members = processes.members()
    if not members:
        raise _unseen(on_node=on_node)
    seen_by = agent.greeting.pid if inside else members[0]
    made = replace(
        machine,
        processes=processes,
        cgroups=AfarCgroups(agent, processes, seen_by=seen_by),
        memories=AfarMemories(agent),
        kernel_log=AfarKernelLog(),
        logs=AfarLogs(agent),
        debuggees=AfarDebuggees(agent),
        jvms=AfarJvms(agent),
        rubies=AfarRubies(),
        node=AfarNode(agent, seen_by=seen_by, beside=rooms),
    )
    return made, processes.group


def _unseen(*, on_node: bool) -> TargetError:
    what = "no process of the container is seen from there"
    if on_node:
        why = "it has ended, or its runtime keeps its processes from its node, as gVisor and Kata do"
        return TargetError(what, why=why, next_step="kubectl get pods -o wide; kubectl get runtimeclasses")
    return TargetError(
        what,
        why="its node's runtime does not share the target's processes",
        next_step="kubectl version    # targetContainerName wants a runtime that supports it",
    )


def hidden(machine: Machine, group: str) -> Absent | None:
    """Why none of its processes may be read; None where one may be."""
    found: Absent | None = None
    for pid in machine.cgroups.pids(group):
        memory = machine.memories.open(pid)
        if not isinstance(memory, Absent):
            memory.close()
            return None
        found = memory
    return found
