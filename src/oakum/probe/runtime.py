"""Which runtime a process is: told by what it has mapped and by what stands in it, never by a name alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from oakum.model.absent import Absent
from oakum.model.ports import Memories, Processes
from oakum.model.runtime import Runtime, RuntimeName
from oakum.probe.mapped import Found, Mark
from oakum.probe.runtime_go import go
from oakum.probe.runtime_jvm import jvm
from oakum.probe.runtime_marks import DOTNET, DOTNET_PLACE, GO, PYPY, RUNTIMES, RUST, RUSTC
from oakum.probe.runtime_parts import allocator_of, built_in_marks, libc_of
from oakum.probe.runtime_python import cpython, pypy
from oakum.probe.sight import Sight

_OWN_VERSION: Final = 5.0
"""Before .NET 5 the library's version is another one than the runtime's."""


def recognise(pid: int, processes: Processes, memories: Memories) -> Runtime | Absent:
    """Absent where its memory may not be looked at. Raises TargetError when the process has ended."""
    memory = memories.open(pid)
    if isinstance(memory, Absent):
        return memory
    try:
        sight = Sight(memory, tuple(memory.regions()), processes.info(pid).executable)
        loaded = (
            cpython(sight)
            or pypy(sight, sight.library("libpypy"))
            or jvm(sight, pid, processes)
            or _dotnet(sight)
            or _library(sight)
        )
        wanted = list(built_in_marks(sight))
        marks = sight.in_program(wanted if loaded else [*wanted, *_runtime_marks()])
        runtime = loaded or go(sight, marks.get(GO)) or _built_in(sight, marks) or _native(sight, marks)
        libc = libc_of(sight, marks)
        allocator = allocator_of(sight, marks, libc)
    finally:
        memory.close()
    return replace(
        runtime,
        how=(*runtime.how, *(part.how for part in (allocator, libc) if part is not None and part.how)),
        allocator=str(allocator or ""),
        libc=str(libc or ""),
    )


def _dotnet(sight: Sight) -> Runtime | None:
    library = sight.library("libcoreclr.so")
    found = sight.in_library(library, DOTNET).get(DOTNET) if library is not None else None
    if library is None or found is None:
        return None
    place = DOTNET_PLACE.search(str(library.place))
    version = place[1] if place is not None else found.text() if float(found.text()) >= _OWN_VERSION else ""
    return Runtime(RuntimeName.DOTNET, version, (f"{library.place} is mapped, and says that it is CoreCLR",), "CoreCLR")


def _library(sight: Sight) -> Runtime | None:
    for known in RUNTIMES:
        library = sight.library(*known.libraries) if known.libraries else None
        found = sight.in_library(library, known.mark).get(known.mark) if library is not None else None
        if library is not None and found is not None:
            return Runtime(known.name, found.text(), (f"{library.name} says {_shown(found)}",))
    return None


def _runtime_marks() -> list[Mark]:
    return [GO, RUST, PYPY, *(known.mark for known in RUNTIMES), *(known.needs for known in RUNTIMES if known.needs)]


def _built_in(sight: Sight, marks: Mapping[Mark, Found]) -> Runtime | None:
    if PYPY in marks:
        return pypy(sight, sight.program)
    for known in RUNTIMES:
        found = marks.get(known.mark)
        if found is not None and (known.needs is None or known.needs in marks) and sight.program is not None:
            how = f"its executable {sight.program.name} says {_shown(found)}"
            implementation = found.text(2).strip() if found.match.re.groups > 1 else ""
            return Runtime(known.name, found.text(), (how,), implementation)
    return None


def _native(sight: Sight, marks: Mapping[Mark, Found]) -> Runtime:
    if RUST in marks:
        compiler = sight.after_program(RUSTC)
        language = f"Rust {compiler[1].decode()}" if compiler else "Rust"
        return Runtime(RuntimeName.NATIVE, "", (f"{marks[RUST].text(0)} stands in its executable",), language)
    return Runtime(RuntimeName.NATIVE, "", ("no runtime that Oakum knows is mapped",))


def _shown(found: Found) -> str:
    return found.text(0).strip()
