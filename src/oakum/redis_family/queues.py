"""Keys that hold many: how many each holds, and of a stream who has not read it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from oakum.model.errors import OakumError
from oakum.model.redis import Collection, Group
from oakum.redis_family.info import groups, pairs
from oakum.redis_family.link import Link, Reply
from oakum.redis_family.survey import HELD, LENGTHS, SAMPLES, Census, Held
from oakum.redis_family.told import printable

MOST_STREAMS: Final = 16
"""So many are asked for their groups."""


FOLLOWED: Final = 20
"""Of so many, the largest, the length is asked again and again: what is emptied in between is no backlog."""


async def lengths(census: Census) -> dict[tuple[int, str], int]:
    """By database and printable name, of those that ``collections`` told; only what takes the same time for all."""
    found = {}
    chosen = sorted(list(census.held.values())[:FOLLOWED], key=lambda held: held.database)
    for database, some in groupby(chosen, key=lambda held: held.database):
        await census.link.select(database)
        asked = list(some)
        told = await census.link.ask_many([(LENGTHS[held.kind], held.key) for held in asked], name="LLEN")
        for held, length in zip(asked, told, strict=True):
            if isinstance(length, int):
                found[database, printable(held.key)] = length
    return found


async def collections(census: Census, place: str) -> tuple[Collection, ...]:
    """The largest that were met, and all that were told before; one that is gone is left out."""
    chosen = sorted(census.held.values(), key=lambda held: -(held.size or 0))[:HELD]
    census.held = {(held.database, held.key): held for held in chosen}
    found: list[Collection] = []
    for database, some in groupby(sorted(chosen, key=lambda held: held.database), key=lambda held: held.database):
        await census.link.select(database)
        found.extend(await _looked_at(census.link, list(some), place))
    return tuple(found)


async def _looked_at(link: Link, chosen: Sequence[Held], place: str) -> list[Collection]:
    lengths = await link.ask_many([(LENGTHS[held.kind], held.key) for held in chosen], name="LLEN")
    sizes = await link.ask_many([("MEMORY", "USAGE", held.key, "SAMPLES", SAMPLES) for held in chosen], name="MEMORY")
    lives = await link.ask_many([("PTTL", held.key) for held in chosen], name="PTTL")
    at_s = time.time()
    streams = [held.key for held in chosen if held.kind == "stream"][:MOST_STREAMS]
    read = dict(zip(streams, await _streams(link, streams), strict=True))
    found = []
    for held, length, size, life in zip(chosen, lengths, sizes, lives, strict=True):
        if isinstance(length, int) and length:
            who, added = read.get(held.key, ((), None))
            found.append(
                Collection(
                    place,
                    held.database,
                    printable(held.key),
                    held.kind,
                    at_s,
                    length,
                    size if isinstance(size, int) else held.size,
                    life == -1 if isinstance(life, int) else None,
                    who,
                    added,
                )
            )
    return found


async def _streams(link: Link, keys: Iterable[bytes]) -> list[tuple[tuple[Group, ...], int | None]]:
    """(its groups, how many entries were ever added) of each; XINFO STREAM without FULL takes the same time for all."""
    told = []
    for key in keys:
        about = pairs(await _or_none(link, "XINFO", "STREAM", key))
        number = about.get("groups")
        read = groups(await _or_none(link, "XINFO", "GROUPS", key)) if isinstance(number, int) and number <= 100 else ()
        added = about.get("entries-added")
        told.append((read, added if isinstance(added, int) else None))
    return told


async def _or_none(link: Link, *words: str | bytes) -> Reply:
    try:
        return await link.ask(*words, name="XINFO")
    except OakumError:
        return None
