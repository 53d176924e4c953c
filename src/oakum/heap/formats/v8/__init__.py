"""V8 heap snapshots: Node.js and Chrome."""

from __future__ import annotations

from oakum.heap.formats.v8.reader import read_v8

__all__ = ["read_v8"]
