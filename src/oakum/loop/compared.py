"""Two dumps of one program, compared in a process apart: which holder grew, and what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oakum.loop import heap as heaping
from oakum.loop.dumped import Dumped
from oakum.loop.facts import Facts
from oakum.loop.progress import Progress
from oakum.model.growth import HeapGrowth
from oakum.model.units import format_count, format_duration

if TYPE_CHECKING:
    from oakum.host import Machine


def dumps_compared(first: Dumped, second: Dumped, *, machine: Machine, facts: Facts, progress: Progress) -> HeapGrowth:
    """``first``, ``second``: in the order of time; their spools stay open. Raises DataError or MachineError."""
    progress.stage("comparing the two dumps, naming what holds the growth")
    files = [first.spool.path(), second.spool.path()]
    apart_s = second.begun_s - first.ended_s
    growth = heaping.grown(files, apart_s, bench=heaping.Bench(machine, heaping.Settings(), progress))
    facts.add(
        "growth",
        f"{format_count(growth.objects_before)} → {format_count(growth.objects_after)} objects that are held"
        f" in {format_duration(growth.seconds)}",
        "the two dumps",
        facts={
            "objects": [growth.objects_before, growth.objects_after],
            "heap_bytes": [growth.heap_bytes_before, growth.heap_bytes_after],
        },
    )
    return growth
