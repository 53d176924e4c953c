"""Heap profiles in pprof's format: where memory that lives was allocated, never who holds it."""

from __future__ import annotations

from oakum.heap.formats.pprof.profile import Profile, is_pprof, read_profile

__all__ = ["Profile", "is_pprof", "read_profile"]
