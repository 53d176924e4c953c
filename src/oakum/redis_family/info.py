"""INFO, CLIENT LIST, SLOWLOG and CLUSTER NODES as values. Bytes in, values out; a field that is missing or odd is None.

Fields as of Redis 7.0 and Valkey 8.0 (redis.io/docs/latest/commands/info, valkey.io/commands/info); older servers and
others that speak so tell fewer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from oakum.model.redis import Client, Figures, Group, Keyspace, Slow

_DATABASE: Final = re.compile(r"db(\d+)")


def fields(reply: bytes) -> dict[str, str]:
    """``name:value`` lines."""
    lines = reply.decode("utf-8", "replace").splitlines()
    pairs = (line.partition(":") for line in lines if line and not line.startswith("#"))
    return {name: value for name, colon, value in pairs if colon}


def figures(told: Mapping[str, str], place: str) -> Figures | None:
    """None where it is no such server's INFO: it does not tell what memory is used."""
    used = _number(told, "used_memory")
    if used is None:
        return None
    product, version = _product(told)
    allocated, active, resident = (_number(told, f"allocator_{name}") for name in ("allocated", "active", "resident"))
    rss = _number(told, "used_memory_rss")
    return Figures(
        place=place,
        product=product,
        version=version,
        mode=told.get("redis_mode", told.get("server_mode", "")),
        role=told.get("role", ""),
        run=told.get("run_id", ""),
        uptime_s=_number(told, "uptime_in_seconds"),
        used=used,
        peak=_number(told, "used_memory_peak"),
        dataset=_number(told, "used_memory_dataset"),
        overhead=_number(told, "used_memory_overhead"),
        resident=rss,
        maxmemory=_number(told, "maxmemory") or 0,
        policy=told.get("maxmemory_policy", ""),
        small_frag=_gap(active, allocated),
        freed=_gap(resident, active),
        beside=_gap(rss, resident),
        clients=_number(told, "connected_clients"),
        most_clients=_number(told, "maxclients"),
        clients_bytes=_number(told, "mem_clients_normal"),
        replicas_bytes=_number(told, "mem_clients_slaves"),
        output_most=_number(told, "client_recent_max_output_buffer"),
        evicted=_number(told, "evicted_keys"),
        expired=_number(told, "expired_keys"),
        hits=_number(told, "keyspace_hits"),
        misses=_number(told, "keyspace_misses"),
        loading=told.get("loading") == "1",
        keyspaces=tuple(_keyspaces(told)),
        allocator=told.get("mem_allocator", ""),
        system_bytes=_number(told, "total_system_memory"),
        lazy_free=_number(told, "lazyfree_pending_objects"),
        master=f"{told['master_host']}:{told.get('master_port', '?')}" if told.get("master_host") else "",
    )


def command_micros(told: Mapping[str, str], names: Sequence[str]) -> int | None:
    """What the server has spent on these commands since it began to count (INFO commandstats), in microseconds.

    None where it does not tell.
    """
    if not any(name.startswith("cmdstat_") for name in told):
        return None
    spent = (re.search(r"\busec=(\d+)", told.get(f"cmdstat_{name}", "")) for name in names)
    return sum(int(micros[1]) for micros in spent if micros is not None)


def clients(reply: bytes) -> tuple[Client, ...]:
    """Of CLIENT LIST; a line that cannot be read is left out."""
    return tuple(_clients(reply.decode("utf-8", "replace")))


def _clients(text: str) -> Iterator[Client]:
    for line in text.splitlines():
        told = dict(pair.partition("=")[::2] for pair in line.split(" "))
        number = _number(told, "id")
        if number is None:
            continue
        yield Client(
            id=number,
            address=told.get("addr", ""),
            name=told.get("name", ""),
            user=told.get("user", ""),
            command=told.get("cmd", ""),
            kind=_kind(told),
            age_s=_number(told, "age") or 0,
            idle_s=_number(told, "idle") or 0,
            output_bytes=(_number(told, "omem") or 0) + (_number(told, "obl") or 0),
            input_bytes=(_number(told, "qbuf") or 0) + (_number(told, "argv-mem") or 0),
            total_bytes=_number(told, "tot-mem"),
        )


