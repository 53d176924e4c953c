"""What grows in a server of the Redis family: keys without TTL, queues, one key that gains items, buffers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from oakum.model.cause import Cause, CauseName, Example
from oakum.model.redis import Client, Collection, CollectionGrowth, Figures, KeyPattern, RedisSample
from oakum.model.units import format_count, format_duration, format_rate, format_share, format_size

LEAST_KEYS: Final = 20
"""Fewer keys or items more say nothing."""

TURNED_OVER: Final = 0.3
"""Where so many of those that came have gone again, a pattern turns over: that is no mere accumulation."""

MOSTLY: Final = 0.5
"""A pattern whose new keys are for a larger share without TTL grows for ever."""

BUFFER_BYTES: Final = 1 << 20
"""Answers of so many bytes that a client has not taken are told."""

WASTE_BYTES: Final = 64 << 20
WASTE_SHARE: Final = 0.25
"""What an allocator holds unused is told from so much on, and from so much of what is used."""

FOLLOWED_TIMES: Final = 3
"""Of a key that holds many, so many lengths tell its course."""

TTL = Example(
    before='redis.set(f"session:{id}", data)',
    after='redis.set(f"session:{id}", data, ex=86400)    # HSET takes no TTL: EXPIRE after it',
)
BOUND = Example(
    before='redis.rpush("jobs", job)        # nobody looks how many there are\nredis.xadd("events", fields)',
    after="""if redis.rpush("jobs", job) > 100_000:
    slow_down()
redis.xadd("events", fields, maxlen=100_000, approximate=True)
""",
)
TRIMMED = Example(
    before='redis.zadd("seen", {id: now})',
    after="""redis.zadd("seen", {id: now})
