"""Where an instance keeps its attributes: in a dict, in values that share the class's names, or in slots.

Sources: Include/internal/pycore_object.h and Objects/dictobject.c of 3.11 (values at -32), 3.12 (tagged, at -24) and
3.13 (behind the fixed part).
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.heap.formats.python.layouts import FLAG_INLINE_VALUES, FLAG_MANAGED_DICT, TP_DICTOFFSET
from oakum.heap.formats.python.objects import PythonHeap
from oakum.heap.formats.python.types import bases
from oakum.heap.image import MemoryImage

TP_MEMBERS = 240
MEMBER_BYTES = 40
MOST_MEMBERS = 64


def attributes(heap: PythonHeap, node: int) -> Iterator[tuple[str, int]]:
    """(name, address of the value) of each attribute that is set."""
    kind = int(heap.graph.kind[node])
    if kind < 0:
        return
    image, values = heap.image, heap.values
    type_at, at = int(heap.types.address[kind]), int(heap.graph.address[node])
    table = inline_values(heap, node)
    keys = values.keys_at(image.word(type_at + heap.layout.ht_cached_keys)) if table else None
    if keys is not None:
        for index, value in enumerate(values.words(table, keys.entries).tolist()):
            key = image.word(keys.entries_at + (index * keys.entry_words + keys.entry_words - 2) * 8)
            if value:
                yield values.text(key) or "?", value
    own = instance_dict(heap, node)
    if own:
        names, held = values.dict_items(own)
        for key, value in zip(names.tolist()[:1000], held.tolist()[:1000], strict=True):
            yield values.text(key) or "?", value
    yield from _slots(heap, type_at, at)


def inline_values(heap: PythonHeap, node: int) -> int:
    """Where the values begin that are not in a dict, 0 if there are none."""
    image, layout = heap.image, heap.layout
    kind, at = int(heap.graph.kind[node]), int(heap.graph.address[node])
    if kind < 0 or not int(heap.types.flags[kind]) & layout.preheader_flags & FLAG_MANAGED_DICT:
        return 0
    if layout.managed == 1:
        return image.word(at - 32)
    word = image.word(at - 24)
    if layout.managed == 2:
        return word + 1 if word & 1 else 0
    inside = int(heap.types.flags[kind]) & FLAG_INLINE_VALUES
    return at + int(heap.types.basic[kind]) + 8 if inside else 0


def instance_dict(heap: PythonHeap, node: int) -> int:
    """The address of an instance's own ``__dict__``, 0 if it has none."""
    image, layout = heap.image, heap.layout
    kind, at = int(heap.graph.kind[node]), int(heap.graph.address[node])
    if kind < 0:
        return 0
    if int(heap.types.flags[kind]) & layout.preheader_flags & FLAG_MANAGED_DICT:
        word = image.word(at - 24)
        return 0 if layout.managed == 2 and word & 1 else word
    offset = image.word(int(heap.types.address[kind]) + TP_DICTOFFSET)
    return image.word(at + offset) if 0 < offset < 1 << 16 else 0


def _slots(heap: PythonHeap, type_at: int, at: int) -> Iterator[tuple[str, int]]:
    image = heap.image
    for base in bases(image, type_at):
        for name, offset in members(image, base):
            value = image.word(at + offset) if 0 < offset < 1 << 16 else 0
            if value > 4096:
                yield name, value


def members(image: MemoryImage, type_at: int) -> Iterator[tuple[str, int]]:
    """(name, offset in an instance) of what a type itself declares (tp_members): slots, and fields of C."""
    first = image.word(type_at + TP_MEMBERS)
    for index in range(MOST_MEMBERS if first else 0):
        entry = first + index * MEMBER_BYTES
        name = image.text(image.word(entry))
        if not name:
            break
        yield name, image.word(entry + 16)