def _kind(told: Mapping[str, str]) -> str:
    flags = told.get("flags", "")
    subscribed = any(_number(told, name) for name in ("sub", "psub", "ssub"))
    if "S" in flags:
        return "replica"
    if "M" in flags:
        return "master"
    return "monitor" if "O" in flags else "subscriber" if subscribed else "client"


def slow(reply: Any) -> tuple[Slow, ...]:
    """Of SLOWLOG GET. Arguments are left out: they are what people store."""
    rows = reply if isinstance(reply, list) else []
    return tuple(
        Slow(row[0], float(row[1]), row[2], _text(row[3][0]).upper())
        for row in rows
        if isinstance(row, list) and len(row) >= 4 and isinstance(row[3], list) and row[3]
        if all(isinstance(each, int) for each in row[:3])
    )


def groups(reply: Any) -> tuple[Group, ...]:
    """Of XINFO GROUPS."""
    found = []
    for row in reply if isinstance(reply, list) else []:
        told = pairs(row)
        name, consumers, pending = told.get("name"), told.get("consumers"), told.get("pending")
        lag = told.get("lag")
        if isinstance(name, bytes) and isinstance(consumers, int) and isinstance(pending, int):
            found.append(Group(_text(name), consumers, pending, lag if isinstance(lag, int) else None))
    return tuple(found)


def pairs(reply: Any) -> dict[str, Any]:
    """A list of names and values in turn."""
    row = reply if isinstance(reply, list) else []
    return {_text(name): value for name, value in zip(row[::2], row[1::2], strict=False)}


@dataclass(frozen=True, slots=True)
class ClusterNode:
    """One line of CLUSTER NODES. ``down``: why others say that it is, "" where they do not. ``slots``: how many."""

    id: str
    host: str
    port: int
    primary: bool
    own: bool
    down: str
    slots: int


def cluster_nodes(reply: bytes) -> tuple[ClusterNode, ...]:
    """``id ip:port@cport[,hostname[,…]] flags master … link-state slot…`` a line."""
    found = []
    for line in reply.decode("utf-8", "replace").splitlines():
        words = line.split(" ")
        if len(words) < 8:
            continue
        address, _, names = words[1].partition(",")
        host, _, port = address.partition("@")[0].rpartition(":")
        flags = words[2].split(",")
        number = _whole(port)
        if number is None or "handshake" in flags:
            continue
        name = names.partition(",")[0]
        down = "fail" if "fail" in flags else "fail?" if "fail?" in flags else "noaddr" if "noaddr" in flags else ""
        own = "myself" in flags
        found.append(
            ClusterNode(
                words[0], name or host.strip("[]"), number, "master" in flags, own, down, sum(map(_slots, words[8:]))
            )
        )
    return tuple(found)


def _slots(word: str) -> int:
    if word.startswith("["):
        return 0
    first, _, last = word.partition("-")
    begin, end = _whole(first), _whole(last or first)
    return 0 if begin is None or end is None else max(0, end - begin + 1)


def _keyspaces(told: Mapping[str, str]) -> Iterator[Keyspace]:
    for name, value in told.items():
        database = _DATABASE.fullmatch(name)
        if database is None:
            continue
        parts = dict(pair.partition("=")[::2] for pair in value.split(","))
        keys = _number(parts, "keys")
        if keys is not None:
            yield Keyspace(int(database[1]), keys, min(keys, _number(parts, "expires") or 0))


def _product(told: Mapping[str, str]) -> tuple[str, str]:
    """Valkey, Dragonfly and KeyDB also tell which Redis they are like."""
    if told.get("server_name") == "valkey" or "valkey_version" in told:
        return "Valkey", told.get("valkey_version", "")
    if "dragonfly_version" in told:
        return "Dragonfly", told["dragonfly_version"].removeprefix("df-")
    if "mvcc_depth" in told or "keydb_version" in told:
        return "KeyDB", told.get("keydb_version", told.get("redis_version", ""))
    return "Redis", told.get("redis_version", "")


def _number(told: Mapping[str, str], name: str) -> int | None:
    text = told.get(name, "")
    return _whole(text)


def _whole(text: str) -> int | None:
    """None where it is no number, or one that no server counts to."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _gap(outer: int | None, inner: int | None) -> int | None:
    return None if outer is None or inner is None else max(0, outer - inner)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
