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

from oakum.host.stat import parse_stat
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
    try:
        standing.wait()
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
    held: dict[int, int] = {}
    until_s = time.monotonic() + max_s
    try:
        _seize_all(pid, held, until_s)
    except OSError as exc:
        failure.append(exc)
    else:
        standing.set()
        release.wait(max(0.0, until_s - time.monotonic()))
    finally:
        for thread_id, signal_number in held.items():
            _ptrace(_DETACH, thread_id, None, signal_number)
        standing.set()


def _seize_all(pid: int, held: dict[int, int], until_s: float) -> None:
    """Threads may be born, or end, while others are being stopped: look again until none is new.

    ``held``: each thread, and the signal to give it when it is let go (0: none).
    """
    ended: set[int] = set()
    while new := [thread_id for thread_id in _threads(pid) if thread_id not in held and thread_id not in ended]:
        for thread_id in new:
            if _ptrace(_SEIZE, thread_id, None, None) < 0:
                code = ctypes.get_errno()
                if not _has_ended(pid, thread_id):
                    raise OSError(code, os.strerror(code))
                ended.add(thread_id)
                continue
            held[thread_id] = 0
            _ptrace(_INTERRUPT, thread_id, None, None)
        _await_stops(new, held, min(until_s, time.monotonic() + _STOPS_WITHIN_S))
    if not held:
        raise OSError(errno.ESRCH, "it has ended")


def _threads(pid: int) -> list[int]:
    return [int(name) for name in os.listdir(f"/proc/{pid}/task")]


def _has_ended(pid: int, thread_id: int) -> bool:
    """The first thread stays listed after its end for as long as others run; seizing it is "not permitted"."""
    try:
        with open(f"/proc/{pid}/task/{thread_id}/stat", "rb") as file:  # noqa: PTH123
            stat = parse_stat(file.read())
    except OSError:
        return True
    return stat is not None and stat.state in {"Z", "X"}


def _await_stops(new: list[int], held: dict[int, int], until_s: float) -> None:
    for thread_id in new:
        if thread_id not in held:
            continue
        while True:
            with suppress(ChildProcessError):
                found, status = os.waitpid(thread_id, _WALL | os.WNOHANG)
                if found:
                    held[thread_id] = _untold_signal(status)
                    break
            if time.monotonic() > until_s:
                raise OSError(errno.ETIMEDOUT, "a thread does not stop: it waits in the kernel")
            time.sleep(0.0002)


def _untold_signal(status: int) -> int:
    """A signal that comes between the two requests is shown to us first: the target gets it when it is let go."""
    return os.WSTOPSIG(status) if os.WIFSTOPPED(status) and not status >> 16 else 0
