"""Oakum's own census of a CPython heap: what `oakum heap capture` writes. Described in docs/heap-cpython.md."""

from __future__ import annotations

from oakum.heap.formats.census.census import Census
from oakum.heap.formats.census.file import is_census, read_census, write_census

__all__ = ["Census", "is_census", "read_census", "write_census"]
