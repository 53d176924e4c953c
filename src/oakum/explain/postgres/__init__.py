"""What a PostgreSQL server tells, fused into an assessment: connections that nobody gives back, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import isfinite, nan
from shlex import quote
from typing import Final

from oakum.explain.postgres.evidence import forgotten, rate_of_sessions, session_line, told
from oakum.explain.postgres.groups import Group, Moment, groups, handed_on
from oakum.explain.postgres.leak import Leak, leaks
from oakum.explain.postgres.plan import ADVICE, EXAMPLE, TRANSACTION_ADVICE, TRANSACTION_EXAMPLE, plan, quoted_name
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cause import Cause, CauseName
from oakum.model.dependency import Asked, Findings
from oakum.model.postgres import Bouncer, PostgresDepth, PostgresSample, Session
from oakum.model.units import format_count, format_duration, format_share
from oakum.model.verdict import Forecast, Pattern, Verdict, VerdictName

__all__ = ["explained"]

CHURN_PER_S: Final = 5.0
"""Sessions opened a second: more, and nothing pools them."""

AT_BOUNCER: Final = " at pgbouncer"


def explained(asked: Asked[PostgresSample]) -> Findings:
    """The samples of one watch; pure."""
    # What was before a restart of the server is another lifetime's.
    samples = [sample for sample in asked.samples if sample.started_s == asked.samples[-1].started_s]
    last = samples[-1]
    moments: list[Moment] = [(sample.at_s, sample.sessions) for sample in samples]
    found = groups(moments)
    behind = _at_bouncer(samples)
    at_bouncer = leaks(groups(behind), behind, at=AT_BOUNCER) if behind else ()
    pressed = _share(last) >= asked.policy.warn_share
    leaking = [*at_bouncer, *leaks(found, moments, pressed=pressed)]
    worst = min(leaking, key=lambda leak: (leak.name is not VerdictName.LEAK, not leak.seen), default=None)
    held = forgotten(last.sessions, asked.policy.idle_transaction_s)
    verdict = _assessed(asked, samples, worst, held)
    causes = (*(_cause(leak, last) for leak in leaking), *_transactions(held))
    return Findings(
        verdict,
        f"PostgreSQL {last.version_text}",
        tuple(told(replace(asked, samples=tuple(samples)), found)),
        tuple(_absent(asked, moments, leaking)),
        causes,
        plan(verdict, asked.target, worst, held[0] if held else None, last, superusers=_superusers(samples)),
    )


def _superusers(samples: Sequence[PostgresSample]) -> frozenset[str]:
    return frozenset().union(*(sample.depth.superusers for sample in samples if sample.depth is not None))


def _at_bouncer(samples: Sequence[PostgresSample]) -> list[Moment]:
    """The clients of pgbouncer, where its console told of them twice."""
    told_of = [
        (sample.at_s, sample.depth.bouncer.clients)
        for sample in samples
        if sample.depth is not None and isinstance(sample.depth.bouncer, Bouncer)
    ]
    return list(told_of) if len(told_of) > 1 else []


def _assessed(
    asked: Asked[PostgresSample], samples: Sequence[PostgresSample], leak: Leak | None, held: Sequence[Session]
) -> Verdict:
    """Never firmer than what holds: growth of the count alone may be load."""
    series = asked.series_verdict
    reasons = (*(leak.why if leak is not None else ()), *map(session_line, held[:1]), *_pressed(asked, samples))
    if leak is not None:
        return _leaks(series, leak, samples[-1], reasons)
    if held:
        settles = "whether it ends by itself: the same command again in some minutes"
        return replace(
            series,
            name=VerdictName.SUSPECT,
            probability=max(series.probability or 0.0, 0.6),
            # That their number stays is no news here.
            rate_per_s=series.rate_per_s or None,
            rate_interval=series.rate_interval if series.rate_per_s else None,
            reasons=(*reasons, *series.reasons),
            settles=settles,
        )
    if not samples[-1].sees_all and _share(samples[-1]) >= asked.policy.warn_share:
        settles = f"who holds them, and since when: {_grant(asked)}"
        name = VerdictName.CANNOT_TELL if series.name is VerdictName.HEALTHY else VerdictName.SUSPECT
        return replace(series, name=name, reasons=(*reasons, *series.reasons), settles=settles)
    if series.name is VerdictName.LEAK or (series.name is VerdictName.SUSPECT and _in_use(samples)):
        why = "those that came are in use, or others went for them: that is load, or a pool that fills"
        return replace(
            series,
            name=VerdictName.SUSPECT,
            probability=min(series.probability or 0.4, 0.4),
            reasons=(why, *reasons, *series.reasons),
            settles=series.settles or "whether it goes on at the same load: the same command with --for 10m",
        )
    return replace(series, reasons=(*reasons, *series.reasons))


def _in_use(samples: Sequence[PostgresSample]) -> bool:
    return samples[-1].level > samples[0].level


UNKNOWN_END = "when it reaches the "
"""How the judge begins that it forecasts no end."""


def _leaks(series: Verdict, leak: Leak, last: PostgresSample, reasons: tuple[str, ...]) -> Verdict:
    forecasts = _forecasts(leak, last)
    own = series.pattern is not None and series.pattern.leaks
    return replace(
        series,
        name=leak.name,
        pattern=series.pattern if own or not leak.seen else Pattern.LINEAR,
        probability=leak.probability,
        level=last.level,
        rate_per_s=leak.rate_per_s or None,
        rate_interval=leak.interval if leak.rate_per_s else None,
        onset_s=last.at_s - leak.since_s,
        forecasts=forecasts,
        # The bound that is forecast here is nearer known than by the curve alone.
        reasons=(*reasons, *(text for text in series.reasons if not (forecasts and text.startswith(UNKNOWN_END)))),
        settles=leak.settles,
    )


def _forecasts(leak: Leak, last: PostgresSample) -> tuple[Forecast, ...]:
    """The bound that is reached first: the server's, its database's or its role's."""
    depth, used = last.depth, len(last.sessions)
    bounds = [("max_connections", last.room - used)]
    if leak.at:
        if depth is None or not isinstance(depth.bouncer, Bouncer) or depth.bouncer.most_clients is None:
            return ()
        bounds = [("max_client_conn", depth.bouncer.most_clients - len(depth.bouncer.clients))]
    elif depth is not None:
        user = leak.group.user
        of_role = sum(session.user == user for session in last.sessions)
        if user in depth.role_limits:
            most = depth.role_limits[user]
            bounds.append((f"the role's connection limit of {most}", most - of_role))
        bound = set() if user in depth.superusers else set(depth.database_limits)
        for database in {session.database for session in leak.group.sessions} & bound:
            most, there = depth.database_limits[database], sum(each.database == database for each in last.sessions)
            bounds.append((f"the database's connection limit of {most}", most - there))
    boundary, left = min(bounds, key=lambda bound: bound[1])
    p10, p50, p90 = leak.reaches_s(left)
    return (Forecast(boundary, p10, p50, p90),) if isfinite(p50) else ()


