"""What is in a heap, and who holds it. Buffers in, arrays out."""

from __future__ import annotations

from oakum.heap.growth import compare
from oakum.heap.warm import warm_up

__all__ = ["compare", "warm_up"]
