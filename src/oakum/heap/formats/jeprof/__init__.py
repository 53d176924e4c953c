"""Heap profiles of jemalloc (``jeprof.*.heap``) and gperftools: where memory that lives was allocated."""

from __future__ import annotations

from oakum.heap.formats.jeprof.profile import is_jeprof, read_jeprof

__all__ = ["is_jeprof", "read_jeprof"]
