"""Reaches a HotSpot JVM's attach socket and asks one thing; run by itself, with the standard library only.

It becomes the JVM's own user before it touches anything, so it can do no more than that user could. From then on it may
be unable to read its own Python's files, so all that it imports is imported before. It goes on when
whoever began it dies: what it makes in the JVM's folders, it removes. Standard input: the request, JSON
(``host/attach.py``). The answer is one message with the open socket, and the pipe of a file, as descriptors.

It runs on any Python from 3.6 on: in a container too, as a child of ``host/afar/agent_program.py``.
"""

import array
import fcntl
import json
import os
import secrets
import select
import signal
import socket
import stat
import struct
import sys
import time
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeAlias

    Request: TypeAlias = dict[str, Any]
"""``uid gid pid nspid``; ``answer folder tmp cwd pidfd``: descriptors; ``signal``: whether SIGQUIT may be sent;
``opens_within_s``; ``command``, with ``{file}`` where it writes one; ``in_pieces``: whether it keeps another beside it;
``begins_within_s``, ``within_s``: for the file's first byte, and from that to its last.
"""

LOOKED_EVERY_S = 0.02
PIPE_BYTES = 1 << 20
SET_PIPE_SIZE = 1031
"""F_SETPIPE_SZ of fcntl.h: the JVM stands still while it waits for room in the pipe."""


class Left(Exception):  # noqa: N818  (an answer, not an error)
    """The JVM was not asked; the answer says why."""


def main() -> None:
    go(json.load(sys.stdin))


