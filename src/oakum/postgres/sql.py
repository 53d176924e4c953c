"""What is asked of a PostgreSQL server. Source: the manual's chapter "Monitoring Database Activity", 10 to 18.

Each question is one message that begins and ends its own transaction, which only reads, with its own timeouts: nothing
stays in the session, so that a pooler may hand it to somebody else. The last answer of each tells how long it took on
the server.
"""

from __future__ import annotations

from typing import Final

STATEMENT_MS: Final = 2000
LOCK_MS: Final = 300

MOST_QUERIES: Final = 20
"""So many texts of statements are asked for."""

MOST_LETTERS: Final = 300
"""Of each text."""


def asked(*statements: str) -> str:
    """One message of several statements, with how long they took in milliseconds as its last answer."""
    parts = (
        "BEGIN READ ONLY",
        f"SET LOCAL statement_timeout = {STATEMENT_MS}",
        f"SET LOCAL lock_timeout = {LOCK_MS}",
        *statements,
        "SELECT extract(epoch FROM clock_timestamp() - statement_timestamp())::float8",
        "COMMIT",
    )
    return ";\n".join(parts)


def head() -> str:
    return """SELECT extract(epoch FROM pg_postmaster_start_time())::float8 AS started,
    current_setting('max_connections')::int AS most,
    current_setting('superuser_reserved_connections')::int
        + coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
    current_user::text AS role, pg_backend_pid() AS pid,
    (pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
        OR current_setting('is_superuser') = 'on') AS sees_all"""


def sessions(version: int) -> str:
    """Of what another user's session does, nothing is told to a role without pg_read_all_stats: not even its kind."""
    query_id = "query_id" if version >= 140000 else "NULL::bigint"
    return f"""SELECT pid, extract(epoch FROM backend_start)::float8, datname::text, usename::text, application_name,
    CASE WHEN state IS NULL AND backend_type IS NULL THEN NULL ELSE coalesce(host(client_addr), 'local') END,
    state, extract(epoch FROM clock_timestamp() - backend_start)::float8,
    extract(epoch FROM clock_timestamp() - state_change)::float8,
    extract(epoch FROM clock_timestamp() - xact_start)::float8,
    backend_xmin IS NOT NULL AND state LIKE 'idle in%', {query_id}, greatest(client_port, 0)
FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND (backend_type = 'client backend'
    OR (backend_type IS NULL AND usesysid IS NOT NULL AND datid IS NOT NULL))"""  # noqa: S608  (no value is put in)


SETTINGS: Final = """SELECT name, setting FROM pg_settings WHERE name IN ('max_connections', 'reserved_connections',
    'superuser_reserved_connections', 'idle_in_transaction_session_timeout', 'idle_session_timeout',
    'transaction_timeout', 'tcp_keepalives_idle', 'client_connection_check_interval', 'shared_buffers', 'work_mem',
    'temp_file_limit', 'max_slot_wal_keep_size', 'max_prepared_transactions', 'port')"""

LIMITS: Final = """SELECT 'role', rolname::text, rolconnlimit FROM pg_roles WHERE rolconnlimit >= 0 AND NOT rolsuper
UNION ALL SELECT 'superuser', rolname::text, rolconnlimit FROM pg_roles WHERE rolsuper
UNION ALL SELECT 'database', datname::text, datconnlimit FROM pg_database WHERE datconnlimit >= 0"""
"""A superuser is bound by none of its own, and is told by its name."""

DATABASES: Final = """SELECT to_jsonb(d)::text FROM pg_stat_database d
WHERE datname IS NOT NULL AND datname NOT LIKE 'template_' ORDER BY numbackends DESC LIMIT 50"""
"""As JSON: later versions count more."""

REPLICA: Final = "SELECT pg_is_in_recovery()"

SLOTS: Final = """SELECT slot_name::text, slot_type, active, pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery()
    THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, restart_lsn)::bigint, to_jsonb(s) ->> 'wal_status'
FROM pg_replication_slots s LIMIT 100"""

PREPARED: Final = """SELECT gid, owner::text, database::text, extract(epoch FROM clock_timestamp() - prepared)::float8
FROM pg_prepared_xacts ORDER BY prepared LIMIT 100"""

TEMP: Final = "SELECT coalesce(sum(size), 0)::bigint FROM pg_ls_tmpdir()"

HAS_STATEMENTS: Final = "SELECT to_regclass('pg_stat_statements') IS NOT NULL"


def texts(query_ids: list[int]) -> str:
    """Statements as pg_stat_statements keeps them: with $1 in the place of values, but of those that are no query."""
    ids = ", ".join(str(int(each)) for each in query_ids[:MOST_QUERIES])
    return f"""SELECT queryid, left(min(query), {MOST_LETTERS}) FROM pg_stat_statements
WHERE queryid IN ({ids}) GROUP BY queryid"""  # noqa: S608  (numbers alone)
