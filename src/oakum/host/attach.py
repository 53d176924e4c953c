"""Speaks the attach protocol of a HotSpot JVM, as jcmd does: a socket in the JVM's /tmp that SIGQUIT opens.

A process of its own goes there (``attach_program.py``) and hands the open socket back; here the reply is read.
Source: openjdk/jdk, src/hotspot/os/posix/attachListener_posix.cpp, src/jdk.attach/linux.
"""

from __future__ import annotations

import errno
import json
import os
import re
import socket
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from oakum.host import signals
from oakum.host.aside import start_aside
from oakum.host.attach_flow import BEGINS_WITHIN_S, GIVES_UP_WITHIN_S, PIECE_BYTES, REPLY_BYTES, Flow
from oakum.host.gauge import ProcessFolder, read_whole
from oakum.host.rooted import open_folder, open_regular
from oakum.model.absent import Absent, AbsentKind
from oakum.model.attach import Answered, JvmStanding, Streamed
from oakum.model.errors import DataError, RefusedError, TargetError
from oakum.model.ports import Spool
from oakum.model.units import format_duration

OPENS_WITHIN_S = 10.0
"""How long the JVM may take to open its socket after the signal, in seconds: it does that between two safepoints."""

PERFORMANCE_BYTES = 1 << 20
TMP: Final = "tmp"

_PROGRAM: Final = Path(__file__).with_name("attach_program.py")
_MAPS_BYTES = 64 << 20
_PERFORMANCE: Final = re.compile(rb"(/\S*/hsperfdata_[^/\n]+/[0-9]+)$", re.MULTILINE)
_WRITTEN: Final = re.compile(r"created \[([0-9]+) bytes")
_CODE: Final = re.compile(rb"^[0-9a-f]+-[0-9a-f]+ ..x. .*/([^/\n]+)$", re.MULTILINE)


class LiveJvms:
    """Port Jvms."""

    def open(self, pid: int) -> LiveJvm:
        try:
            return LiveJvm(ProcessFolder(pid))
        except OSError as exc:
            raise _gone(pid, exc) from exc


@dataclass(frozen=True, slots=True)
class _Ids:
    """``uid``, ``gid``: effective. ``pid``: in its innermost namespace."""

    uid: int
    gid: int
    pid: int


