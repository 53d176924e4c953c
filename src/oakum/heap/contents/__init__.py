"""The bytes of blocks, hashed and compared."""

from __future__ import annotations

from oakum.heap.contents import kernels

__all__ = ["kernels"]
