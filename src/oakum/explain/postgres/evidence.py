"""What a PostgreSQL server told, one line per fact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from oakum.explain.postgres.groups import Group
from oakum.explain.starts import starts
from oakum.model.absent import Absent
from oakum.model.dependency import Asked, Told
from oakum.model.evidence import Cost
from oakum.model.postgres import DatabaseCounts, PostgresDepth, PostgresSample, Session
from oakum.model.units import format_count, format_duration, format_share, format_size

MOST_GROUPS: Final = 8
MOST_ROWS: Final = 5
"""So many of a kind are told one by one; all are counted."""

HIT_BLOCKS: Final = 1000
"""Of fewer blocks that were read in the watch, a share says nothing."""

Samples = Sequence[PostgresSample]


def told(asked: Asked[PostgresSample], groups: Sequence[Group]) -> Iterator[Told]:
    """``groups``: as ``groups()`` made them."""
    samples = asked.samples
    first, last = samples[0], samples[-1]
    depth, before = last.depth or first.depth, first.depth
    yield _server(last, depth)
    for group in groups[:MOST_GROUPS]:
        yield _group(group, last)
        yield from _starts(group, last)
    yield from _forgotten(last, asked.policy.idle_transaction_s)
    if depth is not None:
        yield from _databases(depth, before, last, last.at_s - first.at_s)
        yield from _transactions(depth, last)
        yield from _slots(depth, last)
        yield from _temp(depth, last)
        yield from _memory(depth, before, last)
        yield from _bouncer(depth, last)
    yield _asked(samples)


def _server(last: PostgresSample, depth: PostgresDepth | None) -> Told:
    role = "" if depth is None else ", a replica" if depth.replica else ", primary"
    used = len(last.sessions)
    title = (
        f"PostgreSQL {last.version_text}{role}: {format_count(used)} of {format_count(last.room)} connections are in"
        f" use ({format_count(last.reserved)} more are reserved)"
    )
    facts = {
        "version": last.version_text,
        "replica": None if depth is None else depth.replica,
        "connections": used,
        "max_connections": last.room + last.reserved,
        "reserved": last.reserved,
        "started_s": last.started_s,
        "sees_all": last.sees_all,
        "settings": {} if depth is None else dict(depth.settings),
    }
    return Told("server", title, "pg_stat_activity and pg_settings", last.at_s, facts=facts)


def _group(group: Group, last: PostgresSample) -> Told:
    states = ", ".join(f"{format_count(count)} {state}" for state, count in group.states.most_common())
    clients = group.clients
    most = max(clients.values(), default=0)
    ages = [each.age_s for each in group.sessions if each.age_s is not None]
    parts = [f"{group.title}: {group.first} → {group.last} connections"]
    if states:
        parts.append(f" ({states})")
    if clients:
        where = next(iter(clients)) if len(clients) == 1 else f"{len(clients)} clients, {most} at most from one"
        parts.append(f" from {where}")
    if ages:
        parts.append(f"; the oldest {format_duration(max(ages))} old, the youngest {format_duration(min(ages))}")
    if len(clients) > 1:
        parts.append(f"; as many from each would be {format_count(most * len(clients))} of {format_count(last.room)}")
    facts = {
        "application": group.application,
        "user": group.user,
        "first": group.first,
        "last": group.last,
        "began": len(group.began),
        "left": group.left,
        "unused": len(group.unused),
        "left_behind": len(group.left_behind),
        "states": dict(group.states),
        "clients": dict(clients.most_common(MOST_ROWS)),
        "databases": dict(Counter(each.database for each in group.sessions)),
        "oldest_s": max(ages, default=None),
        "youngest_s": min(ages, default=None),
    }
    return Told("connections", "".join(parts), "pg_stat_activity", last.at_s, facts=facts)


def _starts(group: Group, last: PostgresSample) -> Iterator[Told]:
    """Against the processes of this machine that hold them."""
    held = {} if last.depth is None else last.depth.clients
    now_s = last.at_s
    began = [
        (now_s - each.age_s, held[each.id]) for each in group.sessions if each.age_s is not None and each.id in held
    ]
    found = starts(group.title, began, now_s)
    if found is not None:
        yield Told("starts", found.sentence, "pg_stat_activity and procfs", now_s, facts=found.facts)


def forgotten(sessions: Sequence[Session], longer_s: float) -> list[Session]:
    """Idle within a transaction for longer, the longest first."""
    found = [each for each in sessions if each.in_transaction and (each.used_s or 0.0) >= longer_s]
    return sorted(found, key=lambda each: -(each.used_s or 0.0))


def session_line(session: Session) -> str:
    snapshot = "; it holds a snapshot, so that dead rows stay: an open cursor, or REPEATABLE READ"
    return (
        f"pid {session.pid} ({session.application or 'no application_name'} as {session.user}, from {session.client})"
        f" is {session.state} for {format_duration(session.used_s or 0.0)}, its transaction"
        f" {format_duration(session.transaction_s or 0.0)} old{snapshot if session.snapshot else ''}"
    )


def _forgotten(last: PostgresSample, longer_s: float) -> Iterator[Told]:
    for session in forgotten(last.sessions, longer_s)[:MOST_ROWS]:
        facts = {
            "pid": session.pid,
            "application": session.application,
            "user": session.user,
            "client": session.client,
            "database": session.database,
            "state": session.state,
            "idle_s": session.used_s,
            "transaction_s": session.transaction_s,
            "snapshot": session.snapshot,
        }
        yield Told("transaction", session_line(session), "pg_stat_activity", last.at_s, facts=facts)


def _databases(
    depth: PostgresDepth, before: PostgresDepth | None, last: PostgresSample, span_s: float
) -> Iterator[Told]:
    earlier = {} if before is None else {each.name: each for each in before.databases}
    for now in depth.databases[:MOST_ROWS]:
        was = earlier.get(now.name)
        if not now.backends and was is not None and now == was:
            continue
        yield _database(now, was, last, span_s)


def _database(now: DatabaseCounts, was: DatabaseCounts | None, last: PostgresSample, span_s: float) -> Told:
    in_watch = was is not None and now.hit_blocks + now.read_blocks - was.hit_blocks - was.read_blocks >= HIT_BLOCKS
    since = was if was is not None and in_watch else None
    hit = now.hit_blocks - (since.hit_blocks if since else 0)
    read = now.read_blocks - (since.read_blocks if since else 0)
    ratio = hit / (hit + read) if hit + read else None
    gained = 0 if was is None else now.temp_bytes - was.temp_bytes
    parts = [f"database {now.name}:"]
    if ratio is None:
        parts.append(" no block was read yet")
    else:
        parts.append(f" {format_share(ratio)} of blocks came from its cache {'in the watch' if since else 'so far'}")
    parts.append(f"; {format_size(now.temp_bytes)} of temporary files so far")
    if gained > 0:
        parts.append(f", {format_size(gained)} in the watch")
    opened = rate_of_sessions(now, was, span_s)
    if opened is not None:
        parts.append(f"; {opened:.1f} sessions were opened a second")
    facts = {
        "database": now.name,
        "hit_ratio": ratio,
        "temp_files": now.temp_files,
        "temp_bytes": now.temp_bytes,
        "temp_bytes_in_watch": gained,
        "deadlocks": now.deadlocks,
        "sessions_per_s": opened,
        "abandoned": now.abandoned,
    }
    return Told("database", "".join(parts), "pg_stat_database", last.at_s, facts=facts)


def rate_of_sessions(now: DatabaseCounts, was: DatabaseCounts | None, span_s: float) -> float | None:
    """Sessions that were opened a second, None where this version does not count them."""
    if was is None or now.sessions is None or was.sessions is None or span_s <= 0 or now.sessions < was.sessions:
        return None
    return (now.sessions - was.sessions) / span_s


def _transactions(depth: PostgresDepth, last: PostgresSample) -> Iterator[Told]:
    if isinstance(depth.prepared, Absent) or not depth.prepared:
        return
    oldest = depth.prepared[0]
    many = len(depth.prepared)
    title = (
        f"{format_count(many)} prepared transaction{'s wait' if many != 1 else ' waits'} for a second phase, the oldest"
        f" ({oldest.gid} of {oldest.owner}) since {format_duration(oldest.age_s)}: locks and dead rows stay meanwhile"
    )
    rows = [{"gid": each.gid, "owner": each.owner, "age_s": each.age_s} for each in depth.prepared[:MOST_ROWS]]
    yield Told("prepared", title, "pg_prepared_xacts", last.at_s, facts={"count": many, "oldest": rows})


def _slots(depth: PostgresDepth, last: PostgresSample) -> Iterator[Told]:
    if isinstance(depth.slots, Absent):
        return
    for slot in depth.slots[:MOST_ROWS]:
        held = "an unknown amount" if slot.retained_bytes is None else format_size(slot.retained_bytes)
        used = "in use" if slot.active else "used by nobody"
        title = f"replication slot {slot.name} ({slot.kind}, {used}) holds back {held} of WAL"
        facts = {
            "slot": slot.name,
            "active": slot.active,
            "retained_bytes": slot.retained_bytes,
            "wal_status": slot.wal_status or None,
        }
        yield Told("slot", title, "pg_replication_slots", last.at_s, facts=facts)


def _temp(depth: PostgresDepth, last: PostgresSample) -> Iterator[Told]:
    if isinstance(depth.temp_bytes, int) and depth.temp_bytes:
        title = f"{format_size(depth.temp_bytes)} of temporary files lie there now"
        yield Told("temporary", title, "pg_ls_tmpdir()", last.at_s, facts={"bytes": depth.temp_bytes})


def _memory(depth: PostgresDepth, before: PostgresDepth | None, last: PostgresSample) -> Iterator[Told]:
    if isinstance(depth.memory, Absent) or not depth.memory:
        return
    memory: Mapping[int, int] = depth.memory
    was = {} if before is None or isinstance(before.memory, Absent) else before.memory
    largest = max(memory, key=lambda pid: memory[pid])
    whose = next((each for each in last.sessions if each.pid == largest), None)
    grew = sum(memory[pid] - was[pid] for pid in memory if pid in was)
    name = "" if whose is None else f", of {whose.application or 'no application_name'} as {whose.user}"
    title = (
        f"{format_count(len(memory))} backends hold {format_size(sum(memory.values()))} of memory of their own, the"
        f" largest {format_size(memory[largest])} (pid {largest}{name})"
    )
    if was:
        title += f"; those that were there before gained {format_size(grew, signed=True)}"
    facts = {
        "backends": len(memory),
        "bytes": sum(memory.values()),
        "largest_pid": largest,
        "largest_bytes": memory[largest],
        "gained_bytes": grew if was else None,
    }
    yield Told("memory", title, "/proc of this machine", last.at_s, facts=facts)


def _bouncer(depth: PostgresDepth, last: PostgresSample) -> Iterator[Told]:
    bouncer = depth.bouncer
    if bouncer is None or isinstance(bouncer, Absent):
        return
    for pool in bouncer.pools[:MOST_GROUPS]:
        waits = f", {pool.waiting} wait, the first for {format_duration(pool.waited_s)}" if pool.waiting else ""
        title = (
            f"pgbouncer, {pool.database} as {pool.user} ({pool.mode or 'mode not told'}): {pool.clients} clients on"
            f" {pool.servers} connections to the server, {pool.idle_servers} of them idle{waits}"
        )
        facts = {
            "database": pool.database,
            "user": pool.user,
            "mode": pool.mode,
            "clients": pool.clients,
            "waiting": pool.waiting,
            "servers": pool.servers,
            "waited_s": pool.waited_s,
            "max_client_conn": bouncer.most_clients,
            "default_pool_size": bouncer.pool_size,
        }
        yield Told("pgbouncer", title, "SHOW POOLS", last.at_s, facts=facts)


def _asked(samples: Samples) -> Told:
    seconds = [sample.cost.seconds for sample in samples]
    cheap = sorted(sample.cost.seconds for sample in samples if sample.depth is None)
    usual = f", {1000 * cheap[len(cheap) // 2]:.1f} ms a sample in between" if cheap else ""
    title = f"asked {len(samples)} times: {1000 * max(seconds):.1f} ms of the server's time at most{usual}"
    facts = {"samples": len(samples), "most_s": max(seconds), "all_s": sum(seconds)}
    return Told("asked", title, "the server's clock", samples[-1].at_s, Cost(seconds=sum(seconds)), facts)
