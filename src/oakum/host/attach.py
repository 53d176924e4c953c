"""Speaks the attach protocol of a HotSpot JVM, as jcmd does: a socket in the JVM's /tmp that SIGQUIT opens.

A process of its own goes there (``attach_program.py``) and hands the open socket back; here the reply is read.
Source: openjdk/jdk, src/hotspot/os/posix/attachListener_posix.cpp, src/jdk.attach/linux.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from oakum.host import signals
from oakum.host.aside import start_aside
from oakum.host.attach_flow import BEGINS_WITHIN_S, GIVES_UP_WITHIN_S, PIECE_BYTES, REPLY_BYTES, Flow
from oakum.host.attach_words import (
    OPENS_WITHIN_S,
    Ids,
    Words,
    is_memory,
    libraries,
    listens,
    performance_path,
    socket_name,
    written_bytes,
)
from oakum.host.gauge import ProcessFolder, read_whole
from oakum.host.rooted import open_folder, open_regular
from oakum.model.absent import Absent
from oakum.model.attach import Answered, JvmStanding, Streamed
from oakum.model.errors import DataError, TargetError
from oakum.model.ports import Spool

PERFORMANCE_BYTES = 1 << 20
TMP: Final = "tmp"

_PROGRAM: Final = Path(__file__).with_name("attach_program.py")
_MAPS_BYTES = 64 << 20


class LiveJvms:
    """Port Jvms."""

    def open(self, pid: int) -> LiveJvm:
        try:
            return LiveJvm(ProcessFolder(pid))
        except OSError as exc:
            raise _gone(pid, exc) from exc


class LiveJvm:
    """Port Jvm. The open folder ties it to the process, not to its number."""

    def __init__(self, folder: ProcessFolder) -> None:
        self._folder, self._words = folder, Words(folder.pid)

    def standing(self) -> JvmStanding | Absent:
        try:
            ids = self._ids()
            maps = self._folder.read("maps", _MAPS_BYTES)
            return JvmStanding(
                uid=ids.uid,
                libraries=libraries(maps),
                command=tuple(os.fsdecode(self._folder.read("cmdline", 1 << 20)).rstrip("\0").split("\0")),
                dispositions=signals.dispositions(self._folder),
                performance=self._performance(maps),
                listens=self._listens(ids.pid),
                tmp_free_bytes=self._tmp_free_bytes(),
            )
        except PermissionError:
            return self._words.not_permitted("what it has mapped")
        except OSError as exc:
            raise _gone(self._folder.pid, exc) from exc

    def ask(self, command: str, *, may_signal: bool, within_s: float) -> Answered | Absent:
        with ExitStack() as stack:
            asked = self._asked(command, stack, may_signal=may_signal)
            if isinstance(asked, Absent):
                return asked
            raw = bytearray()
            begun_s = time.monotonic()
            try:
                while piece := _received(asked[0], begun_s + within_s):
                    raw += piece
                    if len(raw) > REPLY_BYTES:
                        raise DataError(f"pid {self._folder.pid} does not stop answering", why=command)
            except TimeoutError as exc:
                raise self._words.silent(command, within_s) from exc
            except OSError as exc:
                raise self._words.hung_up(command, exc.strerror or "") from exc
            return Answered(self._words.text(command, bytes(raw)), time.monotonic() - begun_s)

    def stream(
        self, command: str, spool: Spool, *, in_pieces: bool, may_signal: bool, within_s: float
    ) -> Streamed | Absent:
        with ExitStack() as stack:
            asked = self._asked(command, stack, may_signal=may_signal, in_pieces=in_pieces, within_s=within_s)
            if isinstance(asked, Absent):
                return asked
            flow = Flow(asked[0], asked[1], spool)
            try:
                flow.run(within_s)
            except TimeoutError as exc:
                begun = flow.begun_s is not None
                stack.close()
                raise (
                    self._words.too_slow(command, within_s) if begun else self._words.silent(command, BEGINS_WITHIN_S)
                ) from exc
            except OSError as exc:
                raise self._words.hung_up(command, exc.strerror or "") from exc
            text = self._words.text(command, bytes(flow.text))
            written = written_bytes(text)
            if flow.begun_s is None or written is None:
                raise self._words.hung_up(command, text.strip()[-300:])
            if written != flow.bytes:
                # Who stood still did not get all: it was read away, so that the JVM could go on.
                raise self._words.too_slow(command, within_s)
            return Streamed(flow.begun_s, flow.ended_s, flow.bytes, text)

    def carried_bytes_per_s(self) -> None:
        """As fast as it is written."""

    def close(self) -> None:
        self._folder.close()

    def _ids(self) -> Ids:
        return Ids.parsed(self._folder.read("status", 1 << 16), self._folder.pid)

    def _performance(self, maps: bytes) -> bytes:
        path = performance_path(maps)
        if path is None:
            return b""
        try:
            fd = open_regular(self._path("root"), path)
        except OSError:
            return b""
        try:
            return read_whole(fd, PERFORMANCE_BYTES)
        finally:
            os.close(fd)

    def _listens(self, namespace_pid: int) -> bool:
        name = socket_name(namespace_pid)
        try:
            folder = open_folder(self._path("root"), TMP)
        except OSError:
            return False
        try:
            os.stat(name, dir_fd=folder, follow_symlinks=False)
            return listens(self._folder.read("net/unix", _MAPS_BYTES), name)
        except FileNotFoundError:
            return False
        except OSError:
            # Where the kernel does not tell, whoever connects finds out.
            return True
        finally:
            os.close(folder)

    def _tmp_free_bytes(self) -> int | None:
        """None where its /tmp cannot be seen, 0 where it is memory: a file there would take the target's own."""
        try:
            folder = open_folder(self._path("root"), TMP)
        except OSError:
            return None
        try:
            found = os.statvfs(f"/proc/self/fd/{folder}")
            device = os.fstat(folder).st_dev
            mounts = self._folder.read("mountinfo", _MAPS_BYTES)
        except OSError:
            return None
        finally:
            os.close(folder)
        here = f"{os.major(device)}:{os.minor(device)}"
        return 0 if is_memory(mounts, here) else found.f_bavail * found.f_frsize

    def _path(self, name: str) -> str:
        """Of its folder in /proc, and of no later process's."""
        return f"/proc/self/fd/{self._folder.fd}/{name}"

    def _asked(
        self,
        command: str,
        stack: ExitStack,
        *,
        may_signal: bool,
        in_pieces: bool = False,
        within_s: float = 0.0,
    ) -> tuple[socket.socket, int] | Absent:
        """(the socket that the reply comes from, the pipe of a file or -1). ``stack`` closes both."""
        pid = self._folder.pid
        try:
            ids = self._ids()
            pidfd = _held(os.pidfd_open(pid), stack)
            # Open before this look, so a process that is still there now is the one that is held.
            self._folder.read("stat")
            tmp = _held(open_folder(self._path("root"), TMP), stack)
            cwd = None
            with suppress(OSError):
                cwd = _held(os.open(self._path("cwd"), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC), stack)
        except PermissionError:
            return self._words.not_permitted("its folders")
        except OSError as exc:
            raise _gone(pid, exc) from exc
        ours, theirs = (stack.enter_context(end) for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        request: dict[str, object] = {
            "uid": ids.uid, "gid": ids.gid, "pid": pid, "nspid": ids.pid,
            "answer": theirs.fileno(), "folder": self._folder.fd, "tmp": tmp, "cwd": cwd, "pidfd": pidfd,
            "signal": may_signal, "opens_within_s": OPENS_WITHIN_S,
            "command": command, "in_pieces": in_pieces, "begins_within_s": BEGINS_WITHIN_S + GIVES_UP_WITHIN_S,
            "within_s": within_s + GIVES_UP_WITHIN_S,
        }  # fmt: skip
        fds = [fd for fd in (theirs.fileno(), self._folder.fd, tmp, cwd, pidfd) if fd is not None]
        start_aside(_PROGRAM, json.dumps(request), fds, named="what asks the JVM")
        theirs.close()
        ours.settimeout(2 * OPENS_WITHIN_S)
        try:
            raw, fds, _, _ = socket.recv_fds(ours, 1 << 16, 2)
        except OSError as exc:
            raise self._words.silent(command, 2 * OPENS_WITHIN_S) from exc
        for fd in fds:
            stack.callback(_closed, fd)
        answer = json.loads(raw) if raw else {"is": "failed", "text": "what asks ended"}
        if answer["is"] != "asked":
            return self._words.unreached(answer)
        return stack.enter_context(socket.socket(fileno=os.dup(fds[0]))), fds[1] if len(fds) > 1 else -1


def _received(told: socket.socket, until_s: float) -> bytes:
    """Raises TimeoutError or another OSError."""
    left_s = until_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    told.settimeout(left_s)
    return told.recv(PIECE_BYTES)


def _held(fd: int, stack: ExitStack) -> int:
    stack.callback(os.close, fd)
    return fd


def _closed(fd: int) -> None:
    with suppress(OSError):
        os.close(fd)


def _gone(pid: int, exc: OSError) -> TargetError:
    if exc.errno in {errno.EACCES, errno.EPERM}:
        return TargetError(
            f"pid {pid} may not be looked at", why=exc.strerror or "", next_step=f"sudo oakum investigate pid/{pid}"
        )
    return TargetError(f"there is no process {pid}", why="it has ended", next_step="oakum scan host")
