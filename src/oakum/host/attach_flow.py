"""A file that a JVM writes through a pipe, taken in as it comes, and what the JVM says of it."""

from __future__ import annotations

import os
import select
import socket
import time

from oakum.model.errors import DataError
from oakum.model.ports import Spool

BEGINS_WITHIN_S = 30.0
"""How long a file's first byte may take, in seconds."""

GIVES_UP_WITHIN_S = 10.0
"""How long the JVM may take to come to its end when the file has, in seconds."""

REPLY_BYTES = 64 << 20
PIECE_BYTES = 1 << 20


class Flow:
    """``begun_s``, ``ended_s``: the first byte and the last, on the monotonic clock."""

    def __init__(self, told: socket.socket, pipe: int, spool: Spool) -> None:
        self._told, self._pipe, self._spool = told, pipe, spool
        self.text = bytearray()
        self.begun_s: float | None = None
        self.ended_s = 0.0
        self.bytes = 0

    def run(self, within_s: float) -> None:
        """Raises TimeoutError, OSError, DataError, or what the spool raises."""
        poll = select.poll()
        self._told.setblocking(False)
        waiting = {self._pipe: self._take, self._told.fileno(): self._hear}
        for fd in waiting:
            poll.register(fd, select.POLLIN)
        until_s = time.monotonic() + BEGINS_WITHIN_S
        # A JVM that refused hangs up, and never opens the pipe.
        while self._pipe in waiting and (self.begun_s is not None or len(waiting) == 2):
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError
            for fd, _ in poll.poll(left_s * 1000):
                begun = self.begun_s
                if not waiting[fd]():
                    poll.unregister(fd)
                    del waiting[fd]
                elif begun is None and self.begun_s is not None:
                    until_s = self.begun_s + within_s
        self._told.settimeout(GIVES_UP_WITHIN_S)
        while self._told.fileno() in waiting and self._hear():
            pass

    def _take(self) -> bool:
        piece = os.read(self._pipe, PIECE_BYTES)
        self.ended_s = time.monotonic()
        if self.begun_s is None:
            self.begun_s = self.ended_s
        self._spool.write(piece)
        self.bytes += len(piece)
        return bool(piece)

    def _hear(self) -> bool:
        piece = self._told.recv(PIECE_BYTES)
        self.text += piece
        if len(self.text) > REPLY_BYTES:
            raise DataError("the JVM does not stop answering")
        return bool(piece)
