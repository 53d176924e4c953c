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
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from oakum.host import listening, network, signals
from oakum.host.gauge import ProcessFolder
from oakum.model.absent import Absent, AbsentKind
from oakum.model.debugger import Dispositions, Listener
from oakum.model.errors import DataError, TargetError
from oakum.model.ports import Heard

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

CONNECT_S = 5.0
"""How long a connection on the same machine may take, in seconds."""

GREETING_BYTES = 1 << 20
MESSAGE_BYTES = 64 << 20
"""No message is larger: pieces of a snapshot have about 100 KB."""

_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


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
            told = self._asked(listener, "/json/version")
        except (OSError, http.client.HTTPException, ValueError) as exc:
            return self._absent(f"an inspector on {listener}", exc)
        version = told.get("Browser") if isinstance(told, dict) else None
        if isinstance(version, str) and version.startswith("node.js/"):
            return version.removeprefix("node.js/v")
        return Absent(f"an inspector on {listener}", AbsentKind.NOT_APPLICABLE, "something else answers there")

    def connect(self, listener: Listener) -> LiveInspection | Absent:
        what = f"the inspector on {listener}"
        try:
            targets = self._asked(listener, "/json/list")
            name = next((target.get("id") for target in targets if isinstance(target, dict)), None)
            if not isinstance(name, str) or not _ID.fullmatch(name):
                return Absent(what, AbsentKind.UNREADABLE, "it offers nothing to attach to")
            return self._attached(listener, name)
        except (OSError, http.client.HTTPException, ValueError, TypeError) as exc:
            return self._absent(what, exc)

    def _attached(self, listener: Listener, name: str) -> LiveInspection | Absent:
        from websockets.exceptions import WebSocketException  # noqa: PLC0415  (only where an inspector is open)
        from websockets.sync.client import connect  # noqa: PLC0415

        made = network.connect(self._folder, listener.reached_at, listener.port, within_s=CONNECT_S)
        try:
            joined = connect(
                f"ws://{_host(listener)}/{name}",
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

    def _asked(self, listener: Listener, path: str) -> dict[str, object] | list[object]:
        """What ``GET path`` answers, decoded. Raises OSError, HTTPException or ValueError."""
        connection = http.client.HTTPConnection(listener.reached_at, listener.port, timeout=CONNECT_S)
        connection.sock = network.connect(self._folder, listener.reached_at, listener.port, within_s=CONNECT_S)
        try:
            # Node answers no other names than addresses and localhost, against rebinding.
            connection.request("GET", path, headers={"Host": _host(listener)})
            answer = json.loads(connection.getresponse().read(GREETING_BYTES))
        finally:
            connection.close()
        return answer if isinstance(answer, dict | list) else []

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


class LiveInspection:
    """Port Inspection."""

    def __init__(self, joined: ClientConnection, pid: int) -> None:
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
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415

        self._asked += 1
        until_s = time.monotonic() + within_s
        try:
            self._joined.send(json.dumps({"id": self._asked, "method": method, "params": parameters or {}}))
            while True:
                told = self._next(until_s, method)
                if told.get("id") == self._asked:
                    return _result(told, method)
                values = told.get("params")
                if heard is not None and isinstance(values, dict):
                    heard(str(told.get("method", "")), values)
        except ConnectionClosed as exc:
            raise TargetError(
                f"the inspector of pid {self._pid} closed the connection",
                why=f"while {method} was asked: {exc}",
                next_step=f"oakum investigate pid/{self._pid}",
            ) from exc

    def _next(self, until_s: float, method: str) -> dict[str, object]:
        try:
            told = json.loads(self._joined.recv(timeout=max(0.0, until_s - time.monotonic())))
        except TimeoutError as exc:
            raise TargetError(
                f"pid {self._pid} does not answer its inspector",
                why=f"{method} was asked, and nothing came in time",
                next_step=f"oakum investigate pid/{self._pid} --no-inspect",
            ) from exc
        except ValueError as exc:
            raise DataError("the inspector sends what is no JSON", why=str(exc)) from exc
        if not isinstance(told, dict):
            raise DataError("the inspector sends what is no message")
        return told

    def close(self) -> None:
        with suppress(OSError):
            self._joined.close()


def _result(told: Mapping[str, object], method: str) -> Mapping[str, object]:
    result = told.get("result")
    if isinstance(result, dict):
        return result
    error = told.get("error")
    why = str(error.get("message")) if isinstance(error, dict) else "no result came"
    raise TargetError(f"the inspector refuses {method}", why=why, next_step="oakum doctor")


def _host(listener: Listener) -> str:
    return str(Listener(listener.reached_at, listener.port))


def _gone(pid: int, exc: OSError) -> TargetError:
    if exc.errno in {errno.EACCES, errno.EPERM}:
        return TargetError(
            f"pid {pid} may not be looked at", why=exc.strerror or "", next_step=f"sudo oakum investigate pid/{pid}"
        )
    return TargetError(f"there is no process {pid}", why="it has ended", next_step="oakum scan host")
