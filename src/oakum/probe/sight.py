"""What is seen of one process while it is being recognised: its mappings, its files, the marks in its executable."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from oakum.model.ports import Memory
from oakum.model.process import Region
from oakum.probe.mapped import Found, MappedFile, Mark, mapped_files

LIBRARY_BYTES: Final = 96 << 20
"""At most this much of one library is read."""

PROGRAM_BYTES: Final = 256 << 20
"""At most this much of an executable is read; that of Node.js has 60 MiB of constants."""

_TAIL_BYTES: Final = 64 << 10
_LOADER: Final = re.compile(r"ld-.*\.so.*|ld\.so.*|libc\.so|libc\.musl-.*")


@dataclass(frozen=True)
class Sight:
    """``executable``: what /proc/PID/exe points at. Valid while ``memory`` is open."""

    memory: Memory
    regions: tuple[Region, ...]
    executable: str

    @cached_property
    def files(self) -> list[MappedFile]:
        return mapped_files(self.regions)

    @cached_property
    def program(self) -> MappedFile | None:
        """What it executes. Where a loader was started by hand, what that one loaded first."""
        named = next((file for file in self.files if file.path == self.executable), None)
        with_code = [file for file in self.files if file.has_code]
        if named is None or _LOADER.fullmatch(named.name):
            return next((file for file in with_code if not _LOADER.fullmatch(file.name)), named)
        return named

    def library(self, *begins: str) -> MappedFile | None:
        """The first mapped file whose name begins so: where to look, not yet a proof."""
        return next((file for file in self.files if file.name.startswith(begins) and file is not self.program), None)

    def library_like(self, pattern: re.Pattern[str]) -> MappedFile | None:
        return next((file for file in self.files if pattern.fullmatch(file.name)), None)

    def in_library(self, file: MappedFile, *marks: Mark) -> dict[Mark, Found]:
        return file.find(self.memory, marks, LIBRARY_BYTES)

    def in_program(self, marks: Iterable[Mark]) -> dict[Mark, Found]:
        return {} if self.program is None else self.program.find(self.memory, marks, PROGRAM_BYTES)

    def after_program(self, mark: Mark) -> re.Match[bytes] | None:
        """In what stands in the executable's file behind all that is mapped: what compilers say of themselves."""
        if self.program is None:
            return None
        last = max(self.program.regions, key=lambda region: region.offset)
        begin = last.offset + max(0, last.size_bytes - _TAIL_BYTES)
        return mark.pattern.search(self.memory.mapped(last, begin, 2 * _TAIL_BYTES))
