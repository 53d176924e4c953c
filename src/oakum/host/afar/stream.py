"""A connection that the agent made where it runs, with the face of a socket."""

from __future__ import annotations

import errno
import io
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from oakum.host.afar.agent import Agent
from oakum.model.errors import OakumError

if TYPE_CHECKING:
    from typing_extensions import Buffer

ANSWERS_WITHIN_S: Final = 5.0
PUSHED_BYTES: Final = 1 << 17
"""A request has no more: it is one line, in hexadecimal."""


class AfarStream:
    """The agent lost is an OSError here, as of a socket."""

    def __init__(
        self,
        agent: Agent,
        address: str,
        port: int,
        *,
        inside: int | None = None,
        within_s: float = ANSWERS_WITHIN_S,
    ) -> None:
        """``inside``: a held process, in whose network it is made; None: in the agent's own.

        ``within_s``: for each answer that is read as a file. Raises OSError.
        """
        self._agent, self._users, self._within_s = agent, 1, within_s
        try:
            self.number = agent.begin("tcp", address, port, *(() if inside is None else (inside,)))
        except OakumError as exc:
            raise _lost(exc) from exc

    def sendall(self, data: bytes) -> None:
        try:
            for at in range(0, len(data), PUSHED_BYTES):
                self._agent.ask("push", self.number, data[at : at + PUSHED_BYTES])
        except OakumError as exc:
            raise _lost(exc) from exc

    def heard(self, until_s: float) -> bytes:
        """What comes next, b"" at the end. Raises TimeoutError, or another OSError."""
        try:
            came = self._agent.hear(self.number, until_s)
        except OakumError as exc:
            raise _lost(exc) from exc
        if came is None:
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        return came

    def makefile(self, mode: str) -> io.BufferedReader:
        """For http.client."""
        assert mode == "rb"
        self._users += 1
        return io.BufferedReader(_Reading(self, self._within_s))

    def close(self) -> None:
        """As of a socket: whoever reads its file may read on."""
        self._users -= 1
        if not self._users:
            with suppress(OSError, OakumError):
                self._agent.shut(self.number)


class _Reading(io.RawIOBase):
    """Each answer within its time."""

    def __init__(self, stream: AfarStream, within_s: float) -> None:
        super().__init__()
        self._stream, self._rest, self._until_s = stream, b"", time.monotonic() + within_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        out = memoryview(buffer).cast("B")
        if not self._rest:
            self._rest = self._stream.heard(self._until_s)
        size = min(len(out), len(self._rest))
        out[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._stream.close()


def _lost(exc: OakumError) -> OSError:
    return ConnectionError(errno.ECONNRESET, exc.brief)
