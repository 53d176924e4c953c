"""What the stages need of the world, as Protocols: adapters implement them, wiring introduces them.

An adapter translates every foreign error: a port raises OakumError families and nothing else.
"""

from __future__ import annotations

from oakum.model.ports.asking import Debuggee, Debuggees, Heard, Inspection, Jvm, Jvms, Rubies, Ruby
from oakum.model.ports.dumps import Answers, Dumps, Packing, Spool, Spools
from oakum.model.ports.machine import Cgroups, Clock, KernelLog, Node, Processes, ProcessGauge, Sandbox, Sandboxes
from oakum.model.ports.memory import Memories, Memory
from oakum.model.ports.record import Blobs, Incidents, JudgeStates, Mutes, Plans, Scans, Store, Workers, Works
from oakum.model.ports.work import Apart, Channel, OwnMemory, Rates, Request, Scratch, Threads

__all__ = [
    "Answers",
    "Apart",
    "Blobs",
    "Cgroups",
    "Channel",
    "Clock",
    "Debuggee",
    "Debuggees",
    "Dumps",
    "Heard",
    "Incidents",
    "Inspection",
    "JudgeStates",
    "Jvm",
    "Jvms",
    "KernelLog",
    "Memories",
    "Memory",
    "Mutes",
    "Node",
    "OwnMemory",
    "Packing",
    "Plans",
    "ProcessGauge",
    "Processes",
    "Rates",
    "Request",
    "Rubies",
    "Ruby",
    "Sandbox",
    "Sandboxes",
    "Scans",
    "Scratch",
    "Spool",
    "Spools",
    "Store",
    "Threads",
    "Workers",
    "Works",
]
