"""A web socket over a connection of the agent's: the protocol is websockets' own, without its threads and sockets."""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress
from typing import Final

from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from oakum.host.afar.stream import AfarStream

CLOSES_WITHIN_S: Final = 2.0


class AfarWebSocket:
    """As ``Joined`` of the inspector asks. Whatever ends the connection is ConnectionClosed."""

    def __init__(self, stream: AfarStream, address: str, *, within_s: float, max_bytes: int) -> None:
        """Takes over ``stream``. Raises InvalidHandshake, OSError."""
        self._stream = stream
        self._protocol = ClientProtocol(parse_uri(address), max_size=max_bytes)
        self._parts: list[bytes] = []
        self._messages: deque[str | bytes] = deque()
        until_s = time.monotonic() + within_s
        self._protocol.send_request(self._protocol.connect())
        self._push()
        while self._protocol.state is State.CONNECTING and self._protocol.handshake_exc is None:
            self._take(until_s)
        if self._protocol.handshake_exc is not None:
            raise InvalidHandshake(str(self._protocol.handshake_exc))

    def send(self, message: str) -> None:
        """Raises ConnectionClosed."""
        if self._protocol.state is not State.OPEN:
            raise self._closed()
        self._protocol.send_text(message.encode("utf-8", "surrogatepass"))
        try:
            self._push()
        except OSError as exc:
            raise self._lost() from exc

    def recv(self, timeout: float | None = None) -> str | bytes:
        """Raises TimeoutError, ConnectionClosed."""
        until_s = time.monotonic() + (timeout or 0.0)
        while not self._messages:
            if not self._open():
                raise self._closed()
            try:
                self._take(until_s)
            except TimeoutError:
                raise
            except OSError as exc:
                raise self._lost() from exc
        return self._messages.popleft()

    def close(self) -> None:
        with suppress(OSError, ConnectionClosed):
            if self._protocol.state is State.OPEN:
                self._protocol.send_close(1000)
                self._push()
                until_s = time.monotonic() + CLOSES_WITHIN_S
                while self._open():
                    self._take(until_s)
        self._stream.close()

    def _open(self) -> bool:
        return self._protocol.state is not State.CLOSED

    def _take(self, until_s: float) -> None:
        came = self._stream.heard(until_s)
        if came:
            self._protocol.receive_data(came)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._add(event)
            else:
                assert isinstance(event, Response)
        self._push()

    def _add(self, frame: Frame) -> None:
        if frame.opcode not in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
            return
        self._parts.append(bytes(frame.data))
        if frame.fin:
            self._messages.append(b"".join(self._parts))
            self._parts = []

    def _push(self) -> None:
        for data in self._protocol.data_to_send():
            # b"": nothing more is sent; whoever is at the other end closes.
            if data:
                self._stream.sendall(data)

    def _closed(self) -> ConnectionClosed:
        return self._protocol.close_exc

    def _lost(self) -> ConnectionClosed:
        return ConnectionClosedError(None, None)
