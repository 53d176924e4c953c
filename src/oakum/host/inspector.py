"""Speaks the Chrome DevTools Protocol with the inspector of a V8 program, over its web socket.

Source: chromedevtools.github.io/devtools-protocol (v8), nodejs.org/api/inspector.
"""

from __future__ import annotations

import errno
import http.client
import json
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from oakum.host import listening, network, signals
from oakum.host.fetch import Timed, fetched, not_fetched, ways
from oakum.host.gauge import ProcessFolder
from oakum.model.absent import Absent, AbsentKind
from oakum.model.debugger import Dispositions, Fetched, Listener
from oakum.model.errors import DataError, TargetError
from oakum.model.ports import Heard

if TYPE_CHECKING:
    from socket import socket

CONNECT_S = 5.0
"""How long a connection on the same machine may take, in seconds."""

GREETING_BYTES = 1 << 20
MESSAGE_BYTES = 64 << 20
"""No message is larger: pieces of a snapshot have about 100 KB."""

_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


def is_gone(pid: int, *, within_s: float = 0.5) -> bool:
    """Whether a process has ended, or ends ``within_s``: its connections close a little before it does."""
    until_s = time.monotonic() + within_s
    while True:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            return True
        if state[:1] in (["Z"], ["X"]):
            return True
        if time.monotonic() >= until_s:
            return False
        time.sleep(0.02)


class LiveDebuggees:
    """Port Debuggees."""

    def open(self, pid: int) -> LiveDebuggee:
        try:
            return LiveDebuggee(ProcessFolder(pid))
        except OSError as exc:
            raise _gone(pid, exc) from exc


class LiveDebuggee:
    """Port Debuggee. The open folder ties it to the process, not to its number."""

    def __init__(self, folder: ProcessFolder) -> None:
        self._folder = folder

    def listeners(self) -> list[Listener] | Absent:
        try:
            return listening.listeners(self._folder)
        except OSError as exc:
            return self._absent("the ports that it listens on", exc)

    def taken(self) -> list[Listener] | Absent:
        try:
            return listening.taken(self._folder)
        except OSError as exc:
            return self._absent("the ports of its network", exc)

    def dispositions(self) -> Dispositions:
        try:
            return signals.dispositions(self._folder)
        except OSError as exc:
            raise _gone(self._folder.pid, exc) from exc

    def wake(self) -> None:
        try:
            signals.send(self._folder, signal.SIGUSR1)
        except OSError as exc:
            raise _gone(self._folder.pid, exc) from exc

    def inspector(self, listener: Listener) -> str | Absent:
        try:
            return version_told(self._reached(listener), listener)
        except (OSError, http.client.HTTPException, ValueError) as exc:
            return self._absent(f"an inspector on {listener}", exc)

    def connect(self, listener: Listener) -> LiveInspection | Absent:
        what = f"the inspector on {listener}"
        try:
            name = target_told(self._reached(listener), listener)
            return name if isinstance(name, Absent) else self._attached(listener, name)
        except (OSError, http.client.HTTPException, ValueError, TypeError) as exc:
            return self._absent(what, exc)

    def fetch(self, listener: Listener, path: str, *, within_s: float, most_bytes: int) -> Fetched | Absent:
        until_s = time.monotonic() + within_s
        try:
            made = Timed(ways(listener, lambda way: self._reached(way, within_s=within_s)), until_s)
            return fetched(made, listener, path, until_s=until_s, most_bytes=most_bytes)
        except (OSError, http.client.HTTPException, ValueError) as exc:
            what = f"{path} on {listener}"
            return not_fetched(what, exc, within_s) or self._absent(what, exc)

    def _attached(self, listener: Listener, name: str) -> LiveInspection | Absent:
        from websockets.exceptions import WebSocketException  # noqa: PLC0415  (only where an inspector is open)
        from websockets.sync.client import connect  # noqa: PLC0415

        made = self._reached(listener)
        try:
            joined = connect(
                address(listener, name),
                sock=made,
                compression=None,
                proxy=None,
                open_timeout=CONNECT_S,
                close_timeout=CONNECT_S,
                ping_interval=None,
                max_size=MESSAGE_BYTES,
            )
            return LiveInspection(joined.__enter__(), self._folder.pid)
        except WebSocketException as exc:
            made.close()
            return Absent(f"the inspector on {listener}", AbsentKind.UNREADABLE, str(exc))

    def _reached(self, listener: Listener, *, within_s: float = CONNECT_S) -> socket:
        return network.connect(self._folder, listener.reached_at, listener.port, within_s=min(within_s, CONNECT_S))

    def _absent(self, what: str, exc: Exception) -> Absent:
        number = exc.errno if isinstance(exc, OSError) else None
        if number in {errno.EACCES, errno.EPERM}:
            return Absent(
                what,
                AbsentKind.NOT_PERMITTED,
                f"pid {self._folder.pid} belongs to another user, or lives in a network that we may not enter",
                "run oakum as the user of the process, or as root (CAP_SYS_PTRACE, CAP_SYS_ADMIN)",
            )
        return Absent(what, AbsentKind.UNREADABLE, str(exc) or type(exc).__name__)

    def close(self) -> None:
        self._folder.close()


class Reached(Protocol):
    """What http.client needs of a socket."""

    def sendall(self, data: bytes, /) -> None: ...

    def close(self) -> None: ...


