"""The processes of this machine, through /proc."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from oakum.host.gauge import LiveGauge, ProcessFolder, complete_info, read_info, read_whole
from oakum.host.listening import connections
from oakum.host.rooted import open_regular
from oakum.host.smaps import SMAPS_BYTES, parse_smaps
from oakum.host.stat import parse_stat
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import MachineError, OakumError, TargetError
from oakum.model.layout import Mapping
from oakum.model.process import ProcessInfo
from oakum.model.surroundings import Connection

_ENVIRONMENT_BYTES = 1 << 21
_MOST_OPEN_FILES = 1 << 16
_NO_ROOM = {errno.EMFILE, errno.ENFILE}
_Answer = TypeVar("_Answer")


class LiveProcesses:
    """Port Processes."""

    def pids(self) -> list[int]:
        try:
            names = _with_room(lambda: os.listdir("/proc"))
        except OSError as exc:
            raise MachineError("/proc cannot be read", why=str(exc.strerror), next_step="ls /proc") from exc
        return sorted(int(name) for name in names if name.isdigit())

    def list(self) -> list[ProcessInfo]:
        found = (_info_or_none(pid) for pid in self.pids())
        return [info for info in found if info is not None]

    def info(self, pid: int) -> ProcessInfo:
        with _opened(pid) as folder:
            # A kernel thread is a process too when it is asked for by name.
            stat = parse_stat(folder.read("stat"))
            if stat is None:
                raise OSError(errno.ESRCH, "the process has ended")
            return complete_info(folder, stat)

    def open(self, pid: int) -> LiveGauge:
        with _opened(pid, keep=True) as folder:
            info = read_info(folder)
            if info is None:
                raise TargetError(
                    f"pid {pid} is a thread of the kernel",
                    why="it has no memory of its own",
                    next_step="oakum scan host",
                )
            return LiveGauge(folder, info)

    def environment(self, pid: int) -> dict[str, str] | Absent:
        try:
            raw = _read(pid, "environ", _ENVIRONMENT_BYTES)
        except OSError as exc:
            return _absent(f"the environment of pid {pid}", pid, exc)
        pairs = (os.fsdecode(pair).partition("=") for pair in raw.split(b"\0"))
        return {name: value for name, equals, value in pairs if name and equals}

    def mappings(self, pid: int) -> Sequence[Mapping] | Absent:
        what = f"the mappings of pid {pid}"
        try:
            raw = _read(pid, "smaps", SMAPS_BYTES)
        except OSError as exc:
            return _absent(what, pid, exc)
        return parse_smaps(raw) or no_mappings(what)

    def connections(self, pid: int) -> Sequence[Connection] | Absent:
        what = f"the connections of pid {pid}"
        try:
            folder = ProcessFolder(pid)
            try:
                return connections(folder)
            finally:
                folder.close()
        except OSError as exc:
            return _absent(what, pid, exc)

    def read_file(self, pid: int, path: str, max_bytes: int) -> bytes | Absent:
        try:
            fd = open_regular(f"/proc/{pid}/root", path)
            try:
                return read_whole(fd, max_bytes)
            finally:
                os.close(fd)
        except (OSError, ValueError) as exc:
            return _absent(f"{path} of pid {pid}", pid, exc)


def no_mappings(what: str) -> Absent:
    return Absent(what, AbsentKind.NOT_APPLICABLE, "it has no memory: it has ended, or it is a thread of the kernel")


def _info_or_none(pid: int) -> ProcessInfo | None:
    try:
        return _with_room(lambda: _read_info(pid))
    except OSError as exc:
        if exc.errno in _NO_ROOM:
            # It has not ended: to leave it out would be a lie.
            raise _translated(pid, exc) from exc
        return None


def _read_info(pid: int) -> ProcessInfo | None:
    folder = ProcessFolder(pid)
    try:
        return read_info(folder)
    finally:
        folder.close()


def _read(pid: int, name: str, max_bytes: int) -> bytes:
    folder = ProcessFolder(pid)
    try:
        return folder.read(name, max_bytes)
    finally:
        folder.close()


@contextmanager
def _opened(pid: int, *, keep: bool = False) -> Iterator[ProcessFolder]:
    """``keep``: the body hands the folder on, so it is closed only when the body fails."""
    folder = None
    done = False
    try:
        folder = _with_room(lambda: ProcessFolder(pid))
        yield folder
        done = True
    except OSError as exc:
        raise _translated(pid, exc) from exc
    finally:
        if folder is not None and not (keep and done):
            folder.close()


def _with_room(ask: Callable[[], _Answer]) -> _Answer:
    """Once more with a higher limit where open files ran out. Raises OSError."""
    try:
        return ask()
    except OSError as exc:
        if exc.errno != errno.EMFILE or not _raise_file_limit():
            raise
        return ask()


def _raise_file_limit() -> bool:
    """Two descriptors per watched process pass the usual soft limit of 1024 on a busy node."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = min(hard, _MOST_OPEN_FILES) if hard != resource.RLIM_INFINITY else _MOST_OPEN_FILES
    if soft >= most:
        return False
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return True


def _translated(pid: int, exc: OSError) -> OakumError:
    if exc.errno in _NO_ROOM:
        return MachineError(
            "too many open files", why=f"the limit was reached at pid {pid}", next_step="ulimit -n 65536"
        )
    if exc.errno in {errno.EACCES, errno.EPERM}:
        return TargetError(
            f"pid {pid} may not be looked at", why=str(exc.strerror), next_step=f"sudo oakum investigate pid/{pid}"
        )
    return TargetError(f"there is no process {pid}", why="it never was, or it has ended", next_step="oakum scan host")


def _absent(what: str, pid: int, exc: OSError | ValueError) -> Absent:
    number = exc.errno if isinstance(exc, OSError) else None
    if number in {errno.EACCES, errno.EPERM}:
        return Absent(
            what,
            AbsentKind.NOT_PERMITTED,
            f"pid {pid} belongs to another user, or to a container that we may not look into",
            "run oakum as the user of the process, or as root (CAP_SYS_PTRACE)",
        )
    if number == errno.EINVAL or number is None:
        return Absent(what, AbsentKind.NOT_APPLICABLE, "not a regular file")
    return Absent(what, AbsentKind.UNREADABLE, os.strerror(number))