def go(request: "Request") -> None:
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    if os.fork():
        # Its parent goes at once: whoever asked has nothing to wait for, and init reaps.
        os._exit(0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    answer = socket.socket(fileno=request["answer"])
    try:
        become(request["uid"], request["gid"])
        os.fchdir(request["tmp"])
        ask(request, reached(request), answer)
    except Left as exc:
        told(answer, exc.args[0])
    except OSError as exc:
        told(answer, {"is": "failed", "errno": exc.errno, "text": exc.strerror or str(exc)})


def told(answer: socket.socket, what: "dict[str, object]", fds: "Sequence[int]" = ()) -> None:
    """Whoever asked may be gone."""
    with suppress(OSError):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        answer.sendmsg([json.dumps(what).encode()], rights)


def become(uid: int, gid: int) -> None:
    """The effective user and group: those the JVM sees. The real ones stay, so that user cannot send us signals."""
    if os.geteuid() == 0 and (uid, gid) != (0, os.getegid()):
        os.setgroups([])
        os.setegid(gid)
        os.seteuid(uid)
    elif uid != os.geteuid():
        raise Left({"is": "another user", "uid": uid})


def reached(request: "Request") -> socket.socket:
    """A socket that the JVM itself answers. Raises Left."""
    name = f".java_pid{request['nspid']}"
    found = connected(name, request)
    if found is not None:
        return found
    if not request["signal"]:
        raise Left({"is": "closed"})
    until_s = time.monotonic() + request["opens_within_s"]
    with Trigger(request):
        if not catches_quit(request["folder"]):
            raise Left({"is": "not caught"})
        if request["pidfd"] is None:
            os.kill(request["pid"], signal.SIGQUIT)
        else:
            signal.pidfd_send_signal(request["pidfd"], signal.SIGQUIT)
        while time.monotonic() < until_s:
            found = connected(name, request)
            if found is not None:
                return found
            time.sleep(LOOKED_EVERY_S)
    raise Left({"is": "silent"})


class Trigger:
    """The empty file that makes the JVM take SIGQUIT for an attach; removed at exit. One of others' is left to them."""

    def __init__(self, request: "Request") -> None:
        self._name = f".attach_pid{request['nspid']}"
        self._folders = [request["tmp"], request["cwd"]]
        self._made_in = None  # type: int | None

    def __enter__(self) -> None:
        failed = None  # type: OSError | None
        for folder in self._folders:
            if folder is None:
                continue
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                os.close(os.open(self._name, flags, 0o600, dir_fd=folder))
            except FileExistsError:
                return
            except OSError as exc:
                failed = exc
                continue
            self._made_in = folder
            return
        raise failed or FileNotFoundError(self._name)

    def __exit__(self, *_: object) -> None:
        if self._made_in is not None:
            with suppress(OSError):
                os.unlink(self._name, dir_fd=self._made_in)


def catches_quit(folder: int) -> bool:
    """Looked at again right before the signal: without a handler it would end the process."""
    fd = os.open("status", os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(fd, "rb") as file:
        for line in file:
            if line.startswith(b"SigCgt:"):
                return bool(int(line.split()[1], 16) >> (signal.SIGQUIT - 1) & 1)
    return False


def connected(name: str, request: "Request") -> "socket.socket | None":
    """None where nothing listens: no socket, or one that an earlier process left. Raises Left for somebody else's."""
    try:
        entry = os.lstat(name)
    except FileNotFoundError:
        return None
    if not stat.S_ISSOCK(entry.st_mode) or entry.st_uid != request["uid"]:
        raise Left({"is": "foreign", "uid": entry.st_uid})
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    made.settimeout(request["opens_within_s"])
    try:
        made.connect(name)
    except ConnectionRefusedError:
        made.close()
        return None
    pid, uid, _ = struct.unpack("3i", made.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    # 0: it is in a pid namespace that is not below ours.
    if uid != request["uid"] or pid not in {0, request["pid"]}:
        raise Left({"is": "foreign", "uid": uid})
    return made


def ask(request: "Request", jvm: socket.socket, answer: socket.socket) -> None:
    if "{file}" not in request["command"]:
        send(jvm, request["command"])
        told(answer, {"is": "asked"}, (jvm.fileno(),))
        return
    with Pipe(request["nspid"], stays=request["in_pieces"]) as pipe:
        send(jvm, request["command"].replace("{file}", f"/tmp/{pipe.path}"))  # noqa: S108  (as the JVM sees it)
        told(answer, {"is": "asked"}, (jvm.fileno(), pipe.fd))
        pipe.keep(jvm, answer, request["begins_within_s"], request["within_s"])


def send(jvm: socket.socket, command: str) -> None:
    """Version 1 of the protocol: version, verb and three arguments, each ended by a zero byte."""
    jvm.sendall(b"\0".join((b"1", b"jcmd", command.encode(), b"", b"", b"")))


class Pipe:
    """A named pipe in a folder of its own. The folder goes with it: a JVM that opens the name too late finds nothing
    and makes nothing, and one that waits for a reader would wait for ever.

    ``stays``: until the JVM is done: it keeps a file of its own beside the pipe, and finds that by name again.
    """

    def __init__(self, pid: int, *, stays: bool) -> None:
        self._folder = f".oakum-{pid}-{secrets.token_hex(8)}"
        self.path = f"{self._folder}/heap.hprof"
        self._stays = stays

    def __enter__(self) -> "Pipe":  # noqa: PYI034  (typing's Self costs more than all that this does)
        os.mkdir(self._folder, 0o700)  # noqa: PTH102  (pathlib too)
        try:
            os.mkfifo(self.path, 0o600)
            # Open for reading before the JVM opens it for writing, so that it never waits there.
            self.fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except BaseException:
            self._remove()
            raise
        with suppress(OSError):
            fcntl.fcntl(self.fd, SET_PIPE_SIZE, PIPE_BYTES)
        return self

    def keep(self, jvm: socket.socket, answer: socket.socket, begins_within_s: float, within_s: float) -> None:
        """Until the JVM hangs up, or whoever reads is gone: then the JVM finds a closed pipe, and comes to its end.

        One that reads no more but is not gone (it was stopped) would hold the JVM still: then all is read here.
        """
        poll = select.poll()
        poll.register(jvm, select.POLLRDHUP)
        poll.register(answer, select.POLLRDHUP)
        poll.register(self.fd, select.POLLIN)
        until_s = time.monotonic() + begins_within_s
        begun = False
        while time.monotonic() < until_s:
            left_s = max(0.0, until_s - time.monotonic())
            ready = {fd for fd, _ in poll.poll(left_s * 1000)}
            if ready & {jvm.fileno(), answer.fileno()}:
                return
            if self.fd in ready:
                begun = True
                until_s = time.monotonic() + within_s
                poll.unregister(self.fd)
                if not self._stays:
                    self._remove()
        if begun:
            self._drain(time.monotonic() + within_s)

    def _drain(self, until_s: float) -> None:
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        while poll.poll(max(0.0, until_s - time.monotonic()) * 1000) and time.monotonic() < until_s:
            with suppress(BlockingIOError):
                if not os.read(self.fd, PIPE_BYTES):
                    return

    def __exit__(self, *_: object) -> None:
        self._remove()
        os.close(self.fd)

    def _remove(self) -> None:
        """First the folder's name, at once for all that is in it."""
        gone = f"{self._folder}-gone"
        with suppress(OSError):
            os.rename(self._folder, gone)  # noqa: PTH104
        with suppress(OSError):
            for name in os.listdir(gone):
                os.unlink(f"{gone}/{name}")  # noqa: PTH108
            os.rmdir(gone)  # noqa: PTH106


if __name__ == "__main__":
    main()
