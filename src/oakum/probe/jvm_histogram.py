"""What GC.class_histogram prints: how many objects of each class there are, and their bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from oakum.model.errors import DataError
from oakum.model.growth import TypeGrowth

Histogram: TypeAlias = Mapping[str, tuple[int, int]]
"""(objects, shallow bytes) by class name as in source."""

_ROW: Final = re.compile(r"\s*[0-9]+:\s+([0-9]+)\s+([0-9]+)\s+(\S+)(?: \(\S+\))?\s*")
_HIDDEN: Final = re.compile(r"[/.+]0x[0-9a-f]+")
"""What the JVM appends to the name of a class that it made itself: another one for every such class."""

_PRIMITIVES: Final = {
    "B": "byte", "C": "char", "D": "double", "F": "float", "I": "int", "J": "long", "S": "short", "Z": "boolean",
}  # fmt: skip
LEAST_BYTES = 64 << 10
"""A class that grew by less is not told."""

MOST_CLASSES = 50


def read_histogram(text: str) -> Histogram:
    """Raises DataError for a reply without a row."""
    found: dict[str, tuple[int, int]] = {}
    for line in text.splitlines():
        if match := _ROW.fullmatch(line):
            name = source_name(match[3])
            count, size = found.get(name, (0, 0))
            found[name] = (count + int(match[1]), size + int(match[2]))
    if not found:
        raise DataError("GC.class_histogram told no class", why=text.strip()[:200], next_step="oakum doctor")
    return found


def source_name(name: str) -> str:
    """``[Ljava.lang.String;`` → ``java.lang.String[]``; ``[[I`` → ``int[][]``."""
    inner = name.lstrip("[")
    depth = len(name) - len(inner)
    if depth:
        inner = inner[1:-1] if inner.startswith("L") and inner.endswith(";") else _PRIMITIVES.get(inner, inner)
    return _HIDDEN.sub("", inner) + "[]" * depth


def grown_classes(before: Histogram, after: Histogram, least_bytes: int = LEAST_BYTES) -> tuple[TypeGrowth, ...]:
    """Classes whose bytes grew, most first. Objects that nobody holds any more are counted too."""
    rows = []
    for name, (count, size) in after.items():
        count_before, size_before = before.get(name, (0, 0))
        if size - size_before >= least_bytes:
            rows.append(TypeGrowth(name, count_before, count, size_before, size))
    return tuple(sorted(rows, key=lambda row: -row.bytes_grown)[:MOST_CLASSES])


def total_bytes(histogram: Histogram) -> int:
    return sum(size for _, size in histogram.values())


def total_objects(histogram: Histogram) -> int:
    return sum(count for count, _ in histogram.values())
