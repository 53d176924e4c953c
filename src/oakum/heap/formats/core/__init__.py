"""Cores of programs in C, C++ and Rust: what malloc gave out in them, and what no pointer leads to."""

from __future__ import annotations

from oakum.heap.formats.core.elf import is_core

__all__ = ["is_core"]
