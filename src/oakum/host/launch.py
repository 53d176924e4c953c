"""How a process was started, read from /proc while it runs."""

from __future__ import annotations

import os
import re
import resource
import stat as modes
from pathlib import Path
from typing import Final

from oakum.host.gauge import ProcessFolder
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import TargetError
from oakum.model.launch import Launch, Stdio
from oakum_guard import find_hierarchy

_MOST_BYTES: Final = 1 << 22
_RESOURCES: Final = {
    "Max cpu time": resource.RLIMIT_CPU,
    "Max file size": resource.RLIMIT_FSIZE,
    "Max data size": resource.RLIMIT_DATA,
    "Max stack size": resource.RLIMIT_STACK,
    "Max core file size": resource.RLIMIT_CORE,
    "Max resident set": resource.RLIMIT_RSS,
    "Max processes": resource.RLIMIT_NPROC,
    "Max open files": resource.RLIMIT_NOFILE,
    "Max locked memory": resource.RLIMIT_MEMLOCK,
    "Max address space": resource.RLIMIT_AS,
    "Max pending signals": resource.RLIMIT_SIGPENDING,
    "Max msgqueue size": resource.RLIMIT_MSGQUEUE,
    "Max nice priority": resource.RLIMIT_NICE,
    "Max realtime priority": resource.RLIMIT_RTPRIO,
    "Max realtime timeout": resource.RLIMIT_RTTIME,
}
"""As proc_pid_limits(5) calls them. prlimit(2) of another user's process wants a capability; the file does not."""

_LIMIT: Final = re.compile(r"^(Max [a-z ]+?)\s+(\d+|unlimited)\s+(\d+|unlimited)", re.MULTILINE)
_HANDED_OVER: Final = ("LISTEN_FDS", "NOTIFY_SOCKET", "LISTEN_PID")


def read_launch(pid: int) -> Launch | Absent:
    """Absent: why it could not be started again as it was. Raises TargetError when it has ended."""
    try:
        folder = ProcessFolder(pid)
    except OSError as exc:
        raise TargetError(f"there is no process {pid}", why="it has ended", next_step="oakum scan host") from exc
    try:
        return _read(folder)
    except PermissionError as exc:
        return _absent(pid, AbsentKind.NOT_PERMITTED, f"{exc.filename} may not be read", "run oakum as root")
    except OSError as exc:
        raise TargetError(f"pid {pid} has ended", why=str(exc.strerror), next_step="oakum scan host") from exc
    finally:
        folder.close()


def _read(folder: ProcessFolder) -> Launch | Absent:
    pid = folder.pid
    raw = folder.read("cmdline", _MOST_BYTES)
    command = tuple(map(os.fsdecode, raw[:-1].split(b"\0")))
    if not raw.endswith(b"\0") or raw.endswith(b"\0\0") or not command[0]:
        return _absent(
            pid,
            AbsentKind.NOT_APPLICABLE,
            "it wrote over its own command line, so what it was started with cannot be told",
            "restart it the way it was started",
        )
    environment = _environment(folder)
    handed = [name for name in _HANDED_OVER if any(pair.startswith(f"{name}=") for pair in environment)]
    if handed:
        why = f"its launcher handed sockets over to it ({', '.join(handed)})"
        return _absent(pid, AbsentKind.NOT_APPLICABLE, why, "ask that launcher for a restart")
    status = _status(folder)
    uids, gids = status["Uid"].split(), status["Gid"].split()
    if len(set(uids)) > 1 or len(set(gids)) > 1:
        return _absent(pid, AbsentKind.NOT_APPLICABLE, "it runs as several users at once", "restart it by hand")
    executable = _executable(folder, command, environment)
    if isinstance(executable, Absent):
        return executable
    stdio = tuple(_stream(folder, number) for number in range(3))
    return Launch(
        executable=executable,
        command=command,
        environment=environment,
        folder=os.readlink("cwd", dir_fd=folder.fd),
        uid=int(uids[0]),
        gid=int(gids[0]),
        groups=tuple(map(int, status.get("Groups", "").split())),
        umask=int(status.get("Umask", "0022"), 8),
        nice=os.getpriority(os.PRIO_PROCESS, pid),
        limits=_limits(folder),
        cgroups=_cgroups(folder),
        stdio=stdio,
        lost=tuple(_lost(folder, stdio)),
    )


