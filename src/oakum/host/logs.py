"""The logs of this machine: files, packed ones too, what a process writes to, its unit's journal."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

from oakum.host.log_places import rotated, written_by
from oakum.host.log_streams import FileLog, JournalLog, StreamLog
from oakum.host.rooted import open_regular
from oakum.model.absent import Absent
from oakum.model.errors import CallerError, TargetError
from oakum.model.log import LogFile, LogPieces

STANDARD_INPUT = "-"


class LiveLogs:
    """Port Logs."""

    def of_process(self, pid: int) -> Sequence[LogFile | Absent]:
        return written_by(pid)

    def of_file(self, path: str) -> Sequence[LogFile]:
        if path == STANDARD_INPUT:
            return [LogFile("standard input", STANDARD_INPUT, "given")]
        try:
            found = Path(path).stat()
        except OSError as exc:
            raise CallerError(
                f"cannot read {path}", why=exc.strerror or "", next_step=f"ls -l {quote(str(Path(path).parent))}"
            ) from exc
        if not stat.S_ISREG(found.st_mode):
            folder = stat.S_ISDIR(found.st_mode)
            raise CallerError(
                f"{path} is no regular file",
                why="it is a folder" if folder else "a pipe or a device is not read by its name",
                next_step=f"ls {quote(path)}" if folder else f"oakum investigate - < {quote(path)}",
            )
        return [*rotated(path), LogFile(path, f"file:{path}", "given", found.st_size)]

    @contextmanager
    def open(self, log: LogFile, *, most_bytes: int | None = None) -> Iterator[LogPieces]:
        kind, _, rest = log.key.partition(":")
        if log.key == STANDARD_INPUT:
            yield StreamLog(sys.stdin.buffer)
        elif kind == "journal":
            since_s, _, unit = rest.partition(":")
            journal = JournalLog(unit, int(since_s))
            try:
                yield journal
            finally:
                journal.close()
        else:
            fd = {"file": _opened, "root": _rooted}.get(kind, _held)(rest, log)
            try:
                yield FileLog(fd, rest if kind == "file" else "", most_bytes)
            finally:
                os.close(fd)


def _held(key: str, log: LogFile) -> int:
    """The very file that the process wrote, by its number there or, once it has ended, by its name."""
    pid, number, *identity = key.split(":")
    try:
        fd = _opened(f"/proc/{pid}/fd/{number}", log)
    except TargetError:
        if Path(f"/proc/{pid}").exists():
            raise
        fd = _opened(log.name, log)
    return _same(fd, identity, log, pid)


def _same(fd: int, identity: Sequence[str], log: LogFile, pid: str) -> int:
    found = os.fstat(fd)
    if [str(found.st_dev), str(found.st_ino)] != list(identity):
        os.close(fd)
        raise TargetError(
            f"{log.name} is another file by now",
            why="the process has closed it, or it was rotated meanwhile",
            next_step=f"oakum investigate pid/{pid}",
        )
    return fd


def _rooted(key: str, log: LogFile) -> int:
    """The very file that was found beside one that a process writes, as that process sees it."""
    pid, device, inode, path = key.split(":", 3)
    try:
        fd = open_regular(f"/proc/{pid}/root", path)
    except OSError as exc:
        raise TargetError(
            f"{log.name} cannot be read", why=exc.strerror or "", next_step=f"oakum investigate pid/{pid}"
        ) from exc
    return _same(fd, [device, inode], log, pid)


def _opened(path: str, log: LogFile) -> int:
    try:
        # What became a pipe meanwhile must not hang us.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as exc:
        refused = exc.errno in {errno.EACCES, errno.EPERM}
        raise TargetError(
            f"{log.name} cannot be read",
            why=exc.strerror or "",
            next_step="run oakum as the user of the process, or as root" if refused else f"ls -l {quote(log.name)}",
        ) from exc
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise TargetError(
            f"{log.name} is no regular file any more", why="it was replaced", next_step="the same command"
        )
    return fd
