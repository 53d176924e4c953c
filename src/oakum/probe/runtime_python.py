"""CPython and PyPy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from oakum.model.process import Region
from oakum.model.runtime import Runtime, RuntimeName
from oakum.probe.mapped import MappedFile
from oakum.probe.runtime_marks import CPYTHON, PYPY, PYPY_LANGUAGE
from oakum.probe.sight import Sight

_LARGEST_DATA: Final = 16 << 20
_BROUGHT_IN: Final = 4 << 20
"""At most so much of the data of what is named as CPython is read although it is swapped out."""
_NAMES: Final = ("python", "libpython")


def cpython(sight: Sight) -> Runtime | None:
    """By the version text in the data of the executable or of libpython, wherever that was linked."""
    swapped: list[tuple[Region, str]] = []
    for region, path in _data(sight):
        match = _version_text(sight.memory.read_present(region.start, region.size_bytes))
        if match is not None:
            return _told(match, path)
        if PurePosixPath(path).name.startswith(_NAMES) and region.size_bytes <= _BROUGHT_IN:
            swapped.append((region, path))
    for region, path in swapped:
        if not sight.memory.present(region.start, region.end).all():
            match = _version_text(sight.memory.read(region.start, region.size_bytes))
            if match is not None:
                return _told(match, path)
    return None


def pypy(sight: Sight, file: MappedFile | None) -> Runtime | None:
    """``file``: where it would stand: libpypy, or the executable."""
    found = {} if file is None else sight.in_library(file, PYPY, PYPY_LANGUAGE)
    if file is None or PYPY not in found:
        return None
    language = found[PYPY_LANGUAGE].text() if PYPY_LANGUAGE in found else ""
    implementation = f"PyPy {found[PYPY].text()}"
    return Runtime(RuntimeName.PYPY, language, (f"{implementation} stands in {file.name}",), implementation)


def _data(sight: Sight) -> list[tuple[Region, str]]:
    """(what may be written, the file that it is of); first what is likely, as others may hold a copy of the text."""
    program = sight.program.path if sight.program is not None else ""
    return sorted(_written(sight), key=lambda data: data[1] != program and "libpython" not in data[1])


def _written(sight: Sight) -> Iterator[tuple[Region, str]]:
    """The data of files, and what continues it."""
    before: Region | None = None
    for region in sight.regions:
        continues = not region.inode and not region.path and before is not None and before.end == region.start
        if region.writable and region.readable and (region.inode or continues) and region.size_bytes <= _LARGEST_DATA:
            yield region, before.path if continues and before is not None else region.path
        before = region


def _version_text(raw: bytes) -> re.Match[bytes] | None:
    return next((match for mark in CPYTHON if (match := mark.search(raw)) is not None), None)


def _told(match: re.Match[bytes], path: str) -> Runtime:
    version = match[1].decode()
    how = f"sys.version {version} stands in the data of {PurePosixPath(path).name or 'its executable'}"
    if b"free-threading" in match[0]:
        return Runtime(RuntimeName.CPYTHON, f"{version} free-threaded", (how,))
    return Runtime(RuntimeName.CPYTHON, version, (how,))
