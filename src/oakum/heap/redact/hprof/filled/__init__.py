"""An HPROF file written anew, what does not stay filled."""

from __future__ import annotations

from oakum.heap.redact.hprof.filled import kernels

__all__ = ["kernels"]
