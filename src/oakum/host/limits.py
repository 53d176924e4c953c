"""The memory limits of cgroups: read, and written in an order that the kernel takes."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from typing import Final

from oakum.host.cgroup import LiveCgroups
from oakum.host.stat import PAGE_BYTES
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import MachineError, OakumError, RefusedError, TargetError
from oakum.model.hands import LimitFiles
from oakum_guard import Hierarchy

_NAMES: Final = {
    1: ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"),
    2: ("memory.max", "memory.high"),
}
_NONE: Final = {1: b"-1", 2: b"max"}
_NO_LIMIT_FROM: Final = 1 << 60


class LiveMemoryLimits:
    """Port MemoryLimits. ``root``: where ``proc`` and ``sys`` are found; another one than "/" is a recorded tree."""

    def __init__(self, root: str = "/") -> None:
        self._cgroups = LiveCgroups(root)

    @property
    def _hierarchy(self) -> Hierarchy:
        return self._cgroups.hierarchy

    def read(self, path: str) -> LimitFiles | Absent:
        what = f"the memory limits of cgroup {path}"
        try:
            fd = self._open(path)
        except OakumError as exc:
            return Absent(what, AbsentKind.NOT_APPLICABLE, exc.what, exc.next_step)
        try:
            version = self._hierarchy.version
            limits = {name: _read(fd, name) for name in _NAMES[version] if _is_there(fd, name)}
            if not limits:
                return Absent(what, AbsentKind.NOT_APPLICABLE, "it has none: it is the root, or the controller is off")
            return LimitFiles(path, os.fstat(fd).st_ino, version, limits)
        except (OSError, ValueError) as exc:
            return Absent(what, AbsentKind.UNREADABLE, str(exc), "run oakum as root on the machine itself")
        finally:
            os.close(fd)

    def write(self, path: str, inode: int, limits: Sequence[tuple[str, int | None]]) -> None:
        fd = self._open(path)
        try:
            if os.fstat(fd).st_ino != inode:
                raise RefusedError(
                    f"cgroup {path} was removed and made again", why="it is another one now", next_step="oakum plan"
                )
            for name, limit in limits:
                if _read(fd, name) != rounded(limit):
                    _write(fd, name, _NONE[self._hierarchy.version] if limit is None else str(limit).encode())
        except OSError as exc:
            raise _translated(path, exc) from exc
        finally:
            os.close(fd)

    def _open(self, path: str) -> int:
        mount = self._hierarchy.mount_of(path)
        folder = None if mount is None else mount.locate(path)
        try:
            if folder is None:
                raise FileNotFoundError(errno.ENOENT, "it cannot be seen from here")
            return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as exc:
            raise TargetError(
                f"there is no memory cgroup {path}", why=str(exc.strerror), next_step="oakum scan host"
            ) from exc


def rounded(limit: int | None) -> int | None:
    """As the kernel keeps it: whole pages."""
    return None if limit is None else limit // PAGE_BYTES * PAGE_BYTES


def _is_there(folder: int, name: str) -> bool:
    return os.access(name, os.F_OK, dir_fd=folder)


def _read(folder: int, name: str) -> int | None:
    fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    try:
        text = os.read(fd, 64).strip()
    finally:
        os.close(fd)
    limit = None if text == b"max" else int(text)
    return None if limit is None or limit >= _NO_LIMIT_FROM else limit


def _write(folder: int, name: str, text: bytes) -> None:
    fd = os.open(name, os.O_WRONLY | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.write(fd, text)
    finally:
        os.close(fd)


def _translated(path: str, exc: OSError) -> OakumError:
    if exc.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return MachineError(
            f"the limit of cgroup {path} may not be changed", why=str(exc.strerror), next_step="sudo oakum apply"
        )
    if exc.errno == errno.EBUSY:
        return RefusedError(
            f"the kernel keeps the limit of cgroup {path}",
            why="more is in use than the new limit, and it could not be given back",
            next_step="oakum plan    # with a higher --limit",
        )
    return TargetError(f"the limit of cgroup {path} was not taken", why=str(exc.strerror), next_step="oakum scan host")
