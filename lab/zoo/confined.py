"""A program in a memory cgroup of its own, or under a limit of its data where no cgroup can be made."""

from __future__ import annotations

import itertools
import os
import select
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from oakum.host.sandbox import LiveSandboxes
from oakum.model.absent import Absent

READY_WITHIN_S: Final = 60.0
KEPT_LINES: Final = 40
_IN_FOLDER: Final = 'cd "$0" && exec "$@"'
_LIMITED: Final = 'ulimit -d "$1" && cd "$0" && shift && exec "$@"'
_numbers = itertools.count(1)
_making = threading.Lock()


class StartError(Exception):
    """It ended, or said nothing, before it was ready."""


class Confined:
    """``cgroup``: its path, None where only its data is limited."""

    def __init__(self, process: subprocess.Popen[bytes], cgroup: str | None) -> None:
        self.process = process
        self.cgroup = cgroup
        self._said: deque[str] = deque(maxlen=KEPT_LINES)
        self._first = b""

    def line(self, within_s: float = READY_WITHIN_S) -> str:
        """Its next line on standard output. Raises StartError."""
        out = _pipe(self.process.stdout)
        until_s = time.monotonic() + within_s
        while b"\n" not in self._first:
            if not select.select([out], [], [], max(0.0, until_s - time.monotonic()))[0]:
                raise StartError(f"not ready in {within_s:.0f} s{self._told()}")
            chunk = os.read(out.fileno(), 65536)
            if not chunk:
                raise StartError(f"ended with {self.process.wait()} before it was ready{self._told()}")
            self._first += chunk
        line, _, self._first = self._first.partition(b"\n")
        return line.decode(errors="replace").strip()

    def drained(self) -> None:
        """From now on its output is read and all but the last lines forgotten: a full pipe would stop it."""
        threading.Thread(target=self._read, args=(_pipe(self.process.stdout),), daemon=True).start()

    def listened(self) -> None:
        threading.Thread(target=self._read, args=(_pipe(self.process.stderr),), daemon=True).start()

    def last_words(self) -> str:
        return "\n".join(self._said)

    def _told(self) -> str:
        time.sleep(0.2)  # what it wrote before it ended is on its way
        return f": {self.last_words()}" if self._said else ""

    def _read(self, pipe: IO[bytes]) -> None:
        with suppress(OSError, ValueError):
            for line in pipe:
                self._said.append(line.decode(errors="replace").rstrip())


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


@contextmanager
def confined(
    command: Sequence[str], *, folder: Path, limit_mib: int, environment: Mapping[str, str]
) -> Iterator[Confined]:
    """Running in ``folder``; gone at the end with all that it started."""
    with _making:  # a name is looked for, then taken
        sandbox = LiveSandboxes().create(f"service-{next(_numbers)}", limit_mib << 20)
    if isinstance(sandbox, Absent):
        yield from _limited(command, folder, limit_mib, environment)
        return
    try:
        process = sandbox.start(["/bin/sh", "-c", _IN_FOLDER, str(folder), *command], environment)
        started = Confined(process, sandbox.path)
        started.listened()
        yield started
    finally:
        sandbox.close()


def _limited(
    command: Sequence[str], folder: Path, limit_mib: int, environment: Mapping[str, str]
) -> Iterator[Confined]:
    process = subprocess.Popen(
        ["/bin/sh", "-c", _LIMITED, str(folder), str(limit_mib << 10), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        start_new_session=True,
    )
    try:
        started = Confined(process, None)
        started.listened()
        yield started
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
