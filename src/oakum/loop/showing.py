"""One service of the demo: started in a memory cgroup of its own, under load, and gone when the demo ends."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from oakum import showcase
from oakum.model.absent import Absent
from oakum.model.errors import InternalError, MachineError
from oakum.model.ports import Sandboxes

RATE = 400.0
"""Requests per second."""

READY_S = 20.0
"""How long a service may take to say that it is ready, in seconds."""

_PROGRAMS = Path(showcase.__file__).parent
_LET_GO = 'exec 3<&0; "$@" <&3 3<&- &'
"""The shell ends at once, so nobody is the service's parent; it keeps the pipe by which it ends when we do."""


@dataclass(frozen=True, slots=True)
class Service:
    """A running service. ``cgroup`` is "" and ``why_not`` says why where it runs without a memory cgroup."""

    pid: int
    port: int
    process: subprocess.Popen[bytes]
    cgroup: str
    limit_bytes: int | None
    why_not: str = ""


def service(
    name: str, *, limit_bytes: int, sandboxes: Sandboxes, free: bool = False
) -> AbstractContextManager[Service]:
    """Start ``showcase/NAME.py``; whatever happens, nothing of it is left behind.

    ``free``: as with nohup, so that it may be restarted; where it has a memory cgroup that goes with all that is in it.
    """
    command = [sys.executable, "-I", str(_PROGRAMS / f"{name}.py")]
    return _served(name, command, ["--own-limit", str(limit_bytes)], limit_bytes, sandboxes, free=free)


def node_service(
    node: str, name: str, *, limit_bytes: int, sandboxes: Sandboxes, port: int
) -> AbstractContextManager[Service]:
    """The same of ``showcase/node/NAME.js``. ``node``: the program. Its heap has a limit of its own too.

    ``port``: where its inspector opens, once it is asked for.
    """
    script = str(_PROGRAMS / "node" / f"{name}.js")
    command = [node, "--max-old-space-size=256", f"--inspect-port={port}", script]
    return _served(f"node-{name}", command, [], limit_bytes, sandboxes)


@contextmanager
def _served(
    name: str,
    command: list[str],
    own_limit: list[str],
    limit_bytes: int,
    sandboxes: Sandboxes,
    *,
    free: bool = False,
) -> Iterator[Service]:
    sandbox = sandboxes.create(name, limit_bytes)
    if isinstance(sandbox, Absent):
        process = subprocess.Popen([*command, *own_limit], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with _ended(process):
            port, pid = _ready(process)
            yield Service(pid, port, process, "", None, sandbox.why)
        return
    with contextlib.closing(sandbox):
        process = sandbox.start(["/bin/sh", "-c", _LET_GO, "sh", *command] if free else command)
        with _ended(process):
            port, pid = _ready(process)
            yield Service(pid, port, process, sandbox.path, limit_bytes)


def successor_of(shown: Service) -> Service:
    """What was started in its place says so on the same pipe. Raises MachineError when it does not."""
    port, pid = _ready(shown.process)
    return replace(shown, pid=pid, port=port)


class Load:
    """Requests that run. ``answered``: how many the service has answered, as was last told, about once a second."""

    def __init__(self, told: IO[bytes]) -> None:
        self.answered = 0
        threading.Thread(target=self._listen, args=(told,), daemon=True).start()

    def _listen(self, told: IO[bytes]) -> None:
        with contextlib.suppress(ValueError):  # it is closed as the demo ends
            for line in told:
                fields = dict(part.split(b"=", 1) for part in line.split() if b"=" in part)
                self.answered = int(fields.get(b"requests", self.answered))


@contextmanager
def load_on(port: int, *, seconds: float, rate: float = RATE) -> Iterator[Load]:
    """Real requests on ``port`` for at most ``seconds``, ``rate`` in each second where the service keeps up."""
    command = [sys.executable, "-I", str(_PROGRAMS / "load.py"), "--port", str(port), "--for", f"{seconds:.0f}"]
    command += ["--rate", f"{rate:.0f}"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if process.stdout is None:
        raise InternalError("the demo's load was started without a pipe")
    with _ended(process):
        yield Load(process.stdout)


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        # SIGTERM would do, but a service that is about to be OOM-killed may be too stuck to answer; it is ours.
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _ready(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    """(port, pid) from the line ``ready port=N pid=N``; a handshake, never a sleep."""
    if process.stdout is None:
        raise InternalError("a service of the demo was started without a pipe")
    line = _first_line(process.stdout)
    fields = dict(part.split("=", 1) for part in line.split()[1:] if "=" in part)
    if not line.startswith("ready") or not {"port", "pid"} <= fields.keys():
        raise MachineError(
            "the demo's service did not start",
            why=f"it said {line!r} and exited with {process.poll()}",
            next_step="oakum doctor",
        )
    return int(fields["port"]), int(fields["pid"])


def _first_line(stream: IO[bytes]) -> str:
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=lambda: lines.put(stream.readline()), daemon=True).start()
    try:
        return lines.get(timeout=READY_S).decode(errors="replace").strip()
    except queue.Empty:
        return f"nothing for {READY_S:.0f} s"
