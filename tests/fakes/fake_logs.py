"""Logs in memory: by the process that writes them, and by their paths."""

from __future__ import annotations

from contextlib import contextmanager

from oakum.model.absent import Absent
from oakum.model.errors import CallerError, TargetError
from oakum.model.log import LogFile


class FakeLogs:
    """Port Logs: by pid, what it writes; by path, what stands there."""

    def __init__(self) -> None:
        self.by_pid: dict[int, list[LogFile | Absent]] = {}
        self.content: dict[str, bytes] = {}

    def writes(self, pid: int, name: str, content: bytes, *, previous: bool = False) -> None:
        log = LogFile(name, f"file:{name}", "its standard output", len(content), previous)
        self.by_pid.setdefault(pid, []).append(log)
        self.content[name] = content

    def of_process(self, pid: int) -> list[LogFile | Absent]:
        return list(self.by_pid.get(pid, ()))

    def of_file(self, path: str) -> list[LogFile]:
        if path not in self.content:
            raise CallerError(f"cannot read {path}", next_step="ls -l .")
        return [LogFile(path, f"file:{path}", "given", len(self.content[path]))]

    @contextmanager
    def open(self, log: LogFile, *, most_bytes: int | None = None):
        if log.name not in self.content:
            raise TargetError(f"{log.name} cannot be read", why="No such file or directory", next_step="ls -l .")
        content = self.content[log.name]
        yield FakeLog(content if most_bytes is None else content[-most_bytes:])


class FakeLog:
    def __init__(self, content: bytes) -> None:
        self.notes: list[str] = []
        self._content = content

    def pieces(self):
        yield self._content
