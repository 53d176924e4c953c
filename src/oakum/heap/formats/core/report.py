"""A core as an answer: blocks by C++ class or size, what no pointer leads to, and which roots lead to most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.core import kernels
from oakum.heap.formats.core.elf import MACHINES, broken, read_header, read_notes
from oakum.heap.formats.core.heaps import Heaps, find_heaps, words_of
from oakum.heap.formats.core.memory import CoreMemory, Files
from oakum.heap.formats.core.reach import Lost, Reached, Root, reach
from oakum.heap.formats.core.traits import OBJECTS, Traits, find_traits
from oakum.heap.formats.native.vtables import Vtables
from oakum.heap.means import bytes_of_none
from oakum.model.cause import CauseName
from oakum.model.growth import PathStep
from oakum.model.heap import Block, ClassRow, HeapReport, Suspect, Tally, Waste
from oakum.model.layout import asked
from oakum.model.stage import Stage
from oakum.model.units import format_count, format_share, format_size

FORMAT = "core"
MOST_SUSPECTS, MOST_CLASSES = 20, 5000
LEAST_SHARE = 0.003
LOST_CONFIDENCE, HELD_CONFIDENCE = 0.9, 0.35
KEYS = 1 << 18
FIRST_KEYS = 1 << 16
CONTENTS = ("zeros", "text", "pointers", "numbers or other data")
WASTED_BYTES = 1 << 20

LOST_ADVICE = (
    "No pointer leads to these: whoever made them let the last one go without freeing. Look for every place that makes"
    " them, and for the path on which the owner returns early, throws or overwrites its pointer; valgrind --leak-check="
    "full or -fsanitize=leak in a test names the line."
)
HELD_ADVICE = (
    "Look at what goes into it and whether anything takes it out again; one core does not tell a leak from a large"
    " table: compare two with oakum heap diff A B."
)


@dataclass(frozen=True, slots=True)
class Core:
    """What was read of one. ``groups``: (name, blocks, bytes) of all in use, most bytes first."""

    runtime: str
    heaps: Heaps
    reached: Reached | None
    groups: tuple[tuple[str, int, int], ...]
    name: Callable[[int], str]
    named: Callable[[Root], str]
    partial: bool
    warnings: tuple[str, ...]


def read_core(data: NDArray[np.uint8], *, files: Files = bytes_of_none, told: Callable[[str], None]) -> Core:
    """Raises DataError for a core of another architecture, and for one whose segments cannot be told."""
    header = read_header(data)
    if header.machine not in MACHINES:
        raise broken(f"it is of machine {header.machine}; read are {' and '.join(MACHINES.values())}")
    notes = read_notes(data, header)
    memory = CoreMemory(data, header, notes, files)
    heaps = find_heaps(data, memory)
    _, shift = words_of(data[:64], memory)
    told(Stage(f"{heaps.used:,} blocks: C++ classes", work=heaps.used, unit="blocks", kind="classes core"))
    constants = _constants(memory)
    vtables, names = _vtables(memory, heaps, constants)
    traits = find_traits(memory, heaps, constants)

    def name(key: int) -> str:
        return f"blocks of {asked(key & ~1)}" if key & 1 else names[key]

    groups = tuple(sorted((*_groups(heaps, vtables, name), *traits.groups), key=lambda row: -row[2]))
    warnings = _warnings(header.cut_bytes, heaps, known=bool(notes.threads))
    reached = None
    if heaps.used and notes.threads and notes.whole and not header.cut_bytes:
        told(Stage("pointers from roots, and what none reaches", work=heaps.used_bytes, unit="B", kind="reach core"))
        reached = reach(memory, heaps, shift, vtables)
        warnings += (
            "every word that looks like a pointer counts as one: what is told as lost is, some that is may not be",
        )
    warnings += tuple(f"{path} is another build by now: its names are not used" for path in memory.changed)
    program = notes.command.split(" ")[0].rpartition("/")[2] or "a program"
    partial = header.cut_bytes > 0 or not notes.whole
    threads = (
        f"{len(notes.threads)} thread{'s' if len(notes.threads) != 1 else ''}" if notes.threads else "no registers"
    )
    return Core(
        f"{program}, {MACHINES[header.machine]}, {threads}",
        heaps,
        reached,
        groups,
        name,
        lambda root: _led_to(root, heaps, vtables, lambda key: traits.names.get(key) or name(key), traits),
        partial,
        warnings,
    )


def _warnings(cut_bytes: int, heaps: Heaps, *, known: bool) -> tuple[str, ...]:
    told = []
    if cut_bytes:
        told.append(f"the core is cut off: {format_size(cut_bytes)} are missing; blocks of what is there are counted")
    if not known:
        told.append("it has no registers (its notes are missing): what no pointer leads to is not told")
    if not heaps.used:
        told.append(
            "no heap of glibc's malloc was found: its allocator is another one (jemalloc, musl, Go), which is not read"
        )
    if heaps.lost_bytes > 0.01 * max(1, heaps.used_bytes):
        told.append(f"in {format_size(heaps.lost_bytes)} of the heaps no block could be told")
    return tuple(told)


def _vtables(memory: CoreMemory, heaps: Heaps, ranges: NDArray[np.int64]) -> tuple[NDArray[np.int64], dict[int, str]]:
    """(int64[v], ascending, their names): of classes that some block in use is of."""
    if not ranges.size:
        return np.empty(0, np.int64), {}
    keys = np.zeros((2, FIRST_KEYS), np.int64)
    kernels.first_words(
        heaps.words,
        heaps.place,
        *heaps.chunks[:2],
        np.ascontiguousarray(ranges[:, 0]),
        np.ascontiguousarray(ranges[:, 1]),
        keys,
    )
    tables = Vtables(memory, memory.executable, memory.constant, memory.place, memory.symbol)
    found = {int(key): told for key in keys[0][keys[1] > 0].tolist() if (told := tables.name(key))}
    return np.array(sorted(found), np.int64), {key: f"{OBJECTS}{told}" for key, told in found.items()}


def _constants(memory: CoreMemory) -> NDArray[np.int64]:
    """int64[r, 2]: what files are mapped to, ascending. Vtables stand in data that were made read-only."""
    rows = [(row.start, row.end) for row in memory.notes.files if not _is_code(memory, row.start)]
    return np.array(rows, np.int64).reshape(-1, 2)


def _is_code(memory: CoreMemory, address: int) -> bool:
    segment = memory.segment_of(address)
    return segment is None or segment.executable


def _groups(heaps: Heaps, vtables: NDArray[np.int64], name: Callable[[int], str]) -> tuple[tuple[str, int, int], ...]:
    keys = np.zeros((3, KEYS), np.int64)
    kernels.group(*heaps.place_of, *heaps.chunks[:2], vtables, keys)
    order = np.argsort(-keys[2], kind="stable")
    rows = [(name(int(keys[0, at])), int(keys[1, at]), int(keys[2, at])) for at in order.tolist() if keys[1, at]]
    return tuple(rows)


def _led_to(root: Root, heaps: Heaps, vtables: NDArray[np.int64], name: Callable[[int], str], traits: Traits) -> str:
    """What most of the blocks are that a root's own block leads to; that block itself where it leads to none."""
    granule, index, length = kernels.chunk_of(*heaps.place_of, *heaps.chunks, root.leads_to)
    if granule < 0:
        return ""
    words = heaps.words[index + 2 : index + (length >> 3)]
    counts: dict[int, int] = {}
    for place in range(0, words.size, max(1, words.size // 2000 | 1)):
        found, at, size = kernels.chunk_of(*heaps.place_of, *heaps.chunks, words[place])
        if found >= 0:
            beside = int(words[place + 1]) if place + 1 < words.size else 0
            key = beside if beside in traits.names else int(kernels.key_of(heaps.words, at, size, vtables))
            counts[key] = counts.get(key, 0) + 1
    own = int(kernels.key_of(heaps.words, index, length, vtables))
    best = max(counts, key=lambda key: counts[key], default=own)
    return name(best)


def core_report(core: Core, *, file: str) -> HeapReport:
    """``classes``: all blocks in use, whether they are led to or not."""
    heaps, reached = core.heaps, core.reached
    total = Tally(heaps.used, heaps.used_bytes)
    reachable = Tally(reached.chunks, reached.bytes) if reached else total
    unreachable = Tally(total.objects - reachable.objects, total.bytes - reachable.bytes) if reached else Tally(0, 0)
    ranked = suspects_of(core, least_bytes=max(1, int(LEAST_SHARE * total.bytes)))
    return HeapReport(
        file=file,
        format=FORMAT,
        runtime=core.runtime,
        total=total,
        references=reached.pointers if reached else 0,
        reachable=reachable,
        unreachable=unreachable,
        loose=Tally(0, 0),
        classes=tuple(ClassRow(name, count, size, size) for name, count, size in core.groups[:MOST_CLASSES]),
        suspects=ranked[:MOST_SUSPECTS],
        biggest=(),
        waste=_waste(heaps),
        tree=Block("all that malloc gave out", total.bytes, _blocks(core)),
        partial=core.partial,
        warnings=core.warnings,
        reach_known=reached is not None,
    )


def _blocks(core: Core) -> tuple[Block, ...]:
    least = 0.01 * core.heaps.used_bytes
    return tuple(Block(name, size) for name, _, size in core.groups[:12] if size >= least)


def _waste(heaps: Heaps) -> tuple[Waste, ...]:
    if heaps.free_bytes < WASTED_BYTES:
        return ()
    share = heaps.free_bytes / max(1, heaps.free_bytes + heaps.used_bytes)
    note = f"{format_share(share)} of the heaps, between blocks in use; malloc_trim(0) gives whole pages back"
    if heaps.arenas:
        note += f"; {heaps.arenas} arenas beside the first"
    return (Waste("free blocks", "malloc", heaps.free, heaps.free_bytes, note),)


def suspects_of(core: Core, *, least_bytes: int) -> tuple[Suspect, ...]:
    """What is lost first, then what roots lead to; most bytes first."""
    if core.reached is None:
        return ()
    total = max(1, core.heaps.used_bytes)
    found = [_lost(row, core.name(row.key), total) for row in core.reached.lost if row.with_bytes >= least_bytes]
    found += [
        _held(row, core.named(row), max(1, core.reached.bytes))
        for row in core.reached.roots
        if row.bytes >= least_bytes
    ]
    return tuple(replace(each, rank=rank) for rank, each in enumerate(found, 1))


def _lost(row: Lost, name: str, total: int) -> Suspect:
    looks = CONTENTS[max(range(4), key=lambda kind: row.contents[kind])]
    others = row.with_count - row.count
    led = f", and {format_count(others)} blocks that only they lead to" if others else ""
    looked = "" if name.startswith(OBJECTS) else f"; they begin with {looks}"
    return Suspect(
        rank=0,
        cause=CauseName.NATIVE_ALLOCATION,
        title=f"{format_count(row.count)} {name}{led}: no pointer leads to them{looked}",
        holder=f"nothing holds {name}",
        retained_bytes=row.with_bytes,
        share=row.with_bytes / total,
        count=row.count,
        item_type=name.removeprefix(OBJECTS),
        path=(PathStep("no pointer", ""), PathStep(name, "")),
        advice=LOST_ADVICE,
        confidence=LOST_CONFIDENCE,
        lost=True,
    )


def _held(root: Root, item: str, total: int) -> Suspect:
    own = root.kind == "global"
    steps = (PathStep(root.name, ""), *((PathStep(item, "", root.leads_to),) if item else ()))
    return Suspect(
        rank=0,
        cause=CauseName.GLOBAL if own else CauseName.LARGE_LOAD,
        title=f"{root.name} leads to {format_count(root.chunks)} blocks, {format_size(root.bytes)}",
        holder=root.name,
        retained_bytes=root.bytes,
        share=root.bytes / total,
        count=root.chunks,
        item_type=item.removeprefix(OBJECTS),
        path=steps,
        advice=HELD_ADVICE,
        confidence=HELD_CONFIDENCE,
        runtime=not own,
    )