redis.zremrangebyscore("seen", 0, now - 86400)    # or a key for each day, with a TTL
""",
)


def causes(first: RedisSample, last: RedisSample) -> tuple[Cause, ...]:
    """What grows first, by how much; then what is merely held."""
    found = [*_patterns(last), *_collections(last), *_buffers(first, last), *_waste(last)]
    return tuple(sorted(found, key=lambda cause: (-(cause.growth_bytes_per_s > 0), -cause.growth_bytes_per_s)))


def accumulates(pattern: KeyPattern) -> bool:
    """Whether it surely gained keys, and hardly lost any."""
    grown, came, went = pattern.grown, pattern.came, pattern.went
    if grown is None or came is None or went is None or grown.low <= 0 or grown.value < LEAST_KEYS:
        return False
    return went.value <= TURNED_OVER * came.value


def fell(course: Sequence[float]) -> float:
    """By how much at most it came down again."""
    return max((top - level for top, level in zip(accumulate(course, max), course, strict=True)), default=0.0)


def emptied(each: CollectionGrowth) -> bool:
    """Whether it gained, and meanwhile lost more than a part of that: somebody takes out of it."""
    course = _course(each)
    gained = course[-1] - course[0]
    return gained >= LEAST_KEYS and fell(course) > TURNED_OVER * gained


def unfollowed(last: RedisSample) -> frozenset[str]:
    """Keys whose lengths were not seen often enough to tell how they came to what they are."""
    held = () if last.survey is None else last.survey.collections
    return frozenset(each.now.key for each in held if len(_course(each)) < FOLLOWED_TIMES)


def _course(each: CollectionGrowth) -> tuple[int, ...]:
    before = () if each.before is None else (each.before.length,)
    return (*before, *each.between, each.now.length)


def forever(pattern: KeyPattern) -> float | None:
    """Share without TTL of what came; of all where no newcomer was asked; None where that is not known."""
    told = pattern.came_forever or pattern.forever
    return None if told is None else told.value


def grown_bytes(pattern: KeyPattern) -> float:
    """0 where it is not known."""
    grown, each = pattern.grown, pattern.bytes_each
    return 0.0 if grown is None or each is None else grown.value * each.value


def _patterns(last: RedisSample) -> Iterator[Cause]:
    survey = last.survey
    if survey is None or not survey.between_s:
        return
    for pattern in survey.patterns:
        share = forever(pattern)
        if not accumulates(pattern) or share is None or share < MOSTLY:
            continue
        assert pattern.came is not None
        assert pattern.went is not None
        every = format_duration(survey.between_s)
        why = [
            f"in {every} {_count(pattern.came.value)} keys came and {_count(pattern.went.value)} went",
            f"{format_share(share)} of {'those that came' if pattern.came_forever else 'them'} have no TTL",
        ]
        if pattern.bytes_each is not None:
            why.append(f"one takes {format_size(pattern.bytes_each.value)}, all {format_size(pattern.bytes or 0)}")
        against = []
        if any(each.evicts_any for each in last.servers):
            against.append(f"{last.servers[0].policy} evicts them when maxmemory is reached: a bound, if it is a cache")
        if set(pattern.kinds) & {"list", "stream"}:
            against.append("some of them are lists or streams: queues, not values")
        yield Cause(
            CauseName.KEYS_WITHOUT_TTL,
            (0.97 if share > 0.9 and not pattern.went.value else 0.88) - 0.3 * bool(against),
            f"keys {pattern.pattern} are written without TTL, and nobody deletes them",
            pattern.pattern,
            None if pattern.bytes is None else round(pattern.bytes),
            grown_bytes(pattern) / survey.between_s,
            why=tuple(why),
            against=tuple(against),
            advice=f"Give {pattern.pattern} a TTL where it is written: SET key value EX seconds. Those that are there"
            " keep none until somebody who knows them gives it to them.",
            example=TTL,
            evidence=("pattern",),
        )


def _collections(last: RedisSample) -> Iterator[Cause]:
    for each in () if last.survey is None else last.survey.collections:
        if each.before is None or each.now.length - each.before.length < LEAST_KEYS or emptied(each):
            continue
        yield _queue(each, each.before) if each.now.kind in {"list", "stream"} else _one_key(each, each.before)


def _queue(each: CollectionGrowth, before: Collection) -> Cause:
    now = each.now
    seconds = now.at_s - before.at_s
    why = [f"{_grew(each, before)}: more comes in than is taken out"]
    for group in now.groups:
        lag = "" if group.lag is None else f", {format_count(group.lag)} not read yet"
        why.append(
            f"its group {group.name} ({format_count(group.consumers)} consumers) has {format_count(group.pending)}"
            f" entries that were not acknowledged{lag}"
        )
    if now.kind == "stream" and not now.groups:
        why.append("it has no consumer group; entries stay when they are read: only XTRIM or MAXLEN drop them")
    return Cause(
        CauseName.QUEUE_BACKLOG,
        0.92,
        f"the {now.kind} {now.key} is filled faster than it is emptied",
        now.key,
        now.bytes,
        _per_s(each, before, seconds),
        why=tuple(why),
        advice=f"Speed up or add consumers of {now.key}, and bound it: XADD with MAXLEN ~; LPUSH and RPUSH answer how"
        " long it is.",
        example=BOUND,
        evidence=("collection",),
    )


def _one_key(each: CollectionGrowth, before: Collection) -> Cause:
    now = each.now
    return Cause(
        CauseName.UNBOUNDED_CACHE,
        0.85,
        f"the {now.kind} {now.key} gains items and loses none",
        now.key,
        now.bytes,
        _per_s(each, before, now.at_s - before.at_s),
        why=(
            _grew(each, before),
            "items of one key have no TTL of their own; eviction takes the whole key or nothing",
        ),
        advice=f"Drop old items of {now.key} when new ones are added, or keep a key for each day, with a TTL.",
        example=TRIMMED,
        evidence=("collection",),
    )


def _grew(each: CollectionGrowth, before: Collection) -> str:
    seconds = format_duration(each.now.at_s - before.at_s)
    seen = f", seen {format_count(len(_course(each)))} times" if each.between else ""
    return f"{format_count(before.length)} → {format_count(each.now.length)} items in {seconds}{seen}"


def _per_s(each: CollectionGrowth, before: Collection, seconds: float) -> float:
    """By items, each as large as the mean of all: MEMORY USAGE concludes from a few, and moves in steps."""
    now = each.now
    if not now.bytes or seconds <= 0:
        return 0.0
    return (now.length - before.length) * now.bytes / now.length / seconds


def _buffers(first: RedisSample, last: RedisSample) -> Iterator[Cause]:
    before = {client.id: client.output_bytes for client in first.clients or ()}
    for client in sorted(last.clients or (), key=lambda client: -client.output_bytes):
        if client.output_bytes < BUFFER_BYTES:
            return
        seconds = last.at_s - first.at_s
        grown = client.output_bytes - before[client.id] if client.id in before and seconds > 0 else 0
        yield Cause(
            CauseName.QUEUE_BACKLOG,
            0.9 if grown > 0 else 0.6,
            f"{client_name(client)} does not take its answers",
            client_name(client),
            client.output_bytes,
            max(0.0, grown / seconds) if seconds > 0 else 0.0,
            why=(
                f"{format_size(client.output_bytes)} of answers wait for it in the server's memory"
                + (f", {format_rate(grown / seconds)}" if grown > 0 else ""),
            ),
            advice="Let it read faster, or bound it: client-output-buffer-limit ends connections that fall behind.",
            evidence=("clients",),
        )


def client_name(client: Client) -> str:
    return f"{client.kind} {client.name or client.address} (id {client.id}, {client.command})"


def _waste(last: RedisSample) -> Iterator[Cause]:
    for server in last.servers:
        told = [each for each in waste(server) if each[1] >= max(WASTE_BYTES, WASTE_SHARE * server.used)]
        for what, size, advice in told:
            yield Cause(
                CauseName.FRAGMENTATION,
                0.8,
                f"{format_size(size)} of {server.place} are {what}",
                server.place,
                size,
                0.0,
                why=(f"{format_size(server.resident or 0)} are resident, {format_size(server.used)} are used",),
                advice=advice,
                evidence=("fragmentation",),
            )


def waste(server: Figures) -> Sequence[tuple[str, int, str]]:
    """(what, bytes, what helps), of those parts that the server tells."""
    rows = (
        ("in pages that are half used", server.small_frag, "CONFIG SET activedefrag yes (jemalloc), in a calm moment."),
        ("in pages that are free and kept", server.freed, "MEMORY PURGE gives them back to the kernel."),
        (
            "not the allocator's: code, scripts, transparent huge pages",
            server.beside,
            "Look at transparent_hugepage (never is advised), at Lua scripts and modules.",
        ),
    )
    return [(what, size, advice) for what, size, advice in rows if size is not None]


def _count(value: float) -> str:
    return format_count(round(value))
