"""One command as a whole process: how long it took and what it needed, with all its children."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LOOKED_EVERY_S = 0.01
KIB = 1024


@dataclass(frozen=True, slots=True)
class Spent:
    """``cpu_s``: user and system, of the process and the children that it waited for. ``peak_bytes``: the most that was
    resident in all of them at once, mapped pages of files too; ``anon_bytes``: without pages of files.
    ``code``: below zero for a signal; None where it was given up in time.
    """

    wall_s: float
    cpu_s: float
    peak_bytes: int
    anon_bytes: int
    code: int | None
    out: str
    err: str


def run(
    command: Sequence[str],
    *,
    cores: int,
    within_s: float,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
) -> Spent:
    """On the first ``cores`` cores that we may use. Its output is kept in files, so no pipe slows it."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        with _on(cores):
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=cwd,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        looked = _Looked(process.pid, began + within_s)
        looked.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            for pid in reversed(list(descendants(process.pid))):
                _kill(pid)
            raise
        wall_s = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        looked.ended.set()
        looked.join()
        out.seek(0)
        err.seek(0)
        return Spent(
            wall_s=wall_s,
            cpu_s=usage.ru_utime + usage.ru_stime,
            peak_bytes=looked.peak_bytes,
            anon_bytes=looked.anon_bytes,
            code=None if looked.given_up else process.returncode,
            out=out.read().decode(errors="replace"),
            err=err.read().decode(errors="replace"),
        )


@contextmanager
def _on(cores: int) -> Iterator[None]:
    """What this thread starts inherits the cores that it may run on."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(before)[:cores]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class _Looked(threading.Thread):
    """Looks at a process and its descendants until told; kills them when their time is over."""

    def __init__(self, pid: int, until: float) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.peak_bytes = self.anon_bytes = 0
        self.given_up = False
        self._pid, self._until = pid, until

    def run(self) -> None:
        while not self.ended.wait(LOOKED_EVERY_S):
            resident = anonymous = 0
            family = list(descendants(self._pid))
            for pid in family:
                fields = status(pid)
                resident += fields.get("VmRSS", 0)
                anonymous += fields.get("RssAnon", 0)
                # Of one process the kernel looks between our looks. Its sum at the end (ru_maxrss) would not do: that
                # begins with what the parent had when it forked.
                self.peak_bytes = max(self.peak_bytes, fields.get("VmHWM", 0))
            self.peak_bytes = max(self.peak_bytes, resident)
            self.anon_bytes = max(self.anon_bytes, anonymous)
            if time.perf_counter() > self._until:
                self.given_up = True
                for pid in reversed(family):
                    _kill(pid)


def descendants(pid: int) -> Iterator[int]:
    """``pid`` itself, then its children and theirs, as far as they are still there."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text(encoding="ascii").split()
        except OSError:
            continue
        for child in children:
            yield from descendants(int(child))


def status(pid: int) -> dict[str, int]:
    """Bytes by name, from the kernel's status file; empty for a process that is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return {}
    return {
        name: int(value.split()[0]) * KIB
        for name, _, value in (line.partition(":") for line in lines)
        if value.endswith(" kB")
    }


def _kill(pid: int) -> None:
    try:
        os.kill(pid, 9)
    except ProcessLookupError:
        return
