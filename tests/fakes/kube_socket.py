"""The web sockets of an API server: programs that are run in containers, and connections that are forwarded."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from websockets.exceptions import InvalidState
from websockets.protocol import OPEN
from websockets.server import ServerProtocol


@dataclass
class Run:
    """What a program in a container does: it is given what came in, and says what comes out."""

    out: bytes = b""
    err: bytes = b""
    code: int = 0
    fault: str = ""
    cut: bool = False
    given: bytes = b""


class Joined:
    """A web socket, server's side."""

    def __init__(self, connection: socket.socket, protocol: ServerProtocol) -> None:
        self._connection, self._protocol = connection, protocol
        self._messages: list[bytes] = []

    def send(self, content: bytes) -> None:
        self._protocol.send_binary(content)
        self.flush()

    def receive(self) -> bytes:
        """Raises EOFError when the other end has closed."""
        while not self._messages:
            data = self._connection.recv(65536)
            if not data:
                raise EOFError
            self._protocol.receive_data(data)
            frames = self._protocol.events_received()
            # A close is answered, before it is told.
            self.flush()
            for frame in frames:
                if frame.opcode == 2:
                    self._messages.append(bytes(frame.data))
                elif frame.opcode == 8:
                    raise EOFError
        return self._messages.pop(0)

    def close(self) -> None:
        """As RFC 6455 wants it: the other end answers, and this one ends the connection."""
        if self._protocol.state is not OPEN:
            return
        with suppress(OSError, EOFError):
            self._protocol.send_close(1000)
            self.flush()
            self._connection.settimeout(5)
            while True:
                self._messages.clear()
                self.receive()

    def flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._connection.sendall(data)


def relayed(joined: Joined, address: tuple[str, int]) -> None:
    """To what really listens there, in both directions; ended by whoever ends first."""
    with suppress(OSError), socket.create_connection(address) as there:

        def back() -> None:
            with suppress(OSError, InvalidState):
                while came := there.recv(1 << 15):
                    joined.send(b"\x00" + came)
                joined.close()

        pump = threading.Thread(target=back, daemon=True)
        pump.start()
        with suppress(EOFError, OSError):
            while True:
                there.sendall(joined.receive()[1:])
        with suppress(OSError):
            there.shutdown(socket.SHUT_RDWR)
        pump.join()


def talks(command: list[str], *, most_bytes: int | None = None) -> Callable[[Joined], None]:
    """A real program at the other end, whatever was asked for; cut off once it said so much."""

    def talker(joined: Joined) -> None:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            pump = threading.Thread(target=_pumped, args=(process, joined, most_bytes), daemon=True)
            pump.start()
            with suppress(EOFError, OSError):
                while True:
                    message = joined.receive()
                    if message[0] == 0:
                        process.stdin.write(message[1:])
                        process.stdin.flush()
            with suppress(OSError):
                process.stdin.close()
            process.kill()
            # What it still says is read before its pipes are closed.
            pump.join()

    return talker


def _pumped(process: subprocess.Popen[bytes], joined: Joined, most_bytes: int | None) -> None:
    said = 0
    with suppress(OSError, InvalidState):
        while came := os.read(process.stdout.fileno(), 1 << 15):
            said += len(came)
            if most_bytes is not None and said > most_bytes:
                break
            joined.send(b"\x01" + came)
        code = {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": [_exit(process)]}}
        joined.send(b"\x03" + json.dumps(code).encode())


def _exit(process: subprocess.Popen[bytes]) -> dict:
    process.kill()
    return {"reason": "ExitCode", "message": str(-process.wait() + 128)}


def ending(done: Run) -> dict:
    if done.fault:
        return {"status": "Failure", "reason": "InternalError", "message": done.fault, "code": 500}
    if not done.code:
        return {"status": "Success"}
    causes = [{"reason": "ExitCode", "message": str(done.code)}]
    return {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}
