"""Ending processes and starting them again, by a process of its own that outlives us (``handover_program.py``)."""

from __future__ import annotations

import ctypes
import json
import os
import re
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from oakum.host.aside import start_aside
from oakum.host.launch import read_launch
from oakum.host.sightings import LiveSightings
from oakum.model.absent import Absent
from oakum.model.errors import MachineError, TargetError
from oakum.model.hands import Handover
from oakum.model.launch import Launch, Started

_PROGRAM: Final = Path(__file__).with_name("handover_program.py")
_MARK: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_PIDFD_GETFD: Final = 438
_libc = ctypes.CDLL(None, use_errno=True)


class LiveHandovers:
    """Port Handovers. ``folder``: of this user alone; made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sightings = LiveSightings()

    def launch_of(self, pid: int) -> Launch | Absent:
        return read_launch(pid)

    def begin(self, handover: Handover) -> None:
        self._made()
        self._path(handover.mark, "fault").unlink(missing_ok=True)
        with ExitStack() as stack:
            held = self._hold(handover.family, stack)
            head = held.get(handover.family[0]) if handover.family else None
            launch = None if handover.launch is None else handover.launch.facts()
            streams = [None] * 3 if head is None or launch is None else _streams(head, stack)
            request = {
                "folder": str(self._folder),
                "mark": _checked(handover.mark),
                "ask": handover.ask,
                "wait_s": handover.wait_s,
                "kill_after_s": handover.kill_after_s,
                "pidfds": list(held.values()),
                "head": head,
                "streams": streams,
                "launch": launch,
            }
            fds = [*held.values(), *(fd for fd in streams if fd is not None)]
            start_aside(_PROGRAM, json.dumps(request), fds, named="the handover")

    def asked(self, mark: str) -> bool:
        return self._path(mark, "asked").exists()

    def started(self, mark: str) -> Started | None:
        try:
            lines = self._path(mark, "started").read_text(encoding="utf-8", errors="replace").split("\n")
        except FileNotFoundError:
            return self._fault(mark)
        pid, ticks = lines[0].split()
        failure = next((line.removeprefix("failed: ") for line in lines[1:] if line.startswith("failed: ")), "")
        return Started(int(pid), int(ticks), failure)

    def _fault(self, mark: str) -> Started | None:
        """What went wrong before anything was claimed; then another try may begin."""
        with suppress(FileNotFoundError):
            text = self._path(mark, "fault").read_text(encoding="utf-8", errors="replace").strip()
            return Started(0, 0, text.rpartition("\n")[2] or "it ended before it could say why")
        return None

    def keep(self, mark: str, launch: Launch) -> None:
        self._made()
        path = self._path(mark, "launch")
        partly = path.with_suffix(".partly")
        fd = os.open(partly, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w", encoding="ascii") as file:
            json.dump(launch.facts(), file)
            file.flush()
            os.fsync(fd)
        partly.replace(path)

    def kept(self, mark: str) -> Launch | None:
        try:
            return Launch.of(json.loads(self._path(mark, "launch").read_text(encoding="ascii")))
        except FileNotFoundError:
            return None

    def forget(self, mark: str) -> None:
        self._path(mark, "launch").unlink(missing_ok=True)

    def _path(self, mark: str, name: str) -> Path:
        return self._folder / f"{_checked(mark)}.{name}"

    def _made(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise MachineError(
                f"cannot make {self._folder}", why=str(exc.strerror), next_step="oakum --store PLACE"
            ) from exc

    def _hold(self, family: Sequence[tuple[int, int]], stack: ExitStack) -> dict[tuple[int, int], int]:
        """A descriptor of each that still runs: a number that another process has by now is never held."""
        held = {}
        for pid, ticks in family:
            try:
                fd = os.pidfd_open(pid)
            except OSError:
                continue
            if self._sightings.runs(pid, ticks):
                stack.callback(os.close, fd)
                held[pid, ticks] = fd
            else:
                os.close(fd)
        return held


def _streams(pidfd: int, stack: ExitStack) -> list[int | None]:
    """The three standard streams of a process, its very own; None for what may not be held."""
    found: list[int | None] = []
    for number in range(3):
        fd = _libc.syscall(_PIDFD_GETFD, pidfd, number, 0)
        if fd >= 0:
            stack.callback(os.close, fd)
        found.append(fd if fd >= 0 else None)
    return found


def _checked(mark: str) -> str:
    if not _MARK.fullmatch(mark):
        raise TargetError(f"{mark!r} cannot name a handover")
    return mark