class LiveJvm:
    """Port Jvm. The open folder ties it to the process, not to its number."""

    def __init__(self, folder: ProcessFolder) -> None:
        self._folder = folder

    def standing(self) -> JvmStanding | Absent:
        try:
            ids = self._ids()
            maps = self._folder.read("maps", _MAPS_BYTES)
            return JvmStanding(
                uid=ids.uid,
                libraries=frozenset(os.fsdecode(name) for name in _CODE.findall(maps)),
                command=tuple(os.fsdecode(self._folder.read("cmdline", 1 << 20)).rstrip("\0").split("\0")),
                dispositions=signals.dispositions(self._folder),
                performance=self._performance(maps),
                listens=self._listens(ids.pid),
                tmp_free_bytes=self._tmp_free_bytes(),
            )
        except PermissionError:
            return self._not_permitted("what it has mapped")
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
                raise self._silent(command, within_s) from exc
            except OSError as exc:
                raise self._hung_up(command, exc.strerror or "") from exc
            return Answered(self._text(command, bytes(raw)), time.monotonic() - begun_s)

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
                raise self._too_slow(command, within_s) if begun else self._silent(command, BEGINS_WITHIN_S) from exc
            except OSError as exc:
                raise self._hung_up(command, exc.strerror or "") from exc
            text = self._text(command, bytes(flow.text))
            written = _WRITTEN.search(text)
            if flow.begun_s is None or written is None:
                raise self._hung_up(command, text.strip()[-300:])
            if int(written[1]) != flow.bytes:
                # Who stood still did not get all: it was read away, so that the JVM could go on.
                raise self._too_slow(command, within_s)
            return Streamed(flow.begun_s, flow.ended_s, flow.bytes, text)

    def close(self) -> None:
        self._folder.close()

    def _ids(self) -> _Ids:
        fields = {}
        for line in self._folder.read("status", 1 << 16).splitlines():
            name, _, value = line.partition(b":")
            fields[name] = value.split()
        pids = fields.get(b"NSpid") or [str(self._folder.pid).encode()]
        return _Ids(int(fields[b"Uid"][1]), int(fields[b"Gid"][1]), int(pids[-1]))

    def _performance(self, maps: bytes) -> bytes:
        match = _PERFORMANCE.search(maps)
        if match is None:
            return b""
        try:
            fd = open_regular(self._path("root"), os.fsdecode(match[1]))
        except OSError:
            return b""
        try:
            return read_whole(fd, PERFORMANCE_BYTES)
        finally:
            os.close(fd)

    def _listens(self, namespace_pid: int) -> bool:
        try:
            folder = open_folder(self._path("root"), TMP)
        except OSError:
            return False
        try:
            os.stat(f".java_pid{namespace_pid}", dir_fd=folder, follow_symlinks=False)
        except OSError:
            return False
        else:
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
            mounts = self._folder.read("mountinfo", _MAPS_BYTES).decode("utf-8", "replace").splitlines()
        except OSError:
            return None
        finally:
            os.close(folder)
        here = f"{os.major(device)}:{os.minor(device)}"
        kinds = {line.partition(" - ")[2].split(" ")[0] for line in mounts if line.split(" ")[2:3] == [here]}
        return 0 if kinds & {"tmpfs", "ramfs"} else found.f_bavail * found.f_frsize

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
            return self._not_permitted("its folders")
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
            raise self._silent(command, 2 * OPENS_WITHIN_S) from exc
        for fd in fds:
            stack.callback(_closed, fd)
        answer = json.loads(raw) if raw else {"is": "failed", "text": "what asks ended"}
        if answer["is"] != "asked":
            return self._unreached(answer)
        return stack.enter_context(socket.socket(fileno=os.dup(fds[0]))), fds[1] if len(fds) > 1 else -1

    def _unreached(self, answer: dict[str, object]) -> Absent:
        """Why the JVM was not asked."""
        pid, what = self._folder.pid, f"what the JVM of pid {self._folder.pid} tells"
        how = answer["is"]
        if how == "another user" or answer.get("errno") in {errno.EACCES, errno.EPERM}:
            return self._not_permitted("what it tells")
        told = {
            "closed": (
                AbsentKind.NOT_YET,
                "its attach socket is not open, and no signal may be sent",
                f"oakum investigate pid/{pid} --inspect",
            ),
            "not caught": (
                AbsentKind.NOT_APPLICABLE,
                "it does not handle SIGQUIT: the signal would end it, and none is sent",
                "start it without -Xrs",
            ),
            "silent": (
                AbsentKind.UNREADABLE,
                f"SIGQUIT was sent once, and no attach socket opened within {OPENS_WITHIN_S:.0f} s",
                "the same command once it is less busy; -XX:+DisableAttachMechanism would explain it too",
            ),
            "foreign": (
                AbsentKind.NOT_APPLICABLE,
                "another process or user owns its attach socket: nothing is sent there",
                f"ls -l /proc/{pid}/root/tmp/.java_pid*",
            ),
        }
        kind, why, get = told.get(
            str(how), (AbsentKind.UNREADABLE, f"its attach socket cannot be reached: {answer.get('text')}", "df /tmp")
        )
        return Absent(what, kind, why, get)

    def _not_permitted(self, what: str) -> Absent:
        return Absent(
            f"{what} (pid {self._folder.pid})",
            AbsentKind.NOT_PERMITTED,
            "it belongs to another user",
            "run oakum as the user of the process, or as root",
        )

    def _text(self, command: str, raw: bytes) -> str:
        """The body of a reply: its first line is the code. Raises TargetError for what is none, or a refusal."""
        code, end, body = raw.partition(b"\n")
        text = body.decode("utf-8", "replace")
        if not end or not code.isdigit():
            raise self._hung_up(command, "the connection closed without a reply")
        if int(code):
            last = text.strip().splitlines()[-1:] or [f"code {int(code)}"]
            raise TargetError(f"the JVM refuses {command}", why=last[0][:300], next_step="oakum doctor")
        return text

    def _silent(self, command: str, within_s: float) -> TargetError:
        pid = self._folder.pid
        return TargetError(
            f"the JVM of pid {pid} does not answer",
            why=f"{command} was asked, and nothing came within {format_duration(within_s)}",
            next_step=f"grep State /proc/{pid}/status    # T: it is stopped, D: it waits for a disk",
        )

    def _hung_up(self, command: str, why: str) -> TargetError:
        pid = self._folder.pid
        return TargetError(
            f"the JVM of pid {pid} hung up on {command}", why=why, next_step=f"oakum investigate pid/{pid}"
        )

    def _too_slow(self, command: str, within_s: float) -> RefusedError:
        pid = self._folder.pid
        return RefusedError(
            f"{command.partition(' ')[0]} was given up",
            why=f"it was not done within {format_duration(within_s)}; the JVM runs on",
            next_step=f"oakum investigate pid/{pid} --max-pause {format_duration(4 * within_s).replace(' ', '')}",
        )


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
