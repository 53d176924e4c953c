"""This machine: its processes, cgroups, kernel log and clocks, behind the ports of model."""

from __future__ import annotations

from dataclasses import dataclass, field

from oakum.host.apart import LiveApart
from oakum.host.attach import LiveJvms
from oakum.host.cgroup import LiveCgroups
from oakum.host.clock import LiveClock
from oakum.host.connections import LiveConnections
from oakum.host.dumps import LiveDumps
from oakum.host.inspector import LiveDebuggees
from oakum.host.kernel_log import LiveKernelLog
from oakum.host.logs import LiveLogs
from oakum.host.memory import LiveMemories
from oakum.host.node import LiveNode
from oakum.host.own_memory import LiveOwnMemory
from oakum.host.procfs import LiveProcesses
from oakum.host.ruby import LiveRubies
from oakum.host.sandbox import LiveSandboxes
from oakum.host.scratch import LiveScratch
from oakum.host.spool import LiveSpools
from oakum.host.threads import LiveThreads
from oakum.model.admission import Connections
from oakum.model.log import Logs
from oakum.model.ports import (
    Apart,
    Cgroups,
    Clock,
    Debuggees,
    Dumps,
    Jvms,
    KernelLog,
    Memories,
    Node,
    OwnMemory,
    Processes,
    Rubies,
    Sandboxes,
    Scratch,
    Spools,
    Threads,
)

__all__ = ["Machine", "this_machine"]


@dataclass(frozen=True, slots=True)
class Machine:
    """The ports of one machine."""

    processes: Processes
    cgroups: Cgroups
    clock: Clock
    kernel_log: KernelLog
    memories: Memories
    sandboxes: Sandboxes
    dumps: Dumps
    apart: Apart
    debuggees: Debuggees
    spools: Spools
    scratch: Scratch = field(default_factory=LiveScratch)
    threads: Threads = field(default_factory=LiveThreads)
    own_memory: OwnMemory = field(default_factory=LiveOwnMemory)
    jvms: Jvms = field(default_factory=LiveJvms)
    rubies: Rubies = field(default_factory=LiveRubies)
    node: Node = field(default_factory=LiveNode)
    logs: Logs = field(default_factory=LiveLogs)
    connections: Connections = field(default_factory=LiveConnections)


def this_machine() -> Machine:
    return Machine(
        LiveProcesses(),
        LiveCgroups(),
        LiveClock(),
        LiveKernelLog(),
        LiveMemories(),
        LiveSandboxes(),
        LiveDumps(),
        LiveApart(),
        LiveDebuggees(),
        LiveSpools(),
    )
