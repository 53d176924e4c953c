"""Work on data that nobody vouches for, in a process of its own with a limit on its memory.

A mapped file that shrinks, a crash or a limit that was reached ends that process, and the caller is told so.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import pickle
import resource
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from typing import IO

from oakum.model import errors
from oakum.model.errors import DataError, InternalError, MachineError, OakumError
from oakum.model.ports import Request
from oakum.model.stage import Stage
from oakum.model.units import format_size

TOLD, RESULT, FAILED, PIECE = b"T", b"R", b"F", b"P"
SPARING = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
"""Room that libraries would set aside for threads that are never started counts against the limit."""

PIPE_BYTES = 1 << 20
PR_SET_PDEATHSIG = 1
_HEAD = struct.Struct(">cQ")


class LiveApart:
    """Port Apart."""

    def run(
        self,
        module: str,
        request: Request,
        *,
        memory_bytes: int,
        told: Callable[[str], None],
    ) -> object:
        poured = self.pour(module, request, memory_bytes=memory_bytes, told=told)
        while True:
            try:
                next(poured)
            except StopIteration as ended:
                return ended.value

    def pour(
        self,
        module: str,
        request: Request,
        *,
        memory_bytes: int,
        told: Callable[[str], None],
    ) -> Generator[bytes, None, object]:
        wanted = json.dumps({**request, "memory_bytes": memory_bytes, "parent": os.getpid()})
        # Its standard input is ours: a dump may come through it. Ctrl-C is ours alone: we end it.
        command = [sys.executable, "-m", module, wanted]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **SPARING}, process_group=0) as child:
            assert child.stdout is not None
            with contextlib.suppress(OSError):
                # Where it may not be larger, it stays as it is: pieces take longer.
                fcntl.fcntl(child.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
            try:
                return (yield from _answer(child.stdout, child, told, memory_bytes))
            finally:
                child.kill()


def _answer(
    out: IO[bytes], child: subprocess.Popen[bytes], told: Callable[[str], None], memory_bytes: int
) -> Generator[bytes, None, object]:
    while len(head := out.read(_HEAD.size)) == _HEAD.size:
        kind, size = _HEAD.unpack(head)
        body = out.read(size)
        if len(body) < size:
            break  # it was ended in the middle of a word
        if kind == TOLD:
            told(_stage(json.loads(body)))
        elif kind == PIECE:
            yield body
        elif kind == FAILED:
            raise _error(json.loads(body))
        else:
            # Written by our own program from values that it made itself.
            return pickle.loads(body)  # noqa: S301
    code = child.wait()
    if code == -signal.SIGBUS:
        raise DataError(
            "the file became shorter while it was read",
            why="something still writes or truncates it",
            next_step="copy the file, then analyze the copy",
        )
    if code == -signal.SIGKILL:
        raise MachineError(
            "the analysis was killed",
            why=f"its limit was {format_size(memory_bytes)}: this machine or its cgroup has less memory free",
            next_step="dmesg | tail",
        )
    if code == -signal.SIGINT:
        # Ctrl-C reaches both processes; it may end this one's first, and ours may have been told to pass it over.
        raise KeyboardInterrupt
    if code in {-signal.SIGTERM, -signal.SIGHUP}:
        raise MachineError(
            "the analysis was ended from outside", why=f"by {signal.Signals(-code).name}", next_step="start it again"
        )
    raise DataError(
        "the analysis crashed on this dump",
        why=f"its process ended with {code}; the dump may be broken",
        next_step="take the dump again, and report this one",
    )


def _stage(said: Mapping[str, str | float]) -> Stage:
    return Stage(str(said["text"]), work=float(said["work"]), unit=str(said["unit"]), kind=str(said["kind"]))


def _said(text: str) -> bytes:
    stage = text if isinstance(text, Stage) else Stage(text)
    return json.dumps({"text": str(stage), "work": stage.work, "unit": stage.unit, "kind": stage.kind}).encode()


def _error(told: Mapping[str, str]) -> OakumError:
    family = getattr(errors, told["family"], InternalError)
    made: OakumError = family(told["what"], why=told["why"], next_step=told["next"])
    return made


def _end_with(parent: int) -> None:
    """Whoever waits for the answer may be killed: nobody would ever stop what is left."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)


Worked = Callable[[Request, Callable[[str], None], Callable[[bytes], None]], object]
"""What a process apart does: given the request, who is told of stages, and who takes pieces."""


def serve(work: Worked) -> None:
    """The other end: the request is the last argument, the answer goes to standard output."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    out = sys.stdout.buffer

    def send(kind: bytes, body: bytes) -> None:
        out.write(_HEAD.pack(kind, len(body)))
        out.write(body)
        out.flush()

    request: dict[str, str | int | list[str]] = json.loads(sys.argv[-1])
    _end_with(int(str(request["parent"])))
    limit = int(str(request["memory_bytes"]))
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    # A core file of this process would be as large as the heap and hold its secrets.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        made = work(request, lambda text: send(TOLD, _said(text)), lambda piece: send(PIECE, piece))
        send(RESULT, pickle.dumps(made))
    except OakumError as exc:
        failed = {"family": type(exc).__name__, "what": exc.what, "why": exc.why, "next": exc.next_step}
        send(FAILED, json.dumps(failed).encode())
    except MemoryError:
        failed = {
            "family": "MachineError",
            "what": f"{format_size(limit)} of memory are too little for this dump",
            "why": "an index did not fit",
            "next": f"oakum heap analyze --memory {2 * limit // 2**20}MiB FILE",
        }
        send(FAILED, json.dumps(failed).encode())
