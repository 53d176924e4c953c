"""HPROF 1.0.1 and 1.0.2: the heap dumps of JVMs and of Android."""

from __future__ import annotations

from oakum.heap.formats.hprof.reader import read_hprof

__all__ = ["read_hprof"]
