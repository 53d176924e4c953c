"""What a server of the Redis family told, a line for each fact."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from oakum.explain.redis_causes import client_name, forever, waste
from oakum.model.dependency import Asked, Told
from oakum.model.evidence import Cost
from oakum.model.redis import CONFIDENCE, CollectionGrowth, Estimate, Figures, KeyPattern, RedisSample, Survey
from oakum.model.units import format_count, format_duration, format_share, format_size

MOST_PATTERNS: Final = 10
MOST_KEYS: Final = 5
MOST_CLIENTS: Final = 3
"""So many are told one by one."""

LEAST_SHARE: Final = 0.001
"""A pattern of fewer keys, guessed from a sample, is told where it grew."""

SMALL_BYTES: Final = 64 << 20
"""Of less, the ratio of what is resident says nothing: the program itself is most of it."""

SLOW_MICROS: Final = 10_000


def told(asked: Asked[RedisSample], first: RedisSample, last: RedisSample) -> tuple[Told, ...]:
    return tuple(_told(asked, first, last))


def _told(asked: Asked[RedisSample], first: RedisSample, last: RedisSample) -> Iterator[Told]:
    spent_s = sum(sample.cost.seconds for sample in asked.samples)
    for server in last.servers:
        yield Told("server", _server(server, last.user), "INFO", last.at_s, facts=_plain(server))
        yield Told("memory", _memory(server), "INFO memory", last.at_s)
    yield Told("keyspace", _keyspace(first, last), "INFO keyspace", last.at_s, facts=_spaces(last))
    if last.survey is not None:
        cost = Cost(seconds=spent_s)
        yield Told("survey", _survey(last.survey), "SCAN", last.survey.at_s, cost, _survey_facts(last.survey))
        alone = {each.now.key for each in last.survey.collections}
        weighty = [each for each in last.survey.patterns if _matters(each, last.survey) and each.pattern not in alone]
        for pattern in sorted(weighty, key=_weight)[:MOST_PATTERNS]:
            line = pattern_line(pattern, last.survey.between_s)
            yield Told("pattern", line, "SCAN, PTTL, TYPE, MEMORY USAGE", last.survey.at_s, facts=_pattern(pattern))
        for each in sorted(last.survey.collections, key=_bulk)[:MOST_KEYS]:
            yield Told("collection", _collection(each), "TYPE and length", each.now.at_s, facts=_collected(each))
    yield from _traffic(first, last)
    for server in last.servers:
        yield Told("fragmentation", _fragmentation(server), "INFO memory", last.at_s)
    yield from _clients(last)
    slow = [each for each in last.slow if each.micros >= SLOW_MICROS and each.at_s >= last.at_s - 3600]
    if slow:
        worst = max(slow, key=lambda each: each.micros)
        line = (
            f"its slow log has {format_count(len(slow))} commands of 10 ms or more in the last hour, the longest"
            f" {worst.command} with {worst.micros / 1000:.0f} ms"
        )
        yield Told("slowlog", line, "SLOWLOG GET", last.at_s)
    if "detected" in last.doctor:
        # Else it greets, and says that there is nothing.
        named = re.findall(r"\* ([A-Z][^:]{3,60}):", last.doctor)
        yield Told("doctor", f"its own MEMORY DOCTOR names: {', '.join(named)}", "MEMORY DOCTOR", last.at_s)


def pattern_line(pattern: KeyPattern, between_s: float | None) -> str:
    """``session:*: 500,063 keys, 100 % without TTL, 134 B each, 63.9 MiB; 3,000 came and 0 went in 20 s``."""
    told = f"{pattern.pattern}: {number(pattern.keys)} {'key' if pattern.keys.value == 1 else 'keys'}"
    if pattern.forever is not None:
        told += f", {_share(pattern.forever)} without TTL"
    if pattern.bytes_each is not None:
        off = pattern.bytes_each.high - pattern.bytes_each.value
        give = "" if pattern.bytes_each.exact else f" ± {format_size(off)}"
        told += f", {format_size(pattern.bytes_each.value)}{give} each, {format_size(pattern.bytes or 0)}"
    kinds = [kind for kind in pattern.kinds if kind != "string"]
    if kinds:
        told += f" ({', '.join(kinds[:3])})"
    if pattern.came is not None and pattern.went is not None and between_s:
        told += f"; {number(pattern.came)} came and {number(pattern.went)} went in {format_duration(between_s)}"
        share = forever(pattern)
        if pattern.came_forever is not None and share is not None:
            told += f", {format_share(share)} of those that came without TTL"
    return told


def number(estimate: Estimate) -> str:
    """``500,063``, or ``500,063 ± 1,400`` of an estimate."""
    value = format_count(round(estimate.value))
    if estimate.exact:
        return value
    off = max(estimate.high - estimate.value, estimate.value - estimate.low)
    return f"{value} ± {format_count(max(1, round(off)))}"


def _share(estimate: Estimate) -> str:
    if estimate.exact or estimate.high - estimate.low < 0.005:
        return format_share(estimate.value)
    return f"{format_share(estimate.value)} ({format_share(estimate.low)} to {format_share(estimate.high)})"


def _server(server: Figures, user: str) -> str:
    up = "" if server.uptime_s is None else f", up for {format_duration(server.uptime_s)}"
    whose = f" of {server.master}" if server.master else ""
    role = {"slave": f"a replica{whose}: it is read only, and its maxmemory does not bind", "master": "a primary"}
    asks = f", asked as {user}" if user else ""
    return f"{server.place} is {server.name}, {role.get(server.role, server.role or 'role unknown')}{up}{asks}"


def _memory(server: Figures) -> str:
    bound = "no maxmemory"
    if server.maxmemory:
        share = format_share(server.used / server.maxmemory)
        bound = f"{share} of maxmemory {format_size(server.maxmemory)}, {server.policy or 'policy unknown'}"
    data = "" if server.dataset is None else f", {format_size(server.dataset)} of it data"
    return f"{server.place} uses {format_size(server.used)}{data}; {bound}"


def _keyspace(first: RedisSample, last: RedisSample) -> str:
    keys = sum(server.keys for server in last.servers)
    kept = sum(server.forever for server in last.servers)
    more = keys - sum(server.keys for server in first.servers)
    share = f" ({format_share(kept / keys)})" if keys else ""
    return (
        f"{_keys(keys)}, {format_count(kept)} of them{share} without TTL, counted by the server;"
        f" {more:+,} in {format_duration(last.at_s - first.at_s)}"
    )


def _survey(survey: Survey) -> str:
    part = "all" if survey.whole else f"{format_share(survey.share)}, a sample by chance,"
    server = "" if survey.server_s is None else f", for which the server worked {survey.server_s:.2f} s at most"
    return (
        f"{part} of {_keys(survey.keys)} walked in {survey.seconds:.1f} s by {format_count(survey.calls)}"
        f" {'SCAN' if survey.calls == 1 else 'SCANs'}{server}; {format_count(survey.asked)} asked for their TTL,"
        f" {format_count(survey.sized)} for their size; ± is {format_share(CONFIDENCE)} sure"
    )


def _keys(count: int) -> str:
    return f"{format_count(count)} {'key' if count == 1 else 'keys'}"


def _collection(each: CollectionGrowth) -> str:
    now = each.now
    size = "" if now.bytes is None else f", {format_size(now.bytes)}"
    told = f"{now.kind} {now.key}: {format_count(now.length)} items{size}"
    if each.before is not None:
        seconds = format_duration(now.at_s - each.before.at_s)
        told += f", {now.length - each.before.length:+,} in {seconds}"
    return told + ("" if now.forever is not True else ", no TTL")


def _traffic(first: RedisSample, last: RedisSample) -> Iterator[Told]:
    ends = {server.place: server for server in first.servers}
    for server in last.servers:
        before = ends.get(server.place)
        if before is None or server.hits is None or server.misses is None:
            continue
        hits, misses = server.hits - (before.hits or 0), server.misses - (before.misses or 0)
        evicted = (server.evicted or 0) - (before.evicted or 0)
        expired = (server.expired or 0) - (before.expired or 0)
        asked = hits + misses
        every = server.hits + server.misses
        since = "" if not every else f" ({format_share(server.hits / every)} since it started)"
        # Our own questions count as hits too: a ratio of few is ours.
        ratio = (
            f"{format_share(hits / asked)} of {format_count(asked)} look-ups hit{since}" if asked > 0 else "no look-ups"
        )
        yield Told(
            "traffic",
            f"{server.place}, meanwhile: {ratio}, ours among them; {format_count(evicted)} keys evicted,"
            f" {format_count(expired)} expired",
            "INFO stats",
            last.at_s,
            facts={"hits": hits, "misses": misses, "evicted": evicted, "expired": expired},
        )


def _fragmentation(server: Figures) -> str:
    if server.resident is None:
        return f"{server.place} does not tell what is resident"
    ratio = server.resident / server.used if server.used else 0.0
    told = f"{server.place}: {format_size(server.resident)} are resident for {format_size(server.used)} used"
    if server.used < SMALL_BYTES:
        return f"{told}; of so little the ratio ({ratio:.2f}) says nothing of fragmentation"
    parts = [f"{format_size(size)} {what}" for what, size, _ in waste(server)]
    return f"{told} ({ratio:.2f}){': ' + ', '.join(parts) if parts else ''}"


def _clients(last: RedisSample) -> Iterator[Told]:
    for server in last.servers:
        if server.clients is not None:
            most = "" if server.most_clients is None else f" of {format_count(server.most_clients)}"
            held = "" if server.clients_bytes is None else f", whose buffers take {format_size(server.clients_bytes)}"
            yield Told("clients", f"{server.place} has {server.clients}{most} connections{held}", "INFO", last.at_s)
    for client in sorted(last.clients or (), key=lambda each: -each.output_bytes)[:MOST_CLIENTS]:
        if client.output_bytes:
            line = f"{client_name(client)} has {format_size(client.output_bytes)} of answers waiting"
            yield Told("client", line, "CLIENT LIST", last.at_s)


def _matters(pattern: KeyPattern, survey: Survey) -> bool:
    grown = pattern.grown is not None and pattern.grown.low > 0
    return grown or pattern.keys.value >= LEAST_SHARE * survey.keys or pattern.keys.exact


def _weight(pattern: KeyPattern) -> tuple[float, float]:
    grown = pattern.grown.value if pattern.grown is not None and pattern.grown.low > 0 else 0.0
    return -grown, -(pattern.bytes or pattern.keys.value)


def _bulk(each: CollectionGrowth) -> tuple[int, int]:
    return -(each.now.length - each.before.length if each.before else 0), -(each.now.bytes or 0)


def _pattern(pattern: KeyPattern) -> dict[str, Any]:
    return {
        "pattern": pattern.pattern,
        "keys": _interval(pattern.keys),
        "before": _interval(pattern.before),
        "without_ttl": _interval(pattern.forever),
        "bytes_each": _interval(pattern.bytes_each),
        "came": _interval(pattern.came),
        "went": _interval(pattern.went),
        "came_without_ttl": _interval(pattern.came_forever),
        "kinds": dict(pattern.kinds),
        "missed_at_most": pattern.missed,
    }


def _interval(estimate: Estimate | None) -> list[float] | None:
    """[value, low, high]."""
    return None if estimate is None else [round(each, 6) for each in (estimate.value, estimate.low, estimate.high)]


def _collected(each: CollectionGrowth) -> dict[str, Any]:
    now = each.now
    return {
        "key": now.key,
        "database": now.database,
        "type": now.kind,
        "length": now.length,
        "before": None if each.before is None else each.before.length,
        "bytes": now.bytes,
        "groups": [
            {"name": group.name, "consumers": group.consumers, "pending": group.pending, "lag": group.lag}
            for group in now.groups
        ],
    }


def _survey_facts(survey: Survey) -> dict[str, Any]:
    return {
        "seen": survey.seen,
        "keys": survey.keys,
        "asked": survey.asked,
        "sized": survey.sized,
        "whole": survey.whole,
        "calls": survey.calls,
        "seconds": survey.seconds,
        "server_s": survey.server_s,
        "longest_ms": survey.longest_ms,
        "others": survey.others,
    }


def _spaces(last: RedisSample) -> dict[str, Any]:
    return {
        server.place: {f"db{each.database}": {"keys": each.keys, "expires": each.expires} for each in server.keyspaces}
        for server in last.servers
    }


def _plain(server: Figures) -> dict[str, Any]:
    return {
        "place": server.place,
        "product": server.product,
        "version": server.version,
        "mode": server.mode,
        "role": server.role,
        "used_bytes": server.used,
        "data_bytes": server.dataset,
        "resident_bytes": server.resident,
        "maxmemory_bytes": server.maxmemory,
        "policy": server.policy,
        "half_used_bytes": server.small_frag,
        "freed_bytes": server.freed,
        "beside_bytes": server.beside,
        "clients": server.clients,
        "client_bytes": server.clients_bytes,
    }
