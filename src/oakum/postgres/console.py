"""pgbouncer's console: what it says of its clients and pools. Source: pgbouncer's usage page, "Admin console"."""

from __future__ import annotations

from typing import Any

import psycopg

from oakum.model.postgres import Bouncer
from oakum.postgres import rows
from oakum.postgres.login import Login


async def ask_console(login: Login) -> Bouncer:
    """Raises psycopg.Error: most users may not ask it."""
    connection = await psycopg.AsyncConnection.connect(**login.all_words(), autocommit=True, prepare_threshold=None)
    async with connection:
        version = await _shown(connection, b"SHOW VERSION")
        pools, clients = await _shown(connection, b"SHOW POOLS"), await _shown(connection, b"SHOW CLIENTS")
        config = await _shown(connection, b"SHOW CONFIG")
    text = str(next(iter(version[0].values()), "")) if version else ""
    return rows.bouncer(text, pools, clients, {str(row.get("key")): str(row.get("value")) for row in config})


async def _shown(connection: psycopg.AsyncConnection[Any], command: bytes) -> list[dict[str, Any]]:
    async with connection.cursor() as cursor:
        await cursor.execute(command)
        if cursor.description is None:
            return []
        names = [column.name for column in cursor.description]
        return [dict(zip(names, rows.decoded(row), strict=True)) for row in await cursor.fetchall()]
