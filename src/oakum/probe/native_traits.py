"""Objects of a live Rust program behind traits: pointers with a table beside them, found window by window.

A second pass over what malloc gave out: the heads alone, which the first one reads, lead to no table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.core.symbols import FUNCTIONS, Symbols, read_symbols
from oakum.heap.formats.native.trait_tables import TraitTable, TraitTables
from oakum.model.layout import ObjectKind
from oakum.model.ports import Memory
from oakum.model.process import Region

WINDOW_BYTES: Final = 4 << 20
MOST_BYTES: Final = 4 << 30
"""Heaps that are larger together are not looked through twice."""

MOST_POINTERS: Final = 1 << 22
MOST_TABLES: Final = 256
LOOKED_AT: Final = 64
"""So many objects of each type are looked at, whether they are in use and of its size."""

LEAST: Final = 4
MOST_FILE_BYTES: Final = 256 << 20


def trait_objects(
    memory: Memory,
    regions: Sequence[Region],
    heaps: Sequence[tuple[int, int]],
    others: Sequence[tuple[int, int]],
    tables: TraitTables,
) -> list[ObjectKind]:
    """``heaps``: where objects are; ``others``: where pointers to them may stand too. Most bytes first."""
    span = _program_data(regions)
    if span is None or sum(stop - begin for begin, stop in (*heaps, *others)) > MOST_BYTES:
        return []
    pairs = _pairs(memory, [*heaps, *others], heaps, span)
    found = [
        kind
        for address, objects in pairs.items()
        if objects.size >= LEAST and (table := tables.table(address)) is not None
        if (kind := _counted(memory, address, objects, table)) is not None
    ]
    return sorted(found, key=lambda kind: -kind.bytes)


def functions_of(memory: Memory, regions: Sequence[Region]) -> Callable[[int], str]:
    """The symbol of the function at an address of the program itself, "" for none. Its file is read once, if at all."""
    program = _program(regions)
    known: list[Symbols] = []

    def name(address: int) -> str:
        region = next((each for each in program if each.start <= address < each.end), None)
        if region is None:
            return ""
        if not known:
            known.append(read_symbols(memory.mapped(program[0], 0, MOST_FILE_BYTES), FUNCTIONS))
        at = address - region.start + region.offset
        load = next((each for each in known[0].loads if each.offset <= at < each.offset + each.file_bytes), None)
        return "" if load is None else known[0].name(load.vaddr + at - load.offset)

    return name


def _program(regions: Sequence[Region]) -> list[Region]:
    """What is mapped of the executable: the first file there is."""
    first = next((region.path for region in regions if region.inode and region.path.startswith("/")), "")
    return [region for region in regions if first and region.path == first]


def _program_data(regions: Sequence[Region]) -> tuple[int, int] | None:
    """[low, high) of its read-only data."""
    own = [each for each in _program(regions) if each.readable and not each.executable]
    return (min(each.start for each in own), max(each.end for each in own)) if own else None


def _pairs(
    memory: Memory, extents: Sequence[tuple[int, int]], heaps: Sequence[tuple[int, int]], span: tuple[int, int]
) -> dict[int, NDArray[np.int64]]:
    """Distinct objects by the address beside a pointer to each, of those addresses that stand there most often."""
    lows, highs = (np.array(sorted(row[at] for row in heaps), np.int64) for at in (0, 1))
    pointers: list[NDArray[np.int64]] = []
    tables: list[NDArray[np.int64]] = []
    total = 0
    for words in _windows(memory, extents):
        beside = words[1:]
        at = np.flatnonzero((beside >= span[0]) & (beside < span[1]) & (beside & 7 == 0))
        pointer = words[at]
        heap = np.searchsorted(lows, pointer, side="right") - 1
        inside = (pointer & 15 == 0) & (heap >= 0) & (pointer < highs[np.maximum(heap, 0)])
        pointers.append(pointer[inside])
        tables.append(beside[at][inside])
        total += int(inside.sum())
        if total > MOST_POINTERS:
            break
    if not total:
        return {}
    table, pointer = np.concatenate(tables), np.concatenate(pointers)
    values, counts = np.unique(table, return_counts=True)
    chosen = values[np.argsort(-counts, kind="stable")[:MOST_TABLES]]
    return {int(value): np.unique(pointer[table == value]) for value in chosen.tolist()}


def _windows(memory: Memory, extents: Sequence[tuple[int, int]]) -> Iterator[NDArray[np.int64]]:
    """Each ends with the word that the next one begins with: a pair may stand across."""
    for begin, stop in extents:
        for here in range(begin, stop, WINDOW_BYTES):
            raw = memory.read_present(here, min(WINDOW_BYTES + 8, stop - here))
            words = np.frombuffer(raw[: len(raw) & ~7], np.int64)
            if words.size > 1:
                yield words


def _counted(memory: Memory, address: int, objects: NDArray[np.int64], table: TraitTable) -> ObjectKind | None:
    """By a sample: how many of them are blocks in use with room for that type, and how large these are."""
    chosen = objects[:: max(1, objects.size // LOOKED_AT)][:LOOKED_AT]
    rooms = []
    for place in chosen.tolist():
        head = int.from_bytes(memory.read_present(place - 8, 8), "little") & ~7
        if not (32 <= head < 1 << 32 and table.fits(head - 8)):
            continue
        behind = int.from_bytes(memory.read_present(place - 8 + head, 8), "little")
        if behind & 1:
            rooms.append(head)
    if 2 * len(rooms) < len(chosen):
        return None
    count = round(objects.size * len(rooms) / len(chosen))
    return ObjectKind(address, table.name, count, round(count * sum(rooms) / len(rooms)))
