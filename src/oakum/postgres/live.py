"""One connection to a PostgreSQL server, which reads only."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import anyio
import psycopg
from psycopg.conninfo import conninfo_to_dict

from oakum.model.dependency import Dependency
from oakum.model.errors import CallerError, SilentError
from oakum.model.evidence import Cost
from oakum.model.postgres import PostgresSample
from oakum.postgres.faults import fault

CONNECT_S: Final = 5
"""How long may pass until it is connected, in seconds."""

STATEMENT_S: Final = 2.0
"""How long one statement may take on the server, in seconds."""

ANSWER_S: Final = 5.0
"""How long may pass until an answer is here, in seconds."""

_OPTIONS: Final = (
    f"-c statement_timeout={STATEMENT_S * 1000:.0f} -c lock_timeout=500 -c default_transaction_read_only=on"
    " -c client_encoding=UTF8"
)


def connected(url: str) -> AbstractAsyncContextManager[Dependency[PostgresSample]]:
    """Raises CallerError for what is no such address."""
    return _closing(LivePostgres(url))


@asynccontextmanager
async def _closing(server: LivePostgres) -> AsyncIterator[LivePostgres]:
    try:
        yield server
    finally:
        await server.close()


class LivePostgres:
    """Port Dependency. Connects when it is first asked, and again after the connection was lost."""

    def __init__(self, url: str) -> None:
        try:
            self._login: dict[str, Any] = dict(conninfo_to_dict(url))
        except psycopg.Error as exc:
            # Its own words may quote the password.
            raise CallerError(
                "this is no address of a PostgreSQL server",
                why="signs of a name or password such as @ / : are written as %40 %2F %3A",
                next_step="oakum investigate postgresql://USER@HOST:5432/DATABASE",
            ) from exc
        self._connection: psycopg.AsyncConnection[Any] | None = None
        host, port = self._login.get("host") or "", self._login.get("port") or 5432
        self.place = f"postgresql://{host}:{port}/{self._login.get('dbname') or ''}"

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def sample(self, *, whole: bool) -> PostgresSample:
        del whole
        try:
            with anyio.fail_after(CONNECT_S + ANSWER_S):
                return await self._sample()
        except TimeoutError as exc:
            await self.close()
            raise SilentError(f"{self.place} does not answer", why="no answer came in time") from exc
        except psycopg.Error as exc:
            await self.close()
            raise fault(exc, self.place) from exc

    async def _sample(self) -> PostgresSample:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(
                **{**self._login, "connect_timeout": CONNECT_S, "application_name": "oakum", "options": _OPTIONS},
                autocommit=True,
                prepare_threshold=None,
            )
        begun_s = time.monotonic()
        async with self._connection.cursor() as cursor:
            await cursor.execute(
                "SELECT current_setting('server_version_num')::int,"
                " extract(epoch FROM pg_postmaster_start_time())::float8,"
                " current_setting('max_connections')::int,"
                " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                "  AND pid <> pg_backend_pid())"
            )
            row = await cursor.fetchone()
        assert row is not None
        version, started_s, room, clients = row
        return PostgresSample(time.time(), started_s, version, clients, room, Cost(seconds=time.monotonic() - begun_s))
