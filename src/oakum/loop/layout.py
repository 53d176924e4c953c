"""Two looks at the mappings of a process, and at what malloc gave out, apart in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oakum.heap.warm import warm_up_native
from oakum.loop.facts import Facts
from oakum.model.absent import Absent
from oakum.model.errors import OakumError, TargetError
from oakum.model.evidence import Cost
from oakum.model.layout import Chunked, Layout, LayoutGrowth, MappingKind
from oakum.model.runtime import Runtime
from oakum.model.units import format_count, format_rate, format_size
from oakum.probe.layout import look
from oakum.probe.native import may_walk, walk_chunks

if TYPE_CHECKING:
    from oakum.host import Machine

WORDS = {
    MappingKind.HEAP: "[heap]",
    MappingKind.ARENAS: "malloc's other arenas",
    MappingKind.ALLOCATOR: "the allocator's mappings",
    MappingKind.BLOCKS: "other anonymous mappings",
    MappingKind.STACKS: "threads' stacks",
    MappingKind.SHARED: "shared memory",
    MappingKind.HUGE: "reserved huge pages",
    MappingKind.STATIC: "static data",
    MappingKind.FILES: "pages of files",
}
FAINT_BYTES = 1 << 20
"""A kind that is smaller, and grew by less, is in the values alone."""

TRIFLE_BYTES = 64 << 10
FAINT_SHARE = 0.01
"""Of what the kind that grew most gained: with less than this, or than a trifle, a kind is told without its rate."""

APART_S = 1.0
MIDDLE = 0.15
"""Threads that were counted this share of the time from its middle are those of the middle."""


def ready(runtime: Runtime) -> None:
    """Compile what walks malloc's chunks, where they are walked: seconds, once on a machine."""
    if may_walk(runtime):
        warm_up_native()


class Layouts:
    """A look that fails leaves what there is; the facts say why."""

    def __init__(self, machine: Machine, runtime: Runtime) -> None:
        self._machine, self._runtime = machine, runtime
        self._first: tuple[float, int, Layout, Chunked | None] | None = None
        self._threads: list[tuple[float, int]] = []

    def begin(self, pid: int, facts: Facts) -> None:
        """Before the watch, and again when another process took the target's place."""
        self._first = self._look(pid, facts)
        self._threads.clear()

    def between(self, pid: int) -> None:
        """Count its threads, where that is due."""
        now_s = self._machine.clock.monotonic_s()
        if self._threads and now_s - self._threads[-1][0] < APART_S:
            return
        try:
            self._threads.append((now_s, self._machine.processes.info(pid).threads))
        except OakumError:
            return

    def conclude(self, pid: int, facts: Facts) -> LayoutGrowth | None:
        """None where two looks at one process could not be had."""
        if self._first is None or self._first[1] != pid:
            return None
        last = self._look(pid, facts)
        if last is None:
            return None
        (begun_s, _, before, chunks_before), (ended_s, _, after, chunks_after) = self._first, last
        growth = LayoutGrowth(
            pid,
            before,
            after,
            ended_s - begun_s,
            chunks_before,
            chunks_after,
            explained=may_walk(self._runtime),
            threads_between=self._midway(begun_s, ended_s),
        )
        facts.add("mappings", mappings_told(growth), "smaps", facts=mappings_facts(growth))
        if chunks_before is not None and chunks_after is not None:
            facts.add("chunks", chunks_told(growth), "malloc's chunks", facts=chunks_facts(growth))
        return growth

    def _midway(self, begun_s: float, ended_s: float) -> int | None:
        middle_s, most_s = (begun_s + ended_s) / 2, MIDDLE * (ended_s - begun_s)
        apart_s, found = min(((abs(at_s - middle_s), many) for at_s, many in self._threads), default=(most_s + 1, 0))
        return found if apart_s <= most_s else None

    def _look(self, pid: int, facts: Facts) -> tuple[float, int, Layout, Chunked | None] | None:
        clock = self._machine.clock
        begun_s = clock.monotonic_s()
        try:
            found = look(pid, self._runtime, self._machine.processes, clock)
            if isinstance(found, Absent):
                facts.miss(found)
                return None
            chunks = self._chunks(pid, facts)
        except TargetError:
            # That it ended is told by the watch.
            return None
        return begun_s, pid, found, chunks

    def _chunks(self, pid: int, facts: Facts) -> Chunked | None:
        if not may_walk(self._runtime):
            return None
        clock = self._machine.clock
        begun_s = clock.monotonic_s()
        walked = walk_chunks(pid, self._runtime, self._machine.memories)
        if isinstance(walked, Absent):
            facts.miss(walked)
            return None
        cost = Cost(seconds=clock.monotonic_s() - begun_s, bytes_read=walked.bytes_read)
        facts.add("walk", f"walked malloc's chunks: {format_size(walked.bytes_read)} read, pause: none", "heap",
                  cost=cost)  # fmt: skip
        return walked.chunks


