"""The types of a CPython process: found by what they are, not by symbols."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.distinct import distinct
from oakum.heap.formats.python.layouts import (
    FLAG_HAVE_GC,
    FLAG_HEAPTYPE,
    FLAG_READY,
    FLAG_TYPE,
    OB_TYPE,
    TP_BASE,
    TP_BASICSIZE,
    TP_DICT,
    TP_FLAGS,
    TP_ITEMSIZE,
    TP_NAME,
    Layout,
)
from oakum.heap.formats.python.values import Values
from oakum.heap.formats.python.words import fetch
from oakum.heap.image import MemoryImage

LARGEST_INSTANCE = 1 << 20
_NAME = re.compile(r"[^\W\d][^\x00-\x1f]*$")
"""A class may be named by any text, but one that is not a name is far more often no type at all."""

_MOST_BASES = 64
_MOST_METATYPES = 4
"""How deep the types of types are stacked: a class, its metaclass, perhaps that one's, and ``type``."""


@dataclass(frozen=True, slots=True, eq=False)
class Types:
    """Every type seen. ``address``: int64[t], ascending; the others in its order.

    ``head``: int32[t], bytes before an object's head within its block (GC list, managed attributes).
    ``basic``, ``item``: int64[t], bytes of the fixed part and of one item. ``flags``: int64[t].
    ``base``: int32[t], the first base as an index, -1 where there is none or it was not seen.
    """

    address: NDArray[np.int64]
    head: NDArray[np.int32]
    basic: NDArray[np.int64]
    item: NDArray[np.int64]
    flags: NDArray[np.int64]
    names: tuple[str, ...]
    modules: tuple[str, ...]
    base: NDArray[np.int32]

    def line(self, index: int) -> list[int]:
        """A type and its line of first bases, as indexes."""
        found: list[int] = []
        while index >= 0 and index not in found:
            found.append(index)
            index = int(self.base[index])
        return found

    def derived(self, names: set[str]) -> list[int]:
        """The built-in types of these names and all that derive from them."""
        return [index for index in range(len(self.names)) if any(self.names[at] in names for at in self.line(index))]

    def index(self, name: str) -> int:
        """Of the built-in type ``name``; -1 if no object of it was seen."""
        for index, (known, module) in enumerate(zip(self.names, self.modules, strict=True)):
            if known == name and module in {"builtins", ""}:
                return index
        return -1

    def qualified(self, index: int) -> str:
        """``shop.cart.Session``; built-in types stand alone."""
        module = self.modules[index]
        return self.names[index] if module in {"builtins", ""} else f"{module}.{self.names[index]}"


def find_types(image: MemoryImage, layout: Layout, candidates: NDArray[np.int64]) -> Types:
    """Those of ``candidates`` that are types: a type's type is a type, up to ``type`` itself. O(c log pieces)."""
    known = distinct(candidates[(candidates > 4096) & (candidates & 7 == 0)])

    def typed(addresses: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether what is there is an object whose type is one, up to ``type``, which alone is its own type.

        Flags alone would not do: in half of all processes any pointer has the bit that tells a type.
        """
        meta = fetch(image, addresses + OB_TYPE)
        found = _is_type_flags(fetch(image, meta + TP_FLAGS))
        for _ in range(_MOST_METATYPES):
            meta = fetch(image, meta + OB_TYPE)
        found &= _is_type_flags(fetch(image, meta + TP_FLAGS)) & (fetch(image, meta + OB_TYPE) == meta)
        return found

    # What one word tells comes first: few are left whose types must be followed.
    flags = fetch(image, known + TP_FLAGS)
    known = known[_are_flags(flags) & (flags & FLAG_READY != 0)]
    basic = fetch(image, known + TP_BASICSIZE)
    known = known[(basic >= 16) & (basic <= LARGEST_INSTANCE)]
    known = known[typed(known)]
    base = fetch(image, known + TP_BASE)
    known = known[(base == 0) | typed(base)]
    named = [bool(_NAME.match(image.text(int(at)))) for at in fetch(image, known + TP_NAME)]
    address = known[np.array(named, np.bool_)]
    flags, basic = fetch(image, address + TP_FLAGS), fetch(image, address + TP_BASICSIZE)
    item = fetch(image, address + TP_ITEMSIZE)
    head = np.where(flags & FLAG_HAVE_GC, 16, 0) + np.where(flags & layout.preheader_flags, 16, 0)
    if layout.managed == 0:
        head = np.where(flags & FLAG_HAVE_GC, 16, 0)
    values = Values(image, layout)
    names = [_name(values, layout, int(at)) for at in address]
    return Types(
        address,
        head.astype(np.int32),
        basic,
        np.clip(item, 0, LARGEST_INSTANCE),
        flags,
        tuple(name for name, _ in names),
        tuple(module for _, module in names),
        _bases(address, fetch(image, address + TP_BASE)),
    )


def _are_flags(word: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Flags take 32 bits, in every version; what has more is a pointer, or an int."""
    flags: NDArray[np.bool_] = (word >> 32) == 0
    return flags


def _is_type_flags(word: NDArray[np.int64]) -> NDArray[np.bool_]:
    tells: NDArray[np.bool_] = _are_flags(word) & (word & FLAG_TYPE != 0)
    return tells


def _bases(address: NDArray[np.int64], base: NDArray[np.int64]) -> NDArray[np.int32]:
    place = np.minimum(np.searchsorted(address, base), max(address.size - 1, 0))
    return np.where(address[place] == base, place, -1).astype(np.int32) if address.size else np.empty(0, np.int32)


def _name(values: Values, layout: Layout, address: int) -> tuple[str, str]:
    """(qualified name within its module, module)."""
    image = values.image
    full = image.text(image.word(address + TP_NAME)) or f"type at {address:#x}"
    if not image.word(address + TP_FLAGS) & FLAG_HEAPTYPE:
        module, dot, name = full.rpartition(".")
        return (name, module) if dot else (full, "builtins")
    qualname = values.text(image.word(address + layout.ht_qualname)) or full.rpartition(".")[2]
    namespace = image.word(address + TP_DICT)
    module_at = values.named(namespace, "__module__") if namespace else 0
    module = (values.text(module_at) if module_at else None) or full.rpartition(".")[0]
    return qualname, module or "builtins"


def bases(image: MemoryImage, address: int) -> list[int]:
    """A type and its line of first bases."""
    line: list[int] = []
    while address and address not in line and len(line) < _MOST_BASES:
        line.append(address)
        address = image.word(address + TP_BASE)
    return line
