"""Frames of Go programs: whose code they are, and how they are written for a person."""

from __future__ import annotations

import re

from oakum.heap.formats.pprof.profile import Frame

STANDARD = frozenset(
    """
    archive bufio builtin bytes cmp compress container context crypto database debug embed encoding errors expvar flag
    fmt go hash html image index internal io iter log maps math mime net os path plugin reflect regexp runtime slices
    sort strconv strings structs sync syscall testing text time type unicode unique unsafe vendor weak
    """.split()  # noqa: SIM905  (a hundred lines of one word each)
)
"""Folders of Go's own packages."""

SYSTEM = re.compile(r"/(usr/)?lib(64)?/.*\.so[.0-9]*$")
"""Libraries that a system brings."""


def is_library(frame: Frame) -> bool:
    """Of Go itself or of a module that was fetched: nobody of the application wrote it."""
    file = frame.file.replace("\\", "/")
    package = frame.function.rpartition("/")[0] or frame.function.partition(".")[0]
    top = package.partition("/")[0]
    fetched = "/pkg/mod/" in file or "/vendor/" in file or "@v" in file or bool(SYSTEM.match(file))
    return fetched or (top in STANDARD and not file.endswith("_test.go")) or frame.function == "?"


def place_of(frame: Frame) -> str:
    """``main.newSession (sessions.go:24)``."""
    base = frame.file.replace("\\", "/").rpartition("/")[2]
    where = f"{base}:{frame.line}" if frame.line and base else base
    return f"{frame.function} ({where})" if where else frame.function
