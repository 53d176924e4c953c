"""The memory of a live process, read from outside while it runs (process_vm_readv, pagemap)."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.host.mapped import MappedFile
from oakum.host.stop import stopped
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import MachineError, RefusedError, TargetError
from oakum.model.process import Region
from oakum.model.units import format_duration

PAGE: Final = os.sysconf("SC_PAGE_SIZE")
BATCH_BYTES: Final = 4 << 20
"""One call copies at most this much, so that the target's own page faults never wait long for its memory map."""

_LINE: Final = re.compile(rb"([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) \S+ ([0-9]+) *(.*)")
_PRESENT: Final = np.uint64(1 << 63)


class _Span(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


_libc = ctypes.CDLL(None, use_errno=True)
_readv = _libc.process_vm_readv
_readv.restype = ctypes.c_ssize_t
_readv.argtypes = (
    ctypes.c_int,
    ctypes.POINTER(_Span),
    ctypes.c_ulong,
    ctypes.POINTER(_Span),
    ctypes.c_ulong,
    ctypes.c_ulong,
)


def check_time(pid: int, begun_s: float, within_s: float | None) -> None:
    """Raises RefusedError where a copy has taken that long. ``begun_s``: on the monotonic clock."""
    if within_s is not None and time.monotonic() - begun_s >= within_s:
        raise RefusedError(
            f"the copy of pid {pid}'s memory was given up",
            why=f"it was not through within {format_duration(within_s)}",
            next_step="the same command once more of the network is free",
        )


class LiveMemory:
    """Port Memory. A pidfd and an open /proc/PID hold on to the very process."""

    def __init__(self, pid: int) -> None:
        """Raises OSError."""
        self.pid = pid
        with ExitStack() as opened:
            self._pidfd = os.pidfd_open(pid)
            opened.callback(os.close, self._pidfd)
            self._folder = os.open(f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            opened.callback(os.close, self._folder)
            self._pagemap = os.open("pagemap", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._folder)
            opened.callback(os.close, self._pagemap)
            self._files: dict[tuple[int, str], MappedFile] = {}
            self._try_to_read()
            # Refused or ended, all three are closed again; from here on they are close()'s.
            self._opened = opened.pop_all()

    def _try_to_read(self) -> None:
        """The right to read is the kernel's to grant, and only a read tells. Raises OSError."""
        first = next((region for region in self.regions() if region.readable and region.path == "[stack]"), None)
        if first is not None:
            self._copy(first.end - 8, ctypes.create_string_buffer(8), 8)

    def regions(self) -> list[Region]:
        try:
            fd = os.open("maps", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._folder)
            with os.fdopen(fd, "rb") as file:
                return [region for line in file if (region := parse_region(line)) is not None]
        except OSError as exc:
            raise self._translated(exc) from exc

    def present(self, start: int, end: int) -> NDArray[np.bool_]:
        pages = (end - start + PAGE - 1) // PAGE
        try:
            raw = os.pread(self._pagemap, pages * 8, start // PAGE * 8)
        except OSError as exc:
            raise self._translated(exc) from exc
        entries = np.zeros(pages, np.uint64)
        got = np.frombuffer(raw[: len(raw) // 8 * 8], np.uint64)
        entries[: len(got)] = got
        present: NDArray[np.bool_] = (entries & _PRESENT) != 0
        return present

    def read_into(self, start: int, out: memoryview) -> int:
        target = (ctypes.c_char * len(out)).from_buffer(out)
        done = 0
        while done < len(out):
            size = min(BATCH_BYTES, len(out) - done)
            try:
                got = self._copy(start + done, ctypes.byref(target, done), size)
            except OSError as exc:
                if exc.errno == errno.EFAULT:
                    break
                raise self._translated(exc) from exc
            done += got
            if got < size:
                break
        return done

    def present_in(self, spans: Sequence[tuple[int, int]]) -> list[NDArray[np.bool_]]:
        return [self.present(start, end) for start, end in spans]

    def read_many(self, pieces: Sequence[tuple[int, memoryview]], *, within_s: float | None = None) -> int:
        begun_s, done = time.monotonic(), 0
        for start, out in pieces:
            check_time(self.pid, begun_s, within_s)
            done += self.read_into(start, out)
        return done

    def carried_bytes_per_s(self) -> None:
        return None

    def read(self, start: int, size: int) -> bytes:
        buffer = bytearray(max(0, size))
        return bytes(buffer[: self.read_into(start, memoryview(buffer))]) if buffer else b""

    def read_present(self, start: int, size: int) -> bytes:
        buffer = bytearray(max(0, size))
        if buffer:
            page = start // PAGE * PAGE
            for first, last in _runs(self.present(page, start + size)):
                begin, end = max(start, page + first * PAGE), min(start + size, page + last * PAGE)
                self.read_into(begin, memoryview(buffer)[begin - start : end - start])
        return bytes(buffer)

    def mapped(self, region: Region, offset: int, size: int) -> bytes:
        if not region.inode:
            return b""
        key = (region.inode, region.path)
        if key not in self._files:
            self._files[key] = MappedFile(self._folder, region)
        file = self._files[key]
        if file.readable:
            return file.read(offset, size)
        if not file.regular:
            return b""
        skipped = max(0, region.offset - offset)
        start = region.start + max(0, offset - region.offset)
        inside = self.read_present(start, max(0, min(size - skipped, region.end - start)))
        return bytes(min(size, skipped)) + inside

    def _copy(self, address: int, target: object, size: int) -> int:
        # The pid cannot have passed to another process unless this one is gone.
        local = _Span(ctypes.cast(target, ctypes.c_void_p), size)  # type: ignore[arg-type]
        remote = _Span(address, size)
        got = int(_readv(self.pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0))
        if got < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        if not self._alive():
            raise ProcessLookupError(errno.ESRCH, "the process has ended")
        return got

    def _alive(self) -> bool:
        try:
            os.stat("stat", dir_fd=self._folder)
        except OSError:
            return False
        return True

    def _translated(self, exc: OSError) -> TargetError:
        if exc.errno in {errno.ESRCH, errno.ENOENT}:
            return _gone(self.pid)
        return TargetError(f"the memory of pid {self.pid} cannot be read", why=str(exc), next_step="oakum doctor")

    @contextmanager
    def stopped(self, max_s: float) -> Iterator[None]:
        with stopped(self.pid, max_s):
            yield

    def close(self) -> None:
        self._opened.close()
        for file in self._files.values():
            file.close()
        self._files.clear()


class LiveMemories:
    """Port Memories."""

    def open(self, pid: int) -> LiveMemory | Absent:
        try:
            return LiveMemory(pid)
        except (ProcessLookupError, FileNotFoundError, OverflowError) as exc:
            # What a thread's number is answered with has changed between kernels: EINVAL, then ENOENT.
            raise (_no_process(pid) if _is_thread(pid) else _gone(pid)) from exc
        except OSError as exc:
            if exc.errno == errno.EINVAL:
                raise _no_process(pid) from exc
            if exc.errno in {errno.EMFILE, errno.ENFILE}:
                raise MachineError("too many open files", why=str(exc), next_step="ulimit -n 65536") from exc
            return Absent(f"the memory of pid {pid}", AbsentKind.NOT_PERMITTED, f"{exc.strerror}: {_why()}", _get())


def _runs(present: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Numbers of pages, ``[first, last)``."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], present, [False])).astype(np.int8)))
    return [(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)]


def _why() -> str:
    scope = _yama()
    if scope >= 1:
        return f"kernel.yama.ptrace_scope is {scope}, so only a parent or CAP_SYS_PTRACE may look"
    return "it belongs to another user, or this container lacks CAP_SYS_PTRACE"


def _get() -> str:
    return "run oakum as root or as the target's user; in a container add the capability SYS_PTRACE"


def _yama() -> int:
    try:
        with open("/proc/sys/kernel/yama/ptrace_scope", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read())
    except (OSError, ValueError):
        return 0


def _gone(pid: int) -> TargetError:
    return TargetError(f"pid {pid} has ended", why="the kernel knows it no more", next_step="oakum scan host")


def _no_process(pid: int) -> TargetError:
    return TargetError(f"{pid} is not a process", why="it may be a thread of one", next_step="oakum scan host")


def _is_thread(pid: int) -> bool:
    """A thread has a folder too, which names the process that it belongs to."""
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return False
    return f"\nTgid:\t{pid}\n".encode() not in status


def parse_region(line: bytes) -> Region | None:
    match = _LINE.fullmatch(line.rstrip(b"\n"))
    if match is None:
        return None
    mode = match[3]
    return Region(
        start=int(match[1], 16),
        end=int(match[2], 16),
        readable=mode[0:1] == b"r",
        writable=mode[1:2] == b"w",
        executable=mode[2:3] == b"x",
        private=mode[3:4] == b"p",
        offset=int(match[4], 16),
        inode=int(match[5]),
        path=os.fsdecode(match[6]),
    )
