"""Where records stand in an HPROF file."""

from __future__ import annotations

from oakum.heap.formats.hprof.scan import kernels

__all__ = ["kernels"]
