"""One connection to one server: commands out, replies in, each with a deadline. Foreign errors end here."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any, Final, TypeAlias

import anyio
from redis import exceptions
from redis.asyncio.connection import Connection, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from oakum.model.errors import OakumError
from oakum.redis_family.access import Access
from oakum.redis_family.faults import refused, unreached

DEADLINE_S: Final = 5.0
"""For one answer, and to connect."""

MANY_S: Final = 15.0
"""For all answers of one batch."""

FOREIGN: Final = (exceptions.RedisError, OSError, TimeoutError, EOFError)

Reply: TypeAlias = Any


class Link:
    """Opened by the first command, and again after a fault. Replies are bytes, numbers and lists, as they came."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._connection: Connection | None = None
        self._database = 0
        self._met = False

    async def ask(self, *words: str | int | bytes, name: str = "") -> Reply:
        """``name``: how the command is called where it is refused; its first word where that is not given.

        Raises DeniedError, SilentError or TargetError.
        """
        called = name or str(words[0])
        async with self._faults(called):
            connection = await self._open()
            with anyio.fail_after(DEADLINE_S):
                await connection.send_packed_command(packed([words]), check_health=False)
                reply = await connection.read_response(disable_decoding=True, timeout=math.inf)
                self._met = True
                return reply

    async def ask_many(self, commands: Sequence[Sequence[str | int | bytes]], *, name: str) -> list[Reply]:
        """In one go; what the server refused stands as an OakumError in the place of its answer."""
        if not commands:
            return []
        async with self._faults(name):
            connection = await self._open()
            with anyio.fail_after(MANY_S):
                async with anyio.create_task_group() as both:
                    # Answers are taken while commands still go out: nobody waits for the other with full buffers.
                    both.start_soon(self._send, connection, packed(commands))
                    return [await self._read(connection, name) for _ in commands]
        raise AssertionError  # the block returns or raises

    async def timed(self, *words: str | int | bytes) -> tuple[Reply, float]:
        """The answer, and the seconds it took as seen from here."""
        begun_s = perf_counter()
        reply = await self.ask(*words)
        return reply, perf_counter() - begun_s

    async def select(self, database: int) -> None:
        if database != self._database:
            await self.ask("SELECT", database)
            self._database = database

    async def close(self) -> None:
        connection, self._connection, self._database = self._connection, None, 0
        if connection is not None:
            with anyio.CancelScope(shield=True), anyio.move_on_after(1.0):
                await connection.disconnect(nowait=True)

    async def _open(self) -> Connection:
        if self._connection is None or not self._connection.is_connected:
            self._database = 0
            self._connection = _made(self.access)
            with anyio.fail_after(DEADLINE_S):
                await self._connection.connect()  # type: ignore[no-untyped-call]
        return self._connection

    async def _send(self, connection: Connection, content: list[bytes]) -> None:
        await connection.send_packed_command(content, check_health=False)

    async def _read(self, connection: Connection, name: str) -> Reply:
        try:
            return await connection.read_response(disable_decoding=True, timeout=math.inf, disconnect_on_error=False)
        except exceptions.ResponseError as exc:
            return refused(exc, name, self.access)

    @asynccontextmanager
    async def _faults(self, name: str) -> AsyncIterator[None]:
        try:
            yield
        except OakumError:
            raise
        except (*FOREIGN, BaseExceptionGroup) as exc:
            first = _first(exc)
            if not isinstance(first, FOREIGN):
                raise
            # The library has those that end a connection apart from those that answer one command.
            if isinstance(first, exceptions.ResponseError):
                raise refused(first, name, self.access) from first
            await self.close()
            raise unreached(first, self.access, met=self._met) from first


def _first(exc: BaseException) -> BaseException:
    while isinstance(exc, BaseExceptionGroup):
        exc = exc.exceptions[0]
    return exc


def _made(access: Access) -> Connection:
    given: dict[str, Any] = {
        "host": access.host,
        "port": access.port,
        "username": access.user or None,
        "password": access.password or None,
        "socket_connect_timeout": DEADLINE_S,
        "socket_timeout": DEADLINE_S,
        "retry": Retry(NoBackoff(), 0),
        "driver_info": None,
        "protocol": 2,
    }
    if access.tls is None:
        return Connection(**given)
    connection = SSLConnection(**given)
    # The library would build one of its own from file names; ours was made, and its faults told, before.
    connection.ssl_context.context = access.tls
    return connection


def packed(commands: Sequence[Sequence[str | int | bytes]]) -> list[bytes]:
    """As the protocol wants it: each word with its length (redis.io/docs/latest/develop/reference/protocol-spec)."""
    pieces = []
    for words in commands:
        pieces.append(b"*%d\r\n" % len(words))
        raw = [word if type(word) is bytes else str(word).encode() for word in words]
        pieces.extend([b"$%d\r\n%b\r\n" % (len(word), word) for word in raw])
    return [b"".join(pieces)]