def mappings_told(growth: LayoutGrowth) -> str:
    rows = [
        f"{words} {format_size(growth.after.of(kind))}{_grew(growth, kind)}"
        for kind, words in WORDS.items()
        if max(growth.after.of(kind), growth.before.of(kind)) >= FAINT_BYTES or abs(growth.grown(kind)) >= FAINT_BYTES
    ]
    threads = f"{format_count(growth.after.threads)} thread{'s' if growth.after.threads != 1 else ''}"
    return f"{', '.join(rows) or 'less than 1 MiB of any kind'}; {threads}"


def _grew(growth: LayoutGrowth, kind: MappingKind) -> str:
    """In brackets. Little of all that it gained is in the values alone: a rate of it would be of chance."""
    most = max((abs(growth.grown(each)) for each in WORDS), default=0)
    grown = abs(growth.grown(kind))
    return f" ({format_rate(growth.per_s(kind))})" if grown > max(FAINT_SHARE * most, TRIFLE_BYTES) else ""


def mappings_facts(growth: LayoutGrowth) -> dict[str, object]:
    before, after = growth.before, growth.after
    return {
        "bytes": {kind.value: [before.of(kind), after.of(kind)] for kind in MappingKind},
        "bytes_per_s": {kind.value: growth.per_s(kind) for kind in MappingKind},
        "mappings": {kind.value: [before.use(kind).mappings, after.use(kind).mappings] for kind in MappingKind},
        "address_space_bytes": {kind.value: after.use(kind).size_bytes for kind in MappingKind},
        "malloc_arenas": [before.arenas, after.arenas],
        "threads": [before.threads, after.threads],
        "huge_page_bytes": [before.huge_bytes, after.huge_bytes],
        "swap_bytes": [before.swap_bytes, after.swap_bytes],
        "shared": dict(after.shared_names),
        "largest_blocks": list(after.largest_blocks),
        "allocator": after.allocator,
    }


def chunks_told(growth: LayoutGrowth) -> str:
    before, after = growth.chunks_before, growth.chunks_after
    assert before is not None
    assert after is not None
    per_s = (after.used_bytes - before.used_bytes) / max(growth.seconds, 1e-9)
    return (
        f"malloc gave out {format_size(after.used_bytes)} in {format_count(after.used_count)} blocks"
        f" ({format_rate(per_s)}), and keeps {format_size(after.free_bytes)} between them and"
        f" {format_size(after.top_bytes)} above them free"
    )


def chunks_facts(growth: LayoutGrowth) -> dict[str, object]:
    before, after = growth.chunks_before, growth.chunks_after
    assert before is not None
    assert after is not None
    known = {row.address: row for row in before.objects}
    return {
        "used_bytes": [before.used_bytes, after.used_bytes],
        "used_blocks": [before.used_count, after.used_count],
        "free_bytes": [before.free_bytes, after.free_bytes],
        "top_bytes": [before.top_bytes, after.top_bytes],
        "lost_bytes": [before.lost_bytes, after.lost_bytes],
        "sizes": [{"size": row.size, "count": row.count} for row in after.classes[:20]],
        "objects": [
            {"name": row.name, "count": [known[row.address].count if row.address in known else 0, row.count],
             "bytes": row.bytes}
            for row in after.objects[:20]
        ],
    }  # fmt: skip
