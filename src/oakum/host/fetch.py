"""One HTTP request over a connection that stands, with one deadline and one bound for all of the answer."""

from __future__ import annotations

import errno
import http.client
import io
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from oakum.model.absent import Absent, AbsentKind
from oakum.model.debugger import Fetched, Listener
from oakum.model.units import format_duration, format_size

if TYPE_CHECKING:
    import socket

    from typing_extensions import Buffer

PIECE: Final = 1 << 16
REFUSED: Final = frozenset({errno.EACCES, errno.EPERM})
LONGEST_LOCATION: Final = 300

Made = TypeVar("Made")


class Conversation(Protocol):
    """What http.client needs of a socket; reading ends at a deadline of its own."""

    def sendall(self, data: bytes, /) -> None: ...

    def makefile(self, mode: str, /) -> io.BufferedReader: ...

    def close(self) -> None: ...


class TooMuchError(ValueError):
    """More came than was asked for."""


class Timed:
    """A socket whose answers come until ``until_s`` (monotonic), however slowly its bytes come."""

    def __init__(self, made: socket.socket, until_s: float) -> None:
        self._made, self._until_s, self._users = made, until_s, 1

    def sendall(self, data: bytes) -> None:
        self._made.settimeout(self._left_s())
        self._made.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        assert mode == "rb"
        self._users += 1
        return io.BufferedReader(_Reading(self))

    def into(self, buffer: Buffer) -> int:
        self._made.settimeout(self._left_s())
        return self._made.recv_into(buffer)

    def _left_s(self) -> float:
        """Raises TimeoutError."""
        left_s = self._until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        return left_s

    def close(self) -> None:
        self._users -= 1
        if not self._users:
            self._made.close()


class _Reading(io.RawIOBase):
    def __init__(self, timed: Timed) -> None:
        super().__init__()
        self._timed = timed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        return self._timed.into(buffer)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._timed.close()


def ways(listener: Listener, connect: Callable[[Listener], Made]) -> Made:
    """``::`` mostly takes both families, and a container may have no IPv6. Raises what the last ``connect`` did."""
    try:
        return connect(listener)
    except OSError:
        if listener.address != "::":
            raise
        return connect(Listener("127.0.0.1", listener.port))


def fetched(made: Conversation, listener: Listener, path: str, *, until_s: float, most_bytes: int) -> Fetched:
    """What ``GET path`` answers; a redirect is not followed. Closes ``made``.

    Raises OSError, HTTPException or ValueError.
    """
    begun_s = time.monotonic()
    connection = http.client.HTTPConnection(listener.reached_at, listener.port, timeout=max(0.1, until_s - begun_s))
    connection.sock = made  # what it uses of a socket is there
    try:
        host = str(Listener(listener.reached_at, listener.port))
        connection.request("GET", path, headers={"Host": host, "Accept-Encoding": "identity", "Connection": "close"})
        answer = connection.getresponse()
        body = bytearray()
        while piece := answer.read1(PIECE):
            body += piece
            if len(body) > most_bytes:
                raise TooMuchError(f"more than {format_size(most_bytes)} came, and no end")
        if answer.length:
            raise http.client.IncompleteRead(bytes(body[:0]), answer.length)
    finally:
        connection.close()
    kind = (answer.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    location = (answer.headers.get("Location") or "")[:LONGEST_LOCATION]
    return Fetched(answer.status, kind, bytes(body), time.monotonic() - begun_s, location)


def not_fetched(what: str, exc: Exception, within_s: float) -> Absent | None:
    """None where it is a matter of rights, which depend on where the process is."""
    if isinstance(exc, OSError) and exc.errno in REFUSED:
        return None
    if isinstance(exc, TimeoutError):
        return Absent(what, AbsentKind.UNREADABLE, f"nothing, or no end of it, came within {format_duration(within_s)}")
    if isinstance(exc, TooMuchError):
        return Absent(what, AbsentKind.TOO_DEAR, str(exc))
    if isinstance(exc, ConnectionRefusedError):
        return Absent(what, AbsentKind.UNREADABLE, "nobody listens there any more")
    if isinstance(exc, http.client.HTTPException | ConnectionError):
        return Absent(what, AbsentKind.UNREADABLE, "the connection was closed in the middle, or what came is no HTTP")
    return None
