"""Which runtime a process is: told by what it has mapped and by what stands in its data, never by its name alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from oakum.model.absent import Absent
from oakum.model.ports import Memories, Memory, Processes
from oakum.model.process import Region
from oakum.model.runtime import Runtime, RuntimeName

# What Py_GetVersion() wrote: "3.11.7 (main, Dec  8 2023, 18:56:58) [GCC 12.2.0]"; it stands in static data.
_PYTHON: Final = re.compile(
    rb"([23]\.[0-9]{1,2}\.[0-9]{1,2})[^\x00\n]{0,50} \([^\x00]{6,90}\) ?\n?\[(GCC|Clang|MSC|PyPy)"
)
_LARGEST_DATA: Final = 16 << 20
_LIBRARIES: Final = (("libjvm.so", RuntimeName.JVM), ("libruby", RuntimeName.RUBY), ("libnode.so", RuntimeName.NODE))
_EXECUTABLES: Final = {"node": RuntimeName.NODE, "nodejs": RuntimeName.NODE, "ruby": RuntimeName.RUBY}


def recognise(pid: int, processes: Processes, memories: Memories) -> Runtime | Absent:
    """Absent where its memory may not be looked at. Raises TargetError when the process has ended."""
    memory = memories.open(pid)
    if isinstance(memory, Absent):
        return memory
    try:
        regions = memory.regions()
        python = _python(memory, regions)
    finally:
        memory.close()
    if python is not None:
        return python
    paths = {PurePosixPath(region.path).name for region in regions if region.inode}
    for library, name in _LIBRARIES:
        found = next((path for path in sorted(paths) if path.startswith(library)), None)
        if found:
            return Runtime(name, "", (f"{found} is mapped",))
    executable = PurePosixPath(processes.info(pid).executable).name
    if executable in _EXECUTABLES and executable in paths:
        return Runtime(_EXECUTABLES[executable], "", (f"its executable is {executable}",))
    return Runtime(RuntimeName.NATIVE, "", ("no runtime that Oakum knows is mapped",))


def _python(memory: Memory, regions: Sequence[Region]) -> Runtime | None:
    """CPython or not, by the version text in the data of the executable or of libpython."""
    before: Region | None = None
    for region in regions:
        data = region.writable and (region.inode or (before is not None and before.end == region.start))
        if data and not region.path.startswith("[") and region.size_bytes <= _LARGEST_DATA:
            match = _PYTHON.search(memory.read(region.start, region.size_bytes))
            if match is not None:
                return _told(match, before if not region.inode and before is not None else region)
        before = region
    return None


def _told(match: re.Match[bytes], region: Region) -> Runtime | None:
    if match[2] == b"PyPy":
        return Runtime(RuntimeName.UNKNOWN, "PyPy", ("sys.version says PyPy",))
    version = match[1].decode()
    how = f"sys.version {version} stands in the data of {PurePosixPath(region.path).name or 'its executable'}"
    if b"free-threading" in match[0]:
        return Runtime(RuntimeName.CPYTHON, f"{version} free-threaded", (how,))
    return Runtime(RuntimeName.CPYTHON, version, (how,))
