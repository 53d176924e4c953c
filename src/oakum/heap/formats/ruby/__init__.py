"""Heap dumps of Ruby: what ObjectSpace.dump_all writes, one JSON object per line."""

from __future__ import annotations

from oakum.heap.formats.ruby.reader import RubyHeap, is_ruby, read_ruby

__all__ = ["RubyHeap", "is_ruby", "read_ruby"]