def _share(last: PostgresSample) -> float:
    return len(last.sessions) / last.room if last.room > 0 else 1.0


def _pressed(asked: Asked[PostgresSample], samples: Sequence[PostgresSample]) -> Iterator[str]:
    """What is said of the server as a whole."""
    last, first = samples[-1], samples[0]
    share = _share(last)
    if share >= asked.policy.warn_share:
        yield (
            f"{format_share(share)} of its connections are taken:"
            f" {format_count(max(last.room - len(last.sessions), 0))} are left for everybody"
        )
    if first.depth is None or last.depth is None:
        return
    before = {each.name: each for each in first.depth.databases}
    for now in last.depth.databases:
        opened = rate_of_sessions(now, before.get(now.name), last.at_s - first.at_s)
        if opened is not None and opened >= CHURN_PER_S:
            yield (
                f"{opened:.0f} sessions are opened a second in {now.name}, and end again: nothing pools them, and each"
                " costs a process and its memory"
            )
    bouncer = last.depth.bouncer
    if isinstance(bouncer, Bouncer):
        for pool in bouncer.pools:
            if pool.waiting:
                yield (
                    f"{pool.waiting} clients of pgbouncer's pool {pool.database} as {pool.user} wait for a connection,"
                    f" the first for {format_duration(pool.waited_s)}"
                )


