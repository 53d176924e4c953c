"""Rows of PostgreSQL's and pgbouncer's answers as values; one that is odd is left out, and spoils no others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from oakum.model.postgres import (
    Bouncer,
    BouncerPool,
    DatabaseCounts,
    PreparedTransaction,
    ReplicationSlot,
    Session,
)

Row = Sequence[Any]


def decoded(row: Row) -> list[Any]:
    """With text as text: of a database in SQL_ASCII, whose encoding nobody knows, it comes as bytes."""
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in row]


def sessions(rows: Sequence[Row]) -> tuple[Session, ...]:
    return tuple(_session(row) for row in rows)


def _session(row: Row) -> Session:
    pid, started, database, user, application, client, state, age_s, used_s, transaction_s, snapshot, query_id, port = (
        row
    )
    return Session(
        int(pid),
        # Hidden, as its age is: the pid alone tells it then.
        0.0 if started is None else float(started),
        database or "",
        user or "",
        application or "",
        client or "",
        state or "",
        _age(age_s),
        _age(used_s),
        _age(transaction_s),
        bool(snapshot),
        int(query_id or 0),
        int(port or 0),
    )


def _age(seconds: float | None) -> float | None:
    """What began within the question would be younger than nothing."""
    return None if seconds is None else max(0.0, float(seconds))


def limits(rows: Sequence[Row], kind: str) -> dict[str, int]:
    return {str(name): int(most) for what, name, most in rows if what == kind}


def databases(rows: Sequence[Row]) -> tuple[DatabaseCounts, ...]:
    """Each row is a JSON text."""
    return tuple(_database(json.loads(row[0])) for row in rows)


def _database(told: Mapping[str, Any]) -> DatabaseCounts:
    return DatabaseCounts(
        str(told["datname"]),
        int(told.get("numbackends") or 0),
        int(told.get("blks_read") or 0),
        int(told.get("blks_hit") or 0),
        int(told.get("temp_files") or 0),
        int(told.get("temp_bytes") or 0),
        int(told.get("deadlocks") or 0),
        _count(told.get("sessions")),
        _count(told.get("sessions_abandoned")),
    )


def _count(value: Any) -> int | None:
    return None if value is None else int(value)


def slots(rows: Sequence[Row]) -> tuple[ReplicationSlot, ...]:
    return tuple(ReplicationSlot(row[0], row[1], bool(row[2]), _count(row[3]), row[4] or "") for row in rows)


def prepared(rows: Sequence[Row]) -> tuple[PreparedTransaction, ...]:
    return tuple(PreparedTransaction(row[0], row[1] or "", row[2] or "", max(0.0, float(row[3]))) for row in rows)


def bouncer(
    version: str, pools: Sequence[Mapping[str, Any]], clients: Sequence[Mapping[str, Any]], config: Mapping[str, str]
) -> Bouncer:
    """Of SHOW POOLS and SHOW CLIENTS, each row by its columns' names: later versions have more of them."""
    return Bouncer(
        version,
        tuple(_pool(row) for row in pools if row.get("database") != "pgbouncer"),
        _clients(clients),
        _number(config.get("max_client_conn")),
        _number(config.get("default_pool_size")),
    )


def _pool(row: Mapping[str, Any]) -> BouncerPool:
    def number(*names: str) -> int:
        return sum(_number(row.get(name)) or 0 for name in names)

    servers = ("sv_active", "sv_idle", "sv_used", "sv_tested", "sv_login")
    return BouncerPool(
        _text(row, "database"),
        _text(row, "user"),
        number("cl_active"),
        number("cl_waiting"),
        number(*servers),
        number("sv_idle", "sv_used"),
        number("maxwait") + number("maxwait_us") / 1e6,
        _text(row, "pool_mode"),
    )


def _clients(rows: Sequence[Mapping[str, Any]]) -> tuple[Session, ...]:
    """Ages by the latest moment that any of them tells: our own question's."""
    now = max((_moment(row, "request_time") for row in rows), default=0.0)
    # Ours, which asks through it, is none that is looked for.
    return tuple(
        _client(row, now)
        for row in rows
        if row.get("database") != "pgbouncer" and row.get("application_name") != "oakum"
    )


def _client(row: Mapping[str, Any], now: float) -> Session:
    connected, asked = _moment(row, "connect_time"), _moment(row, "request_time")
    client, used_s = _text(row, "addr"), max(0.0, now - asked)
    waits = _text(row, "state") == "waiting"
    return Session(
        # A pointer tells clients apart that are connected at one time.
        _pointer(_text(row, "ptr")) or _number(row.get("port")) or 0,
        connected,
        _text(row, "database"),
        _text(row, "user"),
        _text(row, "application_name"),
        "local" if client == "unix" else client,
        "waiting" if waits else "idle" if used_s >= 1 else "active",
        max(0.0, now - connected),
        used_s,
        port=_number(row.get("port")) or 0,
    )


def _pointer(text: str) -> int:
    """0 where it is none."""
    try:
        return int(text, 16)
    except ValueError:
        return 0


def _moment(row: Mapping[str, Any], name: str) -> float:
    """``2026-11-20 12:03:10 UTC`` in seconds; the zone is the same in all rows. 0 where it is not told."""
    try:
        return datetime.strptime(_text(row, name)[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)


def _number(value: Any) -> int | None:
    try:
        return None if value is None else int(value)
    except ValueError:
        return None
