"""Stands between a client and a PostgreSQL on a socket, and cuts the line at one of the client's messages."""

from __future__ import annotations

import select
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

NAME = ".s.PGSQL.5432"
GOODBYE = b"X"
"""How a client says that it has done: it is no message that could be lost."""


class Relay:
    """``folder``: where clients connect. ``messages``: how many came since ``cut_at`` was called."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self.folder = Path(tempfile.mkdtemp(prefix="oakum-relay-", dir="/tmp"))
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / NAME))
        self._listener.listen()
        self.cut_at(0, answered=False, cut=lambda: None)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def cut_at(self, message: int, *, answered: bool, cut: Callable[[], None]) -> None:
        """``answered``: the server is given the message, and its answer is lost; otherwise the message is."""
        self.messages, self._at, self._answered, self._cut = 0, message, answered, cut

    @property
    def was_cut(self) -> bool:
        return 0 < self._at <= self.messages

    def close(self) -> None:
        # Wakes whoever waits for a client.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        shutil.rmtree(self.folder)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            try:
                server.connect(str(self._server / NAME))
                while self._passed(client, server):
                    pass
            except OSError:
                return

    def _passed(self, client: socket.socket, server: socket.socket) -> bool:
        """Whether the line holds."""
        ready, _, _ = select.select([client, server], [], [])
        if server in ready:
            said = server.recv(1 << 20)
            client.sendall(said)
            return bool(said)
        said = client.recv(1 << 20)
        if not said:
            return False
        if said[:1] == GOODBYE:
            return False
        self.messages += 1
        cutting = self.messages == self._at
        if not cutting or self._answered:
            server.sendall(said)
        if cutting:
            if self._answered:
                _answer(client, server)
            self._cut()
        return not cutting


def _answer(client: socket.socket, server: socket.socket) -> None:
    """Wait for it. A long message comes in pieces: the server answers when it has them all."""
    while True:
        ready, _, _ = select.select([client, server], [], [])
        if server in ready:
            server.recv(1 << 20)
            return
        server.sendall(client.recv(1 << 20))
