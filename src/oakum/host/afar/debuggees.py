"""The inspector of a Node.js process of a container, reached through the agent in its network."""

from __future__ import annotations

import errno
import http.client
import os
import signal
import time
from typing import TYPE_CHECKING

from oakum.host.afar.agent import Agent
from oakum.host.afar.folder import REFUSED, AfarFolder, translated
from oakum.host.afar.stream import ANSWERS_WITHIN_S, AfarStream
from oakum.host.fetch import fetched, not_fetched, ways
from oakum.host.inspector import (
    CONNECT_S,
    MESSAGE_BYTES,
    LiveInspection,
    address,
    target_told,
    version_told,
)
from oakum.host.listening import TABLES, parse_table, sockets
from oakum.host.signals import parse_dispositions
from oakum.model.absent import Absent, AbsentKind
from oakum.model.debugger import Dispositions, Fetched, Listener

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE_BYTES = 16 << 20
STATUS_BYTES = 1 << 16


class AfarDebuggees:
    """Port Debuggees."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def open(self, pid: int) -> AfarDebuggee:
        return AfarDebuggee(AfarFolder.opened(self._agent, pid))


class AfarDebuggee:
    """Port Debuggee. The agent holds its folder: it is tied to the process, not to its number."""

    def __init__(self, folder: AfarFolder) -> None:
        """Takes over ``folder``."""
        self._folder, self._agent = folder, folder.agent

    def listeners(self) -> list[Listener] | Absent:
        try:
            own = sockets(self._links("fd"))
            return [listener for inode, listener in self._table() if inode in own]
        except OSError as exc:
            return self._absent("the ports that it listens on", exc)

    def taken(self) -> list[Listener] | Absent:
        try:
            return [listener for _, listener in self._table()]
        except OSError as exc:
            return self._absent("the ports of its network", exc)

    def dispositions(self) -> Dispositions:
        try:
            return parse_dispositions(self._folder.read("status", STATUS_BYTES))
        except OSError as exc:
            raise translated(self._folder.pid, exc) from exc

    def wake(self) -> None:
        try:
            self._agent.ask("signal", self._folder.number, signal.SIGUSR1)
        except OSError as exc:
            raise translated(self._folder.pid, exc) from exc

    def inspector(self, listener: Listener) -> str | Absent:
        try:
            return version_told(self._reached(listener), listener)
        except (OSError, http.client.HTTPException, ValueError) as exc:
            return self._absent(f"an inspector on {listener}", exc)

    def connect(self, listener: Listener) -> LiveInspection | Absent:
        from websockets.exceptions import WebSocketException  # noqa: PLC0415  (only where an inspector is open)

        what = f"the inspector on {listener}"
        try:
            name = target_told(self._reached(listener), listener)
            return name if isinstance(name, Absent) else self._attached(listener, name)
        except WebSocketException as exc:
            return Absent(what, AbsentKind.UNREADABLE, str(exc))
        except (OSError, http.client.HTTPException, ValueError, TypeError) as exc:
            return self._absent(what, exc)

    def fetch(self, listener: Listener, path: str, *, within_s: float, most_bytes: int) -> Fetched | Absent:
        until_s = time.monotonic() + within_s
        try:
            made = ways(listener, lambda way: self._reached(way, within_s=within_s))
            return fetched(made, listener, path, until_s=until_s, most_bytes=most_bytes)
        except (OSError, http.client.HTTPException, ValueError) as exc:
            what = f"{path} on {listener}"
            return not_fetched(what, exc, within_s) or self._absent(what, exc)

    def _attached(self, listener: Listener, name: str) -> LiveInspection:
        from oakum.host.afar.web_socket import AfarWebSocket  # noqa: PLC0415  (as above)

        made = self._reached(listener)
        try:
            joined = AfarWebSocket(made, address(listener, name), within_s=CONNECT_S, max_bytes=MESSAGE_BYTES)
        except BaseException:
            made.close()
            raise
        return LiveInspection(joined, self._folder.pid)

    def _reached(self, listener: Listener, *, within_s: float = ANSWERS_WITHIN_S) -> AfarStream:
        """Raises OSError: EXDEV where the process lives in another network than the agent, which may not enter it."""
        own = AfarFolder(self._agent, self._agent.greeting.pid)
        try:
            theirs, ours = (self._agent.ask("link", folder.number, "ns/net") for folder in (self._folder, own))
        finally:
            own.close()
        inside = None if theirs == ours else self._folder.number
        try:
            return AfarStream(self._agent, listener.reached_at, listener.port, inside=inside, within_s=within_s)
        except PermissionError as exc:
            if inside is None:
                raise
            raise OSError(errno.EXDEV, f"pid {self._folder.pid} lives in another network than its container") from exc

    def _links(self, name: str) -> Iterator[str]:
        for line in self._agent.ask("links", self._folder.number, name).splitlines():
            yield os.fsdecode(bytes.fromhex(line.split()[1].decode("ascii")))

    def _table(self) -> list[tuple[int, Listener]]:
        rows: list[tuple[int, Listener]] = []
        for name in TABLES:
            try:
                rows += parse_table(self._folder.read(name, TABLE_BYTES))
            except FileNotFoundError:
                continue
        return rows

    def _absent(self, what: str, exc: Exception) -> Absent:
        pid = self._folder.pid
        if isinstance(exc, OSError) and exc.errno in REFUSED:
            why = f"pid {pid} belongs to another user of the container, or may not be traced"
            return Absent(what, AbsentKind.NOT_PERMITTED, why, "an ephemeral container with SYS_PTRACE: --image")
        return Absent(what, AbsentKind.UNREADABLE, str(exc) or type(exc).__name__)

    def close(self) -> None:
        self._folder.close()
