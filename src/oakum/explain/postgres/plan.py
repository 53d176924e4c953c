"""What to do about connections and transactions that leak; nothing here is executed."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote
from typing import Final

from oakum.explain.postgres.leak import Leak
from oakum.model.absent import Absent
from oakum.model.cause import Example
from oakum.model.postgres import PostgresSample, Session
from oakum.model.step import Plan, Step
from oakum.model.units import format_size
from oakum.model.verdict import Verdict, VerdictName

ADVICE: Final = (
    "Give each connection back on every path, also where something fails: a context manager, try/finally or using;"
    " bound the pool, and let it tell who keeps one (HikariCP leakDetectionThreshold, SQLAlchemy pool_timeout, pgx"
    " MaxConnLifetime, node-postgres idleTimeoutMillis)."
)
TRANSACTION_ADVICE: Final = (
    "End each transaction on every path, and do nothing slow (a call over HTTP, a wait for a user) while one is open;"
    " let the server end what is forgotten: idle_in_transaction_session_timeout."
)

SEEN: Final = (
    "SELECT pid, client_addr, client_port, state, backend_start, state_change, wait_event, left(query, 80)"
    " FROM pg_stat_activity"
)
ENDED: Final = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"

LARGE_BYTES: Final = 256 << 20
"""A backend of its own memory from there on is asked what it holds."""

BOUND_SHARE: Final = 0.75
"""A role that leaks may keep so much of the room: the rest is for the others."""

EXAMPLE: Final = Example(
    before="""def total(order):
    connection = psycopg.connect(DSN)
    return connection.execute("SELECT sum(price) FROM items WHERE order_id = %s", [order]).fetchone()
""",
    after="""pool = ConnectionPool(DSN, min_size=2, max_size=10, timeout=5, max_idle=300)

def total(order):
    with pool.connection() as connection:  # given back, however the block is left
        return connection.execute("SELECT sum(price) FROM items WHERE order_id = %s", [order]).fetchone()
""",
)

TRANSACTION_EXAMPLE: Final = Example(
    before="""connection.execute("UPDATE stock SET left_over = left_over - 1 WHERE item = %s", [item])
notify(item)  # fails, and nobody ends the transaction
connection.commit()
""",
    after="""with connection.transaction():  # committed, or rolled back where something fails
    connection.execute("UPDATE stock SET left_over = left_over - 1 WHERE item = %s", [item])
