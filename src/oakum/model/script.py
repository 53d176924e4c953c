"""JavaScript sources: how runtimes name them, and whose they are."""

from __future__ import annotations

from urllib.parse import unquote

SUFFIXES = (".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx")


def script_path(name: str) -> str:
    """ES modules are named by URL, others by path."""
    return unquote(name.removeprefix("file://")) if name.startswith("file://") else name


def is_library(path: str) -> bool:
    """Of the runtime or of a package, not of the application."""
    return path.startswith(("node:", "internal/")) or "/node_modules/" in path
