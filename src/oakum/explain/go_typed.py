"""A type of Go source: one text, and what it says of itself."""

from __future__ import annotations


def pointed(told: str) -> str:
    """``Bucket`` of ``*shop.Bucket[K]``: the name of a type alone, "" for what has none."""
    bare = told.lstrip("*").partition("[")[0] if not told.startswith(("[", "map[")) else ""
    name = bare.rpartition(".")[2]
    return name if name.isidentifier() else ""
