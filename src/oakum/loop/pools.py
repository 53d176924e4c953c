"""The connection pools of a process, as it was told to make them, put among the evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from oakum.explain.pools import pool_rows
from oakum.loop.facts import Facts
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import OakumError
from oakum.model.pool import PoolReading, PoolServer
from oakum.model.runtime import Runtime
from oakum.probe.pools import read_pools

if TYPE_CHECKING:
    from oakum.host import Machine


def known_pools(
    pid: int, runtime: Runtime, machine: Machine, facts: Facts, server: PoolServer | None = None
) -> PoolReading:
    """Empty where none was found. What is usual and not there is not missed; what it was told to read is."""
    try:
        reading, missing = read_pools(pid, runtime.name, machine.processes)
    except OakumError as exc:
        facts.miss(Absent(f"the pools of pid {pid}", AbsentKind.UNREADABLE, exc.brief, exc.next_step))
        return PoolReading()
    reading = replace(reading, asked=server or PoolServer())
    for absent in missing:
        facts.miss(absent)
    for title, values in pool_rows(reading):
        facts.add("pool", title, ", ".join(reading.read), facts=values)
    return reading


__all__ = ["known_pools"]