notify(item)
""",
)


def plan(
    verdict: Verdict,
    target: str,
    leak: Leak | None,
    forgotten: Session | None,
    last: PostgresSample,
    *,
    superusers: frozenset[str] = frozenset(),
) -> Plan:
    """Empty for a healthy server, unless one of its backends is large.

    ``forgotten``: a session that is idle within a transaction for too long. ``superusers``: roles that no limit binds.
    """
    if verdict.name is VerdictName.HEALTHY:
        return Plan(tuple(_contexts(target, last)))
    steps = [_look(target, leak, forgotten)] if leak is not None or forgotten is not None else []
    if leak is not None and leak.at:
        steps = [_look_at_bouncer(target), _end_at_bouncer()]
    elif leak is not None and (leak.name is VerdictName.LEAK or not leak.seen):
        steps.append(_end(target, leak))
        if leak.group.user not in superusers:
            steps.append(_bound(target, leak, last))
        if last.version >= 140000:
            steps.append(_idle_timeout(target, leak.group.user))
    if forgotten is not None:
        steps += [_end_one(target, forgotten), _transaction_timeout(target, forgotten.user)]
    if verdict.name is VerdictName.LEAK and leak is not None:
        steps.append(
            Step(
                f"Fix {leak.group.title}: give connections back",
                effect=ADVICE,
                risk="none for the server",
                undo="revert the change",
            )
        )
    steps.append(
        Step(
            "Look again, longer" if verdict.name is not VerdictName.LEAK else "Verify on the fixed version",
            effect=verdict.settles or "connections stay where they are under the same load",
            risk="none: it only reads",
            command=f"oakum investigate {quote(target)} --for 10m",
        )
    )
    return Plan((*_contexts(target, last), *steps))


def _psql(target: str, statement: str) -> str:
    # Within double quotes a shell leaves the single ones of SQL alone, and these signs it does not.
    plain = not set(statement) & set('"$`!\\')
    written = f'"{statement}"' if plain else quote(statement)
    return f"psql {quote(target)} -c {written}"


def literal(text: str) -> str:
    """As SQL writes a text."""
    doubled = text.replace("'", "''")
    return "E'" + doubled.replace("\\", "\\\\") + "'" if "\\" in text else f"'{doubled}'"


def quoted_name(text: str) -> str:
    """As SQL writes a name."""
    return '"' + text.replace('"', '""') + '"'


def _where(leak: Leak) -> str:
    group = leak.group
    return f"application_name = {literal(group.application)} AND usename = {literal(group.user)}"


def _look(target: str, leak: Leak | None, forgotten: Session | None) -> Step:
    where = f"pid = {forgotten.pid}" if leak is None and forgotten is not None else _where(leak) if leak else "true"
    return Step(
        "See them by yourself, with what each did last, before any of it is gone",
        effect="the client's address and port lead to the process that holds them: ss -tnp there",
        risk="none: it only reads; statements may hold values",
        command=_psql(target, f"{SEEN} WHERE {where} ORDER BY backend_start"),
    )


def _contexts(target: str, last: PostgresSample) -> Iterator[Step]:
    """Of the largest backend: it is asked by whoever approves it, for the server writes the answer into its log."""
    memory = {} if last.depth is None or isinstance(last.depth.memory, Absent) else last.depth.memory
    pid = max(memory, key=lambda each: memory[each], default=0)
    if memory.get(pid, 0) < LARGE_BYTES or last.version < 140000:
        return
    yield Step(
        f"Have pid {pid} tell what its {format_size(memory[pid])} are used for",
        effect="its memory contexts stand in the server's log: caches of plans and catalogs, sorts, a cursor's rows",
        risk="some hundred lines in the log; needs a superuser, or EXECUTE on the function",
        command=_psql(target, f"SELECT pg_log_backend_memory_contexts({pid})"),
    )


def _look_at_bouncer(target: str) -> Step:
    head, _, query = target.partition("?")
    console = f"{head.rpartition('/')[0]}/pgbouncer{'?' + query if query else ''}"
    return Step(
        "See pgbouncer's clients by yourself",
        effect="the client's address and port lead to the process that holds them: ss -tnp there",
        risk="none: it only reads",
        command=f"psql {quote(console)} -c 'SHOW CLIENTS'",
    )


def _end_at_bouncer() -> Step:
    return Step(
        "Let pgbouncer end clients that are idle for long",
        effect="clients without a question for 30 minutes are closed, and others find room",
        risk="a pool in the application that keeps connections for longer must test them first",
        command="client_idle_timeout = 1800    # in pgbouncer.ini, then RELOAD on its console",
        undo="client_idle_timeout = 0, then RELOAD",
    )


def _end(target: str, leak: Leak) -> Step:
    statement = f"{ENDED} WHERE {_where(leak)} AND state = 'idle' AND state_change < now() - interval '10 minutes'"
    return Step(
        "Make room: end those that have been idle for 10 minutes",
        effect="others can connect again; the leak goes on",
        risk="a pool that still counts on one of them meets an error once and connects again; needs pg_signal_backend",
        command=_psql(target, statement),
        undo="none is needed: clients connect again",
    )


def _bound(target: str, leak: Leak, last: PostgresSample) -> Step:
    there = sum(session.user == leak.group.user for session in last.sessions)
    role, bound = quoted_name(leak.group.user), max(there, int(BOUND_SHARE * last.room))
    return Step(
        "Bound its role, so that the leak does not take the others' connections",
        effect=f"past {bound} connections of this role, new ones of it are refused, and nobody else's",
        risk="its own requests fail at the bound; needs the right to alter the role",
        command=_psql(target, f"ALTER ROLE {role} CONNECTION LIMIT {bound}"),
        undo=_psql(target, f"ALTER ROLE {role} CONNECTION LIMIT -1"),
    )


def _idle_timeout(target: str, user: str) -> Step:
    return Step(
        "Let the server end what is idle for long",
        effect="new sessions of this role end after 30 minutes without a statement",
        risk="a pool that keeps connections for longer must test them first; not for roles that a pooler connects as",
        command=_psql(target, f"ALTER ROLE {quoted_name(user)} SET idle_session_timeout = '30min'"),
        undo=_psql(target, f"ALTER ROLE {quoted_name(user)} RESET idle_session_timeout"),
    )


def _end_one(target: str, session: Session) -> Step:
    statement = (
        f"{ENDED} WHERE pid = {session.pid}"
        f" AND extract(epoch FROM backend_start)::numeric(20, 3) = {session.started:.3f}"
        " AND state LIKE 'idle in transaction%'"
    )
    return Step(
        f"End the transaction that pid {session.pid} has forgotten",
        effect="its locks go, and dead rows can be removed again",
        risk="what it has not committed is lost; needs pg_signal_backend",
        command=_psql(target, statement),
        undo="none: the transaction is rolled back",
    )


def _transaction_timeout(target: str, user: str) -> Step:
    return Step(
        "Let the server end transactions that are forgotten",
        effect="new sessions of this role end after 5 minutes idle within a transaction",
        risk="what waits for a user within a transaction for longer fails",
        command=_psql(target, f"ALTER ROLE {quoted_name(user)} SET idle_in_transaction_session_timeout = '5min'"),
        undo=_psql(target, f"ALTER ROLE {quoted_name(user)} RESET idle_in_transaction_session_timeout"),
    )
