"""What a deeper look into a CPython process would need, and which of that is there. Nothing is asked of the target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from oakum.model.absent import Absent
from oakum.model.deeper import Deeper
from oakum.model.ports import Memories, Processes
from oakum.model.runtime import Runtime, RuntimeName

REMOTE_SINCE = (3, 14)
DISABLED = ("PYTHON_DISABLE_REMOTE_DEBUG", "disable-remote-debug", "disable_remote_debug")


def look_deeper(pid: int, runtime: Runtime, processes: Processes, memories: Memories) -> Deeper | None:
    """None for another runtime. Raises TargetError when the process has ended."""
    parts = runtime.version.split(".")[:2]
    if runtime.name is not RuntimeName.CPYTHON or not all(part.isdigit() for part in parts) or len(parts) < 2:
        return None
    version = int(parts[0]), int(parts[1])
    info = processes.info(pid)
    told = processes.environment(pid)
    environment: Mapping[str, str] = told if isinstance(told, dict) else {}
    memray = ""
    for folder in _folders(info.command, info.executable, environment, version):
        if not isinstance(processes.read_file(pid, f"{folder}/memray/__init__.py", 1), Absent):
            memray = folder
            break
    memory = memories.open(pid)
    readable = not isinstance(memory, Absent)
    if not isinstance(memory, Absent):
        memory.close()
    off = DISABLED[0] in environment or any(word in option for option in info.command for word in DISABLED[1:])
    return Deeper(pid, version, info.command, memray, readable, version >= REMOTE_SINCE and not off)


def _folders(
    command: tuple[str, ...], executable: str, environment: Mapping[str, str], version: tuple[int, int]
) -> Iterator[str]:
    """Where it would look for packages: as far as that can be told from what started it."""
    yield from (path for path in environment.get("PYTHONPATH", "").split(":") if path.startswith("/"))
    prefixes = [environment.get("VIRTUAL_ENV", "")]
    starts = (PurePosixPath(path) for path in (command[0] if command else "", executable))
    prefixes += [str(path.parent.parent) for path in starts if path.is_absolute()]
    for prefix in dict.fromkeys(prefixes):
        if prefix.startswith("/"):
            base = prefix.rstrip("/")
            yield from (
                f"{base}/lib/python{version[0]}.{version[1]}/site-packages",
                f"{base}/lib/python3/dist-packages",
            )