class Joined(Protocol):
    """A web socket. All raise ConnectionClosed of websockets once it is closed."""

    def send(self, message: str, /) -> None: ...

    def recv(self, timeout: float | None = None) -> str | bytes:
        """Raises TimeoutError."""

    def close(self) -> None: ...


class LiveInspection:
    """Port Inspection."""

    def __init__(self, joined: Joined, pid: int) -> None:
        self._joined, self._pid = joined, pid
        self._asked = 0

    def ask(
        self,
        method: str,
        parameters: Mapping[str, object] | None = None,
        *,
        within_s: float,
        heard: Heard | None = None,
    ) -> Mapping[str, object]:
        self._asked += 1
        until_s = time.monotonic() + within_s
        with self._connected(f"while {method} was asked"):
            self._joined.send(json.dumps({"id": self._asked, "method": method, "params": parameters or {}}))
            while True:
                told = self._next(until_s)
                if told is None:
                    raise TargetError(
                        f"pid {self._pid} does not answer its inspector",
                        why=f"{method} was asked, and nothing came in time",
                        next_step=f"oakum investigate pid/{self._pid} --no-inspect",
                    )
                if told.get("id") == self._asked:
                    return _result(told, method)
                _tell(told, heard)

    def listen(self, is_done: Callable[[], bool], *, within_s: float, heard: Heard) -> None:
        until_s = time.monotonic() + within_s
        with self._connected("while it was listened to"):
            while not is_done():
                told = self._next(until_s)
                if told is None:
                    return
                _tell(told, heard)

    @contextmanager
    def _connected(self, when: str) -> Iterator[None]:
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415

        try:
            yield
        except ConnectionClosed as exc:
            if is_gone(self._pid):
                raise TargetError(
                    f"pid {self._pid} ended while it was asked",
                    why=f"{when}: its inspector closed the connection, and there is no such process any more",
                    next_step="oakum scan host",
                ) from exc
            raise TargetError(
                f"the inspector of pid {self._pid} closed the connection",
                why=f"{when}: {exc}",
                next_step=f"oakum investigate pid/{self._pid}",
            ) from exc

    def _next(self, until_s: float) -> dict[str, object] | None:
        """None: nothing came in time."""
        try:
            told = json.loads(self._joined.recv(timeout=max(0.0, until_s - time.monotonic())))
        except TimeoutError:
            return None
        except ValueError as exc:
            raise DataError("the inspector sends what is no JSON", why=str(exc)) from exc
        if not isinstance(told, dict):
            raise DataError("the inspector sends what is no message")
        return told

    def close(self) -> None:
        with suppress(OSError):
            self._joined.close()


def _tell(told: Mapping[str, object], heard: Heard | None) -> None:
    values = told.get("params")
    if heard is not None and isinstance(values, dict):
        heard(str(told.get("method", "")), values)


def _result(told: Mapping[str, object], method: str) -> Mapping[str, object]:
    result = told.get("result")
    if isinstance(result, dict):
        return result
    error = told.get("error")
    why = str(error.get("message")) if isinstance(error, dict) else "no result came"
    raise TargetError(f"the inspector refuses {method}", why=why, next_step="oakum doctor")


def version_told(made: Reached, listener: Listener) -> str | Absent:
    """Of the Node.js whose inspector answers. Closes ``made``. Raises OSError, HTTPException or ValueError."""
    told = _asked(made, listener, "/json/version")
    version = told.get("Browser") if isinstance(told, dict) else None
    if isinstance(version, str) and version.startswith("node.js/"):
        return version.removeprefix("node.js/v")
    return Absent(f"an inspector on {listener}", AbsentKind.NOT_APPLICABLE, "something else answers there")


def target_told(made: Reached, listener: Listener) -> str | Absent:
    """The name by which it is attached to. Closes ``made``. Raises as ``version_told``, and TypeError."""
    targets = _asked(made, listener, "/json/list")
    name = next((target.get("id") for target in targets if isinstance(target, dict)), None)
    if isinstance(name, str) and _ID.fullmatch(name):
        return name
    return Absent(f"the inspector on {listener}", AbsentKind.UNREADABLE, "it offers nothing to attach to")


def address(listener: Listener, name: str) -> str:
    return f"ws://{_host(listener)}/{name}"


def _asked(made: Reached, listener: Listener, path: str) -> dict[str, object] | list[object]:
    """What ``GET path`` answers, decoded."""
    connection = http.client.HTTPConnection(listener.reached_at, listener.port, timeout=CONNECT_S)
    connection.sock = made
    try:
        # Node answers no other names than addresses and localhost, against rebinding.
        connection.request("GET", path, headers={"Host": _host(listener)})
        answer = json.loads(connection.getresponse().read(GREETING_BYTES))
    finally:
        connection.close()
    return answer if isinstance(answer, dict | list) else []


def _host(listener: Listener) -> str:
    return str(Listener(listener.reached_at, listener.port))


def _gone(pid: int, exc: OSError) -> TargetError:
    if exc.errno in {errno.EACCES, errno.EPERM}:
        return TargetError(
            f"pid {pid} may not be looked at", why=exc.strerror or "", next_step=f"sudo oakum investigate pid/{pid}"
        )
    return TargetError(f"there is no process {pid}", why="it has ended", next_step="oakum scan host")