def _cause(leak: Leak, last: PostgresSample) -> Cause:
    group, depth = leak.group, last.depth
    clients = ", ".join(f"{client} ({count})" for client, count in group.clients.most_common(3))
    statement = _last_statement(group, depth)
    why = [*leak.why, *([f"they come from {clients}"] if clients else []), *([statement] if statement else [])]
    transaction = group.state.startswith("idle in")
    against = (
        [] if leak.seen else ["a pool that is larger than it needs, or replaces its connections by age, looks the same"]
    )
    return Cause(
        CauseName.CONNECTION_POOL,
        leak.probability,
        f"connections of {group.title} are opened and never given back",
        f"{group.title}{leak.at}: {group.state or 'state hidden'}",
        _memory(group, depth),
        nan,
        why=tuple(why),
        against=tuple(against),
        advice=TRANSACTION_ADVICE if transaction else ADVICE,
        example=TRANSACTION_EXAMPLE if transaction else EXAMPLE,
        evidence=("connections",),
    )


def _lost(group: Group) -> list[Session]:
    left, unused = group.left_behind, {each.id for each in group.unused}
    return [each for each in group.sessions if each.id in left or each.id in unused]


def _last_statement(group: Group, depth: PostgresDepth | None) -> str:
    """Of most of those that are lost: it leads to the code that had them."""
    if depth is None or isinstance(depth.queries, Absent):
        return ""
    counted: dict[int, int] = {}
    for session in _lost(group):
        if session.query_id in depth.queries:
            counted[session.query_id] = counted.get(session.query_id, 0) + 1
    if not counted:
        return ""
    most = max(counted, key=lambda number: counted[number])
    return f"the last that {counted[most]} of them did: {depth.queries[most]}"


def _memory(group: Group, depth: PostgresDepth | None) -> int | None:
    if depth is None or isinstance(depth.memory, Absent):
        return None
    held = [depth.memory[each.pid] for each in _lost(group) if each.pid in depth.memory]
    return sum(held) if held else None


def _transactions(held: Sequence[Session]) -> Iterator[Cause]:
    if not held:
        return
    first = held[0]
    yield Cause(
        CauseName.CONNECTION_POOL,
        0.8,
        "a transaction was begun and forgotten",
        f"{first.application or '(no application_name)'} as {first.user or '(no role)'}: {first.state}",
        None,
        nan,
        why=tuple(map(session_line, held[:3])),
        advice=TRANSACTION_ADVICE,
        example=TRANSACTION_EXAMPLE,
        evidence=("transaction",),
    )


def _grant(asked: Asked[PostgresSample]) -> str:
    # A superuser says it, at the same place: the target's own role stays out of it.
    place = asked.series.labels.get("dependency") or asked.target
    return f"psql {quote(place)} -c {quote(f'GRANT pg_monitor TO {quoted_name(asked.samples[-1].user)}')}"


def _absent(asked: Asked[PostgresSample], moments: Sequence[Moment], leaking: Sequence[Leak]) -> Iterator[Absent]:
    last = asked.samples[-1]
    if not last.sees_all:
        yield Absent(
            "what other roles' sessions do: their state, ages and clients",
            AbsentKind.NOT_PERMITTED,
            f"{last.user} is no member of pg_monitor",
            f"{_grant(asked)}    # as a superuser",
        )
    depth = last.depth
    if depth is not None:
        parts = (depth.slots, depth.prepared, depth.temp_bytes, depth.bouncer, depth.memory)
        yield from (part for part in parts if isinstance(part, Absent))
        if leaking and isinstance(depth.queries, Absent):
            yield depth.queries
    if shared := handed_on(moments):
        client = shared[0].client
        where = "HOST" if client in {"local", ""} else client
        yield Absent(
            f"the clients behind the pooler at {client or 'an address that is hidden'}",
            AbsentKind.NOT_APPLICABLE,
            f"{len(shared)} of its connections serve one application after another: the server sees the pooler alone",
            f"oakum investigate postgresql://USER@{where}:6432/DATABASE    # a role in pgbouncer's stats_users",
        )
