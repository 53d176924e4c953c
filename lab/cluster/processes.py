"""Processes that outlive who started them, each known by its pid and its start time, and ended by these alone."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from oakum.model.errors import MachineError

_RECORD_AND_EXEC = """echo $$ > "$2" && read -r stat < /proc/$$/stat && echo "$stat" > "$1" || exit 126
shift 2; exec "$@" """
"""The shell writes its own record before it becomes the program: a program without a record there is never."""
GENTLE_S = 5.0


@dataclass(frozen=True, slots=True)
class Recorded:
    name: str
    pid: int
    started_ticks: int
    """Of the kernel's clock, since it booted: a pid that is used again has another."""

    def alive(self) -> bool:
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return False
        return _parse(self.name, stat) == self and _fields(stat)[0] != "Z"

    def end(self, gentle_s: float = GENTLE_S) -> None:
        """Asked first, then killed. Nothing where it is gone, or where its pid is somebody else's now."""
        try:
            fd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if self.alive():
                _signal(fd, signal.SIGTERM)
                if not select.select([fd], [], [], gentle_s)[0]:
                    _signal(fd, signal.SIGKILL)
                    select.select([fd], [], [])
        finally:
            os.close(fd)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)


class Processes:
    """A folder with one record for each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def start(self, name: str, command: Sequence[str], *, log: Path, group: Path) -> None:
        """In a session of its own: Ctrl-C at our terminal is not meant for it. ``group``: the cgroup that it joins."""
        self._folder.mkdir(parents=True, exist_ok=True)
        record = self._folder / name
        record.unlink(missing_ok=True)
        arguments = ["/bin/sh", "-c", _RECORD_AND_EXEC, "sh", str(record), str(group / "cgroup.procs"), *command]
        with log.open("ab") as out:
            process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        while self.named(name) is None:
            if process.poll() is not None:
                raise MachineError(f"{name} could not be started", why=_last_line(log), next_step=f"tail {log}")
            time.sleep(0.005)
        # It is known by its record from here on; a Popen that is forgotten while its child lives would warn.
        process.returncode = 0

    def named(self, name: str) -> Recorded | None:
        try:
            stat = (self._folder / name).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None
        return _parse(name, stat) if stat.endswith("\n") else None

    def all(self) -> list[Recorded]:
        names = sorted(path.name for path in self._folder.glob("*"))
        return [record for record in map(self.named, names) if record is not None]

    def forget(self, record: Recorded) -> None:
        (self._folder / record.name).unlink(missing_ok=True)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1] if lines else "it said nothing"


def _signal(fd: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(fd, number)


def _parse(name: str, stat: str) -> Recorded:
    return Recorded(name, int(stat.partition(" ")[0]), int(_fields(stat)[19]))


def _fields(stat: str) -> list[str]:
    """From the state on (proc_pid_stat(5), field 3); the name before it may hold anything."""
    return stat.rpartition(")")[2].split()
