"""Let a process stand still for a moment, by ptrace, so that its memory can be copied whole.

PTRACE_SEIZE and PTRACE_INTERRUPT send no signal that the target could see. Should Oakum die, the kernel detaches and
the target runs on (ptrace(2)). ptrace belongs to the thread that attached, so one thread does it all.
"""

from __future__ import annotations

import ctypes
import errno
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from oakum.model.errors import TargetError

_SEIZE: Final = 0x4206
_INTERRUPT: Final = 0x4207
_DETACH: Final = 17
_WALL: Final = 0x40000000
_STOPS_WITHIN_S: Final = 1.0

_libc = ctypes.CDLL(None, use_errno=True)
_ptrace = _libc.ptrace
_ptrace.restype = ctypes.c_long
_ptrace.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


@contextmanager
def stopped(pid: int, max_s: float) -> Iterator[None]:
    """All threads of ``pid`` stand still inside, for at most ``max_s``; then they run on even if we are not done."""
    release, standing = threading.Event(), threading.Event()
    failure: list[OSError] = []
    thread = threading.Thread(target=_hold, args=(pid, max_s, release, standing, failure), daemon=True)
    thread.start()
    standing.wait()
    try:
        if failure:
            raise TargetError(
                f"pid {pid} cannot be stopped",
                why=failure[0].strerror or "",
                next_step="leave --stop out, or: oakum doctor",
            ) from failure[0]
        yield
    finally:
        release.set()
        thread.join()


def _hold(pid: int, max_s: float, release: threading.Event, standing: threading.Event, failure: list[OSError]) -> None:
    held: list[int] = []
    until_s = time.monotonic() + max_s
    try:
        _seize_all(pid, held, until_s)
    except OSError as exc:
        failure.append(exc)
    else:
        standing.set()
        release.wait(max(0.0, until_s - time.monotonic()))
    finally:
        for thread_id in held:
            _ptrace(_DETACH, thread_id, None, None)
        standing.set()


def _seize_all(pid: int, held: list[int], until_s: float) -> None:
    """Threads may be born while others are being stopped: look again until none is new."""
    while True:
        new = [int(name) for name in os.listdir(f"/proc/{pid}/task") if int(name) not in held]
        if not new:
            return
        for thread_id in new:
            if _ptrace(_SEIZE, thread_id, None, None) < 0:
                code = ctypes.get_errno()
                if code == errno.ESRCH:
                    continue
                raise OSError(code, os.strerror(code))
            held.append(thread_id)
            _ptrace(_INTERRUPT, thread_id, None, None)
        _await_stops(new, held, min(until_s, time.monotonic() + _STOPS_WITHIN_S))


def _await_stops(new: list[int], held: list[int], until_s: float) -> None:
    for thread_id in new:
        if thread_id not in held:
            continue
        while True:
            with suppress(ChildProcessError):
                if os.waitpid(thread_id, _WALL | os.WNOHANG)[0]:
                    break
            if time.monotonic() > until_s:
                raise OSError(errno.ETIMEDOUT, "a thread does not stop: it waits in the kernel")
            time.sleep(0.0002)
