"""Of which Rust type an object behind a trait is: by the table that stands beside each pointer to it.

Source: rustc's layout of a table (rustc_middle, ty/vtable.rs): the function that drops the object or 0, its size, its
alignment, then its methods. The pointer and the table's address stand side by side (`Box<dyn T>`, `Arc<dyn T>`), so the
object itself says nothing. Names come from the symbols of those functions: rustc writes no other into a program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from oakum.heap.formats.native.rust_names import rust_name, type_of
from oakum.heap.formats.native.vtables import Reader
from oakum.model.layout import UNNAMED

MARK: Final = b"/library/core/src/"
"""Stands in each program that rustc made: the paths of its library, in messages of panics."""

LARGEST: Final = 1 << 32
MOST_ALIGN: Final = 4096
METHODS: Final = 6
COUNTED: Final = 16
"""Two counters stand in front of what an Rc or an Arc holds, in bytes."""


@dataclass(frozen=True, slots=True)
class TraitTable:
    """``name``: the type's, or where the table is. ``size``: of the type, in bytes."""

    name: str
    size: int

    def fits(self, room: int) -> bool:
        """Whether a block with ``room`` bytes to use was asked for this type, boxed or counted."""
        least = 24
        return any(room == least if wanted <= least else wanted <= room < wanted + 16
                   for wanted in (self.size, self.size + COUNTED))  # fmt: skip


@dataclass(slots=True)
class TraitTables:
    """As Vtables has them. ``function``: the symbol of the function at an address, "" for none."""

    memory: Reader
    executable: Callable[[int], bool]
    constant: Callable[[int], bool]
    place: Callable[[int], str]
    function: Callable[[int], str]
    _known: dict[int, TraitTable | None] = field(default_factory=dict)

    def table(self, address: int) -> TraitTable | None:
        """None for what is none."""
        if address not in self._known:
            self._known[address] = self._table(address)
        return self._known[address]

    def _table(self, address: int) -> TraitTable | None:
        if address & 7 or not self.constant(address):
            return None
        raw = self.memory.read(address, 8 * (3 + METHODS))
        words = [int.from_bytes(raw[at : at + 8], "little") for at in range(0, len(raw) // 8 * 8, 8)]
        if len(words) < 3:
            return None
        drop, size, align, *methods = words
        shaped = 0 < size < LARGEST and 0 < align <= MOST_ALIGN and align & (align - 1) == 0 and size % align == 0
        if not shaped or not (drop == 0 or self.executable(drop)):
            return None
        own = []
        for method in methods:
            if not self.executable(method):
                break
            own.append(method)
        if not drop and not own:
            return None
        return TraitTable(self._name(address, drop, own), size)

    def _name(self, address: int, drop: int, methods: list[int]) -> str:
        """Functions of several types that do the same are often one: most of them tell."""
        told = Counter(
            name for at in (*methods, drop) if at and (name := type_of(rust_name(self.function(at)))) and name[0] != "&"
        )
        return told.most_common(1)[0][0] if told else f"{UNNAMED}{self.place(address)}"
