"""Which C library a process has, and which allocator serves its malloc."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from oakum.probe.mapped import Found, Mark
from oakum.probe.runtime_marks import ALLOCATORS, LIBCS, PartMark
from oakum.probe.sight import Sight


@dataclass(frozen=True, slots=True)
class Part:
    """``how``: by what it was told."""

    name: str
    version: str
    how: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


def built_in_marks(sight: Sight) -> Iterator[Mark]:
    """What to look for in its executable, beside runtimes."""
    for part in ALLOCATORS if _mapped(sight, LIBCS) else (*ALLOCATORS, *LIBCS):
        yield part.builtin or part.mark
        if part.version and not part.builtin:
            yield part.version


def libc_of(sight: Sight, marks: Mapping[Mark, Found]) -> Part | None:
    """``marks``: those that its executable has."""
    return _mapped(sight, LIBCS) or _built_in(LIBCS, marks)


def allocator_of(sight: Sight, marks: Mapping[Mark, Found], libc: Part | None) -> Part | None:
    """The C library's own where it has no other."""
    found = _mapped(sight, ALLOCATORS) or _built_in(ALLOCATORS, marks)
    return found or (Part(libc.name, "", "") if libc is not None else None)


def _mapped(sight: Sight, parts: Sequence[PartMark]) -> Part | None:
    for part in parts:
        file = sight.library_like(part.libraries)
        if file is None:
            continue
        wanted = (part.mark, part.version) if part.version else (part.mark,)
        found = sight.in_library(file, *wanted)
        if part.mark in found:
            return Part(part.name, _version(part, found), f"{file.name} is mapped, and says that it is {part.name}")
    return None


def _built_in(parts: Sequence[PartMark], marks: Mapping[Mark, Found]) -> Part | None:
    for part in parts:
        if (part.builtin or part.mark) in marks:
            return Part(part.name, _version(part, marks), f"{part.name} is built into its executable")
    return None


def _version(part: PartMark, found: Mapping[Mark, Found]) -> str:
    at = found.get(part.version or part.mark)
    return at.text() if at is not None and at.match.re.groups else ""
