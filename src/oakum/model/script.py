"""JavaScript sources: how runtimes name them, and whose they are."""

from __future__ import annotations

import re
from urllib.parse import unquote

SUFFIXES = (".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx")


def script_path(name: str) -> str:
    """ES modules are named by URL, others by path."""
    return unquote(name.removeprefix("file://")) if name.startswith("file://") else name


_PYTHON = re.compile(r"/(?:site|dist)-packages/|/lib/python\d(?:\.\d+)?/|^<frozen ")


def is_library(path: str) -> bool:
    """Of the runtime or of a package, not of the application."""
    return path.startswith(("node:", "internal/")) or "/node_modules/" in path


def is_foreign(path: str) -> bool:
    """As ``is_library``, with Python's own and its packages: nobody mends a leak there."""
    return is_library(path) or _PYTHON.search(path) is not None
