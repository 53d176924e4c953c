"""The log files of a container's process, read through the agent: those that it writes, and what was rotated away.

What it prints is its cluster's to tell (``loop/in_cluster_logs.py``); these are files that no cluster keeps.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath
from typing import Final

from oakum.host.afar.agent import Agent
from oakum.host.afar.folder import AfarFolder, absent, information, lost, translated
from oakum.host.log_folders import LogFolders
from oakum.host.log_names import DELETED, Beside, rotated_since, whose
from oakum.host.log_streams import RangedLog
from oakum.model.absent import Absent
from oakum.model.errors import DataError, OakumError, TargetError
from oakum.model.log import LogFile, LogPieces

MOST_OPEN: Final = 4096
MOST_BYTES: Final = 16 << 20
"""Of each the last so many cross the network, as many as of what a container prints."""

READ_IT: Final = "kubectl exec POD -- tail -c 16M {path} | oakum investigate -"


class AfarLogs:
    """Port Logs."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def of_process(self, pid: int) -> Sequence[LogFile | Absent]:
        """Empty where it writes to no file."""
        try:
            with AfarFolder(self._agent, pid) as folder:
                return self._written(folder)
        except OSError as exc:
            if exc.errno in {errno.ESRCH, errno.ENOENT}:
                raise translated(pid, exc) from exc
            return [absent(f"the log files of pid {pid}", pid, exc)]
        except OakumError as exc:
            return [lost(f"the log files of pid {pid}", exc)]

    def of_file(self, path: str) -> list[LogFile]:
        raise _not_here(path)

    @contextmanager
    def open(self, log: LogFile, *, most_bytes: int | None = None) -> Iterator[LogPieces]:
        kind, pid, device, inode, what = [*log.key.split(":", 4), "", "", "", ""][:5]
        if kind != "afar":
            raise _not_here(log.name)
        most_bytes = MOST_BYTES if most_bytes is None else min(most_bytes, MOST_BYTES)
        try:
            folder = AfarFolder(self._agent, int(pid))
        except OSError as exc:
            raise translated(int(pid), exc) from exc
        with folder:
            yield _Part(folder, (what, int(device), int(inode)), log, most_bytes)

    def _written(self, folder: AfarFolder) -> list[LogFile | Absent]:
        told = self._agent.ask("opened", folder.number, MOST_OPEN).decode("ascii", "replace")
        found: dict[tuple[int, int], LogFile] = {}
        for line in told.splitlines():
            with _understood(folder.pid, line):
                number, mode, flags, device, inode, size, target = line.split(" ")
                leads = os.fsdecode(bytes.fromhex(target))
                known = whose(int(number), int(mode), int(flags, 8), leads)
                log = LogFile(leads, f"afar:{folder.pid}:{device}:{inode}:fd/{number}", known, int(size))
                which = int(device), int(inode)
            if known:
                found.setdefault(which, log)
        (info,) = information(self._agent, [folder]) if found else [None]
        since_s = 0.0 if info is None else info.started_s
        folders = LogFolders(lambda path: self._beside(folder, path))
        named = [log.name for log in found.values() if log.name.startswith("/") and not log.name.endswith(DELETED)]
        for path in named:
            for each in rotated_since(path, folders.files(str(PurePosixPath(path).parent)), since_s):
                other = str(PurePosixPath(path).with_name(each.name))
                key = f"afar:{folder.pid}:{each.device}:{each.inode}:{other}"
                log = LogFile(other, key, "rotated", each.size_bytes, previous=True)
                found.setdefault((each.device, each.inode), log)
        return [*found.values(), *folders.absent(folder.pid)]

    def _beside(self, folder: AfarFolder, path: str) -> list[Beside]:
        """Empty where the folder may not be listed: the log itself is read all the same."""
        with suppress(OSError):
            rows = self._agent.ask("beside", folder.number, path).decode("ascii", "replace").splitlines()
            return [_file(folder.pid, row) for row in rows]
        return []


def _file(pid: int, row: str) -> Beside:
    with _understood(pid, row):
        device, inode, size, changed, name = row.split(" ")
        return Beside(os.fsdecode(bytes.fromhex(name)), int(device), int(inode), int(size), float(changed))


@contextmanager
def _understood(pid: int, told: str) -> Iterator[None]:
    """Raises DataError for what no agent says."""
    try:
        yield
    except (ValueError, OverflowError) as exc:
        raise DataError(
            f"what the agent says of the log files of pid {pid} cannot be understood",
            why=f"it says {told[:60]!r}",
            next_step="the same command again",
        ) from exc


class _Part(RangedLog):
    """The very file that was found, as long as it is now. It is held open there as long as its process is."""

    def __init__(self, folder: AfarFolder, which: tuple[str, int, int], log: LogFile, most_bytes: int) -> None:
        """``which``: its place, device and inode. Raises TargetError where it is not there any more."""
        self._folder, self._which = folder, which
        try:
            told = folder.agent.ask("length", folder.number, *which).decode("ascii", "replace")
        except OSError as exc:
            another = exc.errno == errno.ESTALE
            raise TargetError(
                f"{log.name} is another file by now" if another else f"{log.name} cannot be read",
                why="it was rotated or closed meanwhile" if another else exc.strerror or str(exc),
                next_step="the same command" if another else READ_IT.format(path=log.name),
            ) from exc
        with _understood(folder.pid, told):
            size_bytes = int(told)
        super().__init__(log.name, size_bytes, most_bytes)

    def _part(self, size: int, at: int) -> bytes:
        return self._folder.agent.ask("part", self._folder.number, *self._which, at, size)

    def _ended(self) -> None:
        """What was read is of one file, whatever has its name by now."""


def _not_here(name: str) -> TargetError:
    return TargetError(
        f"{name} cannot be read from here",
        why="it is a file of a container elsewhere",
        next_step=READ_IT.format(path=name),
    )


__all__ = ["AfarLogs"]
