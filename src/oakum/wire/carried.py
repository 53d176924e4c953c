"""HTTP over connections that somebody else opens: nothing listens here, and addresses in requests are names only."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import anyio
import httpcore2
import httpx2
from anyio.abc import ByteStream
from anyio.streams.tls import TLSStream

from oakum.model.cluster import Dial, Tunnel
from oakum.model.errors import TargetError

BROKEN: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)


class CarriedTransport(httpx2.AsyncHTTPTransport):
    """Of an HTTP client: each connection is one that ``dial`` opens, whatever host and port are asked for."""

    def __init__(self, context: ssl.SSLContext, dial: Dial) -> None:
        super().__init__(verify=context)
        # The library takes a way to connect for its pools, and its transport hands none on.
        self._pool = httpcore2.AsyncConnectionPool(ssl_context=context, network_backend=_Dialled(dial))


class _Dialled(httpcore2.AsyncNetworkBackend):
    def __init__(self, dial: Dial) -> None:
        self._dial = dial

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (as the library has it)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        del host, port, local_address, socket_options
        opening = self._dial()
        try:
            with anyio.fail_after(timeout):
                tunnel = await opening.__aenter__()
        except TimeoutError as exc:
            raise httpcore2.ConnectTimeout from exc
        return _Stream(_Bytes(tunnel, opening))

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


class _Bytes(ByteStream):
    """A tunnel as anyio has streams. One that worked and ends is broken: it may be opened anew."""

    def __init__(self, tunnel: Tunnel, opening: AbstractAsyncContextManager[Tunnel]) -> None:
        self._tunnel, self._opening = tunnel, opening
        self._rest, self._heard = b"", False

    async def receive(self, max_bytes: int = 65536) -> bytes:
        if not self._rest:
            try:
                self._rest = await self._tunnel.receive()
            except TargetError as exc:
                if self._heard:
                    raise anyio.BrokenResourceError from exc
                raise
        if not self._rest:
            raise anyio.EndOfStream
        self._heard = True
        given, self._rest = self._rest[:max_bytes], self._rest[max_bytes:]
        return given

    async def send(self, item: bytes) -> None:
        try:
            await self._tunnel.send(item)
        except TargetError as exc:
            raise anyio.BrokenResourceError from exc

    async def send_eof(self) -> None:
        """No channel can tell it; HTTP does not need it."""

    async def aclose(self) -> None:
        await self._opening.__aexit__(None, None, None)


class _Stream(httpcore2.AsyncNetworkStream):
    """Anyio's stream as the HTTP library has them."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        try:
            with anyio.fail_after(timeout):
                return await self._stream.receive(max_bytes)
        except anyio.EndOfStream:
            return b""
        except TimeoutError as exc:
            raise httpcore2.ReadTimeout from exc
        except BROKEN as exc:
            raise httpcore2.ReadError(_why(exc)) from exc

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        if not buffer:
            return
        try:
            with anyio.fail_after(timeout):
                await self._stream.send(buffer)
        except TimeoutError as exc:
            raise httpcore2.WriteTimeout from exc
        except BROKEN as exc:
            raise httpcore2.WriteError(_why(exc)) from exc

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore2.AsyncNetworkStream:
        try:
            with anyio.fail_after(timeout):
                secure = await TLSStream.wrap(
                    self._stream, hostname=server_hostname, ssl_context=ssl_context, standard_compatible=False
                )
        except TimeoutError as exc:
            await self.aclose()
            raise httpcore2.ConnectTimeout from exc
        except (*BROKEN, anyio.EndOfStream) as exc:
            await self.aclose()
            raise httpcore2.ConnectError(_why(exc)) from exc
        return _Stream(secure)


def _why(exc: BaseException) -> str:
    return str(exc.__cause__ or exc) or "the connection ended"