def _limits(folder: ProcessFolder) -> tuple[tuple[int, int, int], ...]:
    rows = _LIMIT.findall(os.fsdecode(folder.read("limits")))
    return tuple((_RESOURCES[name], _amount(soft), _amount(hard)) for name, soft, hard in rows if name in _RESOURCES)


def _amount(text: str) -> int:
    return resource.RLIM_INFINITY if text == "unlimited" else int(text)


def _environment(folder: ProcessFolder) -> tuple[str, ...]:
    return tuple(os.fsdecode(pair) for pair in folder.read("environ", _MOST_BYTES).split(b"\0") if b"=" in pair)


def _status(folder: ProcessFolder) -> dict[str, str]:
    lines = (os.fsdecode(line).partition(":") for line in folder.read("status").split(b"\n"))
    return {name: value.strip() for name, _, value in lines}


def _executable(folder: ProcessFolder, command: tuple[str, ...], environment: tuple[str, ...]) -> str | Absent:
    """The name it was called by, where that still is the very file that runs: programs look at their own name."""
    running = folder.open("exe")
    try:
        inode = os.fstat(running)
    finally:
        os.close(running)
    path = next((pair[5:] for pair in environment if pair.startswith("PATH=")), os.defpath)
    cwd = os.readlink("cwd", dir_fd=folder.fd)
    names = [command[0]] if "/" in command[0] else [f"{place}/{command[0]}" for place in path.split(":") if place]
    for name in (*names, os.readlink("exe", dir_fd=folder.fd)):
        try:
            found = Path(cwd, name).stat()
        except OSError:
            continue
        if (found.st_dev, found.st_ino) == (inode.st_dev, inode.st_ino):
            return str(Path(cwd, name))
    return _absent(
        folder.pid,
        AbsentKind.NOT_APPLICABLE,
        "its program was replaced or removed on the disk: another one would start",
        "restart it the way it was deployed",
    )


def _stream(folder: ProcessFolder, number: int) -> Stdio:
    try:
        path = os.readlink(f"fd/{number}", dir_fd=folder.fd)
        info = os.fsdecode(folder.read(f"fdinfo/{number}"))
    except FileNotFoundError:
        return Stdio("/dev/null", os.O_RDWR, "closed")
    flags = next((int(line.split()[1], 8) for line in info.split("\n") if line.startswith("flags:")), os.O_RDWR)
    kept = flags & (os.O_ACCMODE | os.O_APPEND)
    return Stdio(path if _can_be_opened(path) else "", kept, path)


def _can_be_opened(path: str) -> bool:
    """A regular file that is still there, or a plain device; not a pipe, a socket or a terminal."""
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return False
    return modes.S_ISREG(mode) or path in {"/dev/null", "/dev/zero", "/dev/full"}


def _lost(folder: ProcessFolder, stdio: tuple[Stdio, ...]) -> list[str]:
    unnamed = sorted({stream.shown for stream in stdio if not stream.path})
    told = []
    if unnamed:
        told.append(f"{', '.join(unnamed)}: handed on while it runs, /dev/null should it have ended before")
    ours, theirs = Path("/proc/self/oom_score_adj").read_bytes(), folder.read("oom_score_adj")
    if ours != theirs:
        told.append(f"its oom_score_adj ({os.fsdecode(theirs.strip())}): Oakum never sets one")
    return told


def _cgroups(folder: ProcessFolder) -> tuple[str, ...]:
    """Of every hierarchy whose mount is seen here."""
    found = []
    hierarchy = find_hierarchy()
    for line in os.fsdecode(folder.read("cgroup", 1 << 16)).split("\n"):
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not path:
            continue
        mounts = (
            hierarchy.mounts if "memory" in controllers.split(",") else hierarchy.unified if not controllers else ()
        )
        places = [place for mount in mounts if (place := mount.locate(path)) is not None]
        if not places and controllers and path != "/":
            # Beside memory, a v1 controller is mounted under its own name (cgroups(7)).
            places = [f"/sys/fs/cgroup/{controllers.removeprefix('name=')}{path}"]
        found += [f"{place}/cgroup.procs" for place in places[:1] if Path(f"{place}/cgroup.procs").exists()]
    return tuple(found)


def _absent(pid: int, kind: AbsentKind, why: str, get: str) -> Absent:
    return Absent(f"how pid {pid} was started", kind, why, get)
