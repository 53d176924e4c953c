"""How large objects are in the JVM that was dumped: the file does not say it, their distances do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.hprof import kernels
from oakum.heap.formats.hprof.classes import REFERENCE, VALUE_BYTES, Classes, JavaClass
from oakum.heap.formats.hprof.ids import Ids

UNKNOWN = 1 << 62
PADDING_PER_CLASS = 8
"""Older JVMs begin each class of a line on a boundary of its own."""

HIDDEN = {"java.lang.Class": 64, "java.lang.Thread": 272, "java.util.concurrent.ForkJoinPool": 272}
"""Bytes that HotSpot may add and the file does not tell of: words of its own, and padding against false sharing."""


@dataclass(frozen=True, slots=True)
class SizeModel:
    """Bytes of a reference, of an instance's head and of an array's head, its length included."""

    reference: int
    head: int
    array_head: int

    def value(self, kind: int) -> int:
        return self.reference if kind == REFERENCE else VALUE_BYTES.get(kind, self.reference)

    def instance(self, classes: Classes, class_id: int) -> int:
        """The least that an instance can take: nothing between its values but what aligns the whole."""
        values = sum(self.value(field.type) for known in classes.line(class_id) for field in known.fields)
        return self.head + values + 7 & ~7

    def class_object(self, own: JavaClass, base: int) -> int:
        """An instance of java.lang.Class (``base`` bytes) carries the statics of the class that it stands for.

        HotSpot lists what its own structures hold among them, as ``<resolved_references>``.
        """
        return base + sum(self.value(field.type) for field in own.statics if not field.name.startswith("<")) + 7 & ~7


HEADS = ((16, 24), (12, 16), (8, 12))
"""(instance's, array's) head of 64-bit HotSpot: plain class words, narrow ones, compact headers (JDK 24 on)."""


def size_model(
    id_bytes: int,
    ids: Ids,
    kind: NDArray[np.int32],
    items: NDArray[np.int64],
    classes: list[JavaClass],
    known: Classes,
) -> tuple[SizeModel, NDArray[np.int64]]:
    """(model, int64[kinds]: bytes of an instance of each kind). ``classes``: by kind; O(n).

    Objects cannot overlap: two that stand closer than a wide model allows prove a narrower one. Where every instance
    of a class is followed at some distance, that distance bounds what alignment may have added.
    """
    references = np.array([found.element != "" and found.element not in _PRIMITIVE for found in classes], np.bool_)
    least = np.full(len(classes), UNKNOWN, np.int64)
    close = chosen(kernels.gaps, ids.words.size)(ids.pages, ids.shift, ids.words, kind, items, references, least)
    if id_bytes == 4:
        return _with(SizeModel(4, 8, 12), least, classes, known)
    reference = 4 if close else 8
    for head, array_head in HEADS:
        model = SizeModel(reference, head, array_head)
        if not any(model.instance(known, found.id) > gap for found, gap in zip(classes, least.tolist(), strict=True)):
            break
    return _with(model, least, classes, known)


_PRIMITIVE = frozenset({"boolean", "char", "float", "double", "byte", "short", "int", "long"})


def _with(
    model: SizeModel, least: NDArray[np.int64], classes: list[JavaClass], known: Classes
) -> tuple[SizeModel, NDArray[np.int64]]:
    instance = np.empty(len(classes), np.int64)
    for row, (found, gap) in enumerate(zip(classes, least.tolist(), strict=True)):
        size = model.instance(known, found.id)
        line = known.line(found.id)
        most = size + PADDING_PER_CLASS * len(line) + sum(HIDDEN.get(above.name, 0) for above in line)
        instance[row] = gap if size < gap <= most and gap % 8 == 0 else size
    return model, instance
