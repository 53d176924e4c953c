"""Blocks of a Rust program by type, where they stand behind a trait: pointers with a table beside them say so."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.core import kernels
from oakum.heap.formats.core.heaps import Heaps
from oakum.heap.formats.core.memory import CoreMemory
from oakum.heap.formats.native.trait_tables import MARK, TraitTables

KEYS = 1 << 16
MOST_TABLES = 4096
LEAST_PAIRS = 2
OBJECTS = "objects of "


@dataclass(frozen=True, slots=True)
class Traits:
    """``names``: of types, by the address of their table. ``groups``: (name, blocks, bytes)."""

    names: dict[int, str] = field(default_factory=dict)
    groups: tuple[tuple[str, int, int], ...] = ()


def find_traits(memory: CoreMemory, heaps: Heaps, constants: NDArray[np.int64]) -> Traits:
    """``constants``: int64[r, 2], ascending: what files are mapped to. Nothing for what rustc did not make."""
    if not constants.size or not heaps.used or not memory.says(MARK):
        return Traits()
    keys = np.zeros((2, KEYS), np.int64)
    low, high = np.ascontiguousarray(constants[:, 0]), np.ascontiguousarray(constants[:, 1])
    kernels.beside(*heaps.place_of, *heaps.chunks, low, high, keys)
    order = np.argsort(-keys[1], kind="stable")[:MOST_TABLES]
    tables = TraitTables(memory, memory.executable, memory.constant, memory.place, memory.function)
    found = {
        address: told
        for address, count in zip(keys[0, order].tolist(), keys[1, order].tolist(), strict=True)
        if count >= LEAST_PAIRS and (told := tables.table(address)) is not None
    }
    addresses = np.array(sorted(found), np.int64)
    sizes = np.array([found[address].size for address in addresses.tolist()], np.int64)
    counted = np.zeros((2, addresses.size), np.int64)
    kernels.typed(*heaps.place_of, *heaps.chunks, addresses, sizes, counted)
    names = {address: f"{OBJECTS}{table.name}" for address, table in found.items()}
    return Traits(names, _merged(addresses, names, counted))


def _merged(
    addresses: NDArray[np.int64], names: dict[int, str], counted: NDArray[np.int64]
) -> tuple[tuple[str, int, int], ...]:
    """A type has a table for each trait that it is seen through."""
    rows: dict[str, tuple[int, int]] = {}
    for address, count, size in zip(addresses.tolist(), *counted.tolist(), strict=True):
        before = rows.get(names[address], (0, 0))
        rows[names[address]] = before[0] + count, before[1] + size
    return tuple((name, count, size) for name, (count, size) in rows.items() if count)
