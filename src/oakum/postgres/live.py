"""One connection to a PostgreSQL server, which reads only."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from shlex import quote
from typing import Any, Final

import anyio
import psycopg

from oakum.model.absent import Absent, AbsentKind
from oakum.model.dependency import Dependency
from oakum.model.errors import SilentError, TargetError
from oakum.model.evidence import Cost
from oakum.model.postgres import Bouncer, PostgresDepth, PostgresSample, Session
from oakum.postgres import rows, sql
from oakum.postgres.console import ask_console
from oakum.postgres.faults import fault, grant
from oakum.postgres.login import CONNECT_S, Login, login, place_of
from oakum.postgres.statement import without_values

# What psycopg has to say comes as an error too: its own lines are no part of an answer, unless somebody collects them.
logging.getLogger("psycopg").addHandler(logging.NullHandler())

ANSWER_S: Final = 5.0
"""How long one answer may take, in seconds; the server gives up before."""

OLDEST: Final = 100000
"""Before version 10, views had other columns."""

LISTS_TEMP: Final = 120000
"""The first version that tells which temporary files lie there."""

LONG_IDLE_S: Final = 1.0
"""Statements of sessions that have been idle for so long are asked for, in seconds."""


def connected(url: str) -> AbstractAsyncContextManager[Dependency[PostgresSample]]:
    """Raises CallerError for what is no such address."""
    return _closing(LivePostgres(login(url)))


@asynccontextmanager
async def _closing(server: LivePostgres) -> AsyncIterator[LivePostgres]:
    try:
        yield server
    finally:
        await server.close()


class LivePostgres:
    """Port Dependency. Connects when it is first asked, and again after the connection was lost."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._place = place_of(None, login)
        self._seconds = 0.0
        self._wholes = 0

    @property
    def place(self) -> str:
        return self._place

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                await connection.close()

    async def sample(self, *, whole: bool) -> PostgresSample:
        self._seconds = 0.0
        try:
            connection = await self._connected()
            return await self._sample(connection, whole=whole)
        except TimeoutError as exc:
            await self.close()
            raise SilentError(
                f"{self.place} does not answer",
                why=f"no answer came in {ANSWER_S:.0f} s",
                next_step=f"pg_isready -d {quote(self.place)}",
            ) from exc
        except psycopg.Error as exc:
            await self.close()
            raise fault(exc, self.place, str(self._login.words.get("user") or "")) from exc
        except OSError as exc:
            await self.close()
            raise fault(psycopg.OperationalError(str(exc)), self.place) from exc

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is not None and not self._connection.closed:
            return self._connection
        with anyio.fail_after(2 * CONNECT_S):
            made = await psycopg.AsyncConnection.connect(
                **self._login.all_words(), autocommit=True, prepare_threshold=None
            )
        self._connection = made
        self._place = place_of(made, self._login)
        if (made.info.parameter_status("server_version") or "").endswith("/bouncer"):
            raise TargetError(
                f"{self.place} is pgbouncer's own console",
                why="it tells of pgbouncer, and nothing of a server behind it",
                next_step=f"oakum investigate {self.place.rpartition('/')[0]}/DATABASE",
            )
        if made.info.server_version < OLDEST:
            raise TargetError(
                f"{self.place} is PostgreSQL {made.info.parameter_status('server_version')}",
                why="versions 10 to 18 are known, and nothing before 10 can be asked",
                next_step="select * from pg_stat_activity",
            )
        return made

    async def _sample(self, connection: psycopg.AsyncConnection[Any], *, whole: bool) -> PostgresSample:
        version = connection.info.server_version
        (head,), told = await self._ask(connection, sql.head(), sql.sessions(version))
        started_s, most, reserved, user, pid, sees_all = head
        at_s, sessions = time.time(), rows.sessions(told)
        depth = None
        if whole:
            pooled = pid != connection.info.backend_pid
            depth = await self._depth(connection, sessions, user, pooled=pooled)
        return PostgresSample(
            at_s,
            float(started_s),
            version,
            (connection.info.parameter_status("server_version") or str(version)).partition(" ")[0],
            sessions,
            int(most) - int(reserved),
            int(reserved),
            str(user),
            bool(sees_all),
            Cost(seconds=self._seconds),
            depth,
        )

    async def _depth(
        self, connection: psycopg.AsyncConnection[Any], sessions: Sequence[Session], user: str, *, pooled: bool
    ) -> PostgresDepth:
        settings, bounds, counts, replica = await self._ask(
            connection, sql.SETTINGS, sql.LIMITS, sql.DATABASES, sql.REPLICA
        )
        slots = await self._try(connection, sql.SLOTS, "replication slots", user)
        prepared = await self._try(connection, sql.PREPARED, "prepared transactions", user)
        temp = await self._temp(connection, user)
        self._wholes += 1
        return PostgresDepth(
            bool(replica[0][0]),
            {str(name): str(value) for name, value in settings},
            rows.limits(bounds, "role"),
            rows.limits(bounds, "database"),
            frozenset(rows.limits(bounds, "superuser")),
            rows.databases(counts),
            slots if isinstance(slots, Absent) else rows.slots(slots),
            prepared if isinstance(prepared, Absent) else rows.prepared(prepared),
            temp if isinstance(temp, Absent) else int(temp[0][0]),
            # Once is enough, and where most is known: at the end.
            await self._queries(connection, sessions, user) if self._wholes > 1 else {},
            await self._bouncer() if pooled else None,
        )

    async def _temp(self, connection: psycopg.AsyncConnection[Any], user: str) -> list[Any] | Absent:
        what = "temporary files that lie there now"
        if connection.info.server_version < LISTS_TEMP:
            why = "PostgreSQL lists them from version 12 on"
            return Absent(what, AbsentKind.NOT_APPLICABLE, why, "du -s PGDATA/base/pgsql_tmp    # on its machine")
        return await self._try(connection, sql.TEMP, what, user)

    async def _queries(
        self, connection: psycopg.AsyncConnection[Any], sessions: Sequence[Session], user: str
    ) -> dict[int, str] | Absent:
        """What those that are idle did last, the most frequent first."""
        idle = [each for each in sessions if each.idle and (each.used_s or 0.0) >= LONG_IDLE_S]
        ids = [number for number, _ in Counter(each.query_id for each in idle if each.query_id).most_common()]
        what = "what idle connections did last"
        if not idle:
            return {}
        if not ids:
            why = "the server gives statements no ids: compute_query_id is off, or it is older than 14"
            get = "pg_stat_statements in shared_preload_libraries, then CREATE EXTENSION pg_stat_statements"
            return Absent(what, AbsentKind.NOT_APPLICABLE, why, get)
        has = await self._try(connection, sql.HAS_STATEMENTS, what, user)
        if isinstance(has, Absent):
            return has
        if not has[0][0]:
            why = "this database has no pg_stat_statements"
            return Absent(what, AbsentKind.NOT_APPLICABLE, why, "CREATE EXTENSION pg_stat_statements")
        texts = await self._try(connection, sql.texts(ids), what, user)
        return (
            texts if isinstance(texts, Absent) else {int(number): without_values(text or "") for number, text in texts}
        )

    async def _bouncer(self) -> Bouncer | Absent:
        try:
            with anyio.fail_after(CONNECT_S + ANSWER_S):
                return await ask_console(self._login.to_console())
        except (psycopg.Error, TimeoutError, OSError) as exc:
            user = self._login.words.get("user") or "USER"
            return Absent(
                "pgbouncer's own clients and pools",
                AbsentKind.NOT_PERMITTED,
                f"its console does not let {user} in: {' '.join(str(exc).split()) or 'it did not answer'}",
                f"stats_users = {user} in pgbouncer.ini, then RELOAD",
            )

    async def _try(
        self, connection: psycopg.AsyncConnection[Any], statement: str, what: str, user: str
    ) -> list[Any] | Absent:
        """What may be refused, or missing in this version; the connection lives on."""
        try:
            (found,) = await self._ask(connection, statement)
        except psycopg.Error as exc:
            if connection.closed or exc.sqlstate is None:
                raise
            why = " ".join(str(exc).split())
            if exc.sqlstate == "42501":
                return Absent(what, AbsentKind.NOT_PERMITTED, why, grant(self.place, user))
            kind = AbsentKind.TOO_DEAR if exc.sqlstate == "57014" else AbsentKind.NOT_APPLICABLE
            return Absent(what, kind, why, "ask this server by hand")
        return found

    async def _ask(self, connection: psycopg.AsyncConnection[Any], *statements: str) -> list[list[Any]]:
        """The rows of each statement; what they took is added up."""
        found: list[list[Any]] = []
        with anyio.fail_after(ANSWER_S):
            async with connection.cursor() as cursor:
                try:
                    # Without parameters it is sent as it is: one message, and one way there and back.
                    await cursor.execute(sql.asked(*statements).encode())
                    while True:
                        if cursor.description is not None:
                            found.append([rows.decoded(row) for row in await cursor.fetchall()])
                        if not cursor.nextset():
                            break
                except psycopg.Error:
                    if not connection.closed:
                        await connection.rollback()
                    raise
        *rows_of, took = found
        self._seconds += float(took[0][0])
        return rows_of
