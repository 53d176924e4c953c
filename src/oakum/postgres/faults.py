"""What a PostgreSQL server, pgbouncer or libpq says when it refuses or fails, in Oakum's words.

While a connection is made libpq tells no SQLSTATE, so its text is read; a server that speaks another language than
English is told in its own words.
"""

from __future__ import annotations

from collections.abc import Callable
from shlex import quote
from typing import Final

import psycopg

from oakum.model.errors import OakumError, SilentError, TargetError

UNKNOWN: Final = frozenset({"42883", "42P01", "42703", "42704", "42601", "0A000"})
"""A function, table, column, setting or word that the server does not know."""


def fault(exc: psycopg.Error, place: str, user: str = "") -> OakumError:
    """Raise it from ``exc``. ``user``: who asked, "" where that is not known."""
    state = exc.sqlstate or ""
    why = _words(exc)
    if state == "57014":
        return SilentError(
            f"{place} took too long", why=f"{why}; Oakum gives a question up after 2 s", next_step=_again(place)
        )
    if state in UNKNOWN:
        return TargetError(
            f"{place} is no PostgreSQL that can be asked",
            why=f"{why}; versions 13 to 17 are known",
            next_step=f"psql {quote(place)} -c 'SELECT version()'",
        )
    if state == "42501":
        return TargetError(f"{place} does not let {user or 'us'} ask", why=why, next_step=grant(place, user))
    low = why.lower()
    for signs, make in _FAULTS:
        if any(sign in low for sign in signs):
            what, next_step = make(place, user or "USER")
            return TargetError(what, why=why, next_step=next_step)
    return TargetError(f"{place} cannot be asked", why=why, next_step=_again(place))


def grant(place: str, user: str) -> str:
    name = (user or "USER").replace('"', '""')
    statement = f'GRANT pg_monitor TO "{name}"'
    return f"psql {quote(place)} -c {quote(statement)}    # as a superuser"


def _words(exc: psycopg.Error) -> str:
    """On one line; where several addresses were tried, the last word counts."""
    return " ".join(str(exc).split()) or type(exc).__name__


def _again(place: str) -> str:
    return f"pg_isready -d {quote(place)}"


def _full(place: str, user: str) -> tuple[str, str]:
    del user
    return (
        f"{place} has no connection left",
        "ps -eo args | grep '^postgres:' | sort | uniq -c    # on its machine; Oakum as a superuser has reserved ones",
    )


def _password(place: str, user: str) -> tuple[str, str]:
    return (
        f"{place} refused to let {user} in",
        "PGPASSWORD=… and the same command, or a line HOST:PORT:DATABASE:USER:PASSWORD in ~/.pgpass (mode 600)",
    )


def _hba(place: str, user: str) -> tuple[str, str]:
    del user
    return (
        f"{place} does not let this machine, role and database in",
        f"psql {quote(place)} -c 'SELECT pg_reload_conf()'    # once a line for them stands in pg_hba.conf",
    )


def _database(place: str, user: str) -> tuple[str, str]:
    del user
    return f"there is no such database or role: {place}", f"psql {quote(place.rpartition('/')[0] + '/postgres')} -l"


def _tls(place: str, user: str) -> tuple[str, str]:
    del user
    return (
        f"no TLS to {place} as it was asked for",
        "the same URL with ?sslmode=verify-full&sslrootcert=FILE; ?sslmode=disable for a server without TLS",
    )


def _waits(place: str, user: str) -> tuple[str, str]:
    del user
    return f"{place} is starting or stopping", _again(place)


def _pooled(place: str, user: str) -> tuple[str, str]:
    del user
    return (
        f"pgbouncer at {place} had no connection to its server to give",
        f"psql {quote(place.rpartition('/')[0] + '/pgbouncer')} -c 'SHOW POOLS'    # cl_waiting, maxwait",
    )


def _nobody(place: str, user: str) -> tuple[str, str]:
    del user
    return f"{place} is not there", _again(place)


def _other(place: str, user: str) -> tuple[str, str]:
    del user
    return f"what listens at {place} does not speak PostgreSQL's protocol", "ss -ltnp    # on its machine: who listens"


_FAULTS: Final[tuple[tuple[tuple[str, ...], Callable[[str, str], tuple[str, str]]], ...]] = (
    (("too many clients", "remaining connection slots", "too many connections", "no more connections allowed"), _full),
    (("query_wait_timeout", "server_login_retry", "server login failed", "pooler error"), _pooled),
    (("password authentication failed", "no password supplied", "authentication failed", "wrong password"), _password),
    (("sasl", "scram"), _password),
    (("certificate", "does not support ssl", "ssl error", "ssl required", "ssl is not", "tls"), _tls),
    (("no pg_hba.conf entry", "pg_hba.conf rejects"), _hba),
    (("does not exist", "no such database", "no such user"), _database),
    (("starting up", "shutting down", "terminating connection", "recovery mode", "server_shutdown"), _waits),
    (("invalid response", "received invalid", "expected authentication request"), _other),
    (("refused", "no such file", "translate host name", "not known", "no route", "timeout", "resolve"), _nobody),
    (("closed the connection", "connection is lost", "connection is closed", "reset by peer"), _nobody),
)
"""The first whose sign is in the text."""
