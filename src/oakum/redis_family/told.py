"""What surveys counted, as patterns with bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from oakum.model.redis import Estimate, KeyPattern
from oakum.redis_family import bounds
from oakum.redis_family.pattern_tree import SIZED, Column, Grouped, PatternTree, Tally
from oakum.redis_family.survey import Walk

MOST_PATTERNS: Final = 40
"""So many are told one by one: the heaviest, and those that grew most; the others as a number of keys."""


def patterns(tree: PatternTree, walks: Sequence[tuple[Walk, Walk | None]]) -> tuple[tuple[KeyPattern, ...], int]:
    """(those that are told, keys of the others). ``walks``: of each server its first, and its second where it is done.

    Where one of several servers could not be walked as far as the others, shares of keys are those of what was seen.
    """
    groups = tree.groups()
    firsts = [first for first, _ in walks]
    seconds = [second for _, second in walks if second is not None]
    comparable = len(seconds) == len(firsts) and not any(each.short for each in seconds)
    found = [_pattern(group, firsts, seconds, comparable=comparable) for group in groups]
    heavy = sorted(found, key=lambda each: -(each.bytes or each.keys.value))[:MOST_PATTERNS]
    many = sorted(found, key=lambda each: -each.keys.value)[: MOST_PATTERNS // 2]
    grown = sorted(found, key=lambda each: -(each.grown.value if each.grown else 0.0))[: MOST_PATTERNS // 4]
    chosen = {each.pattern: each for each in [*grown, *many, *heavy]}
    told = sorted(chosen.values(), key=lambda each: -each.keys.value)
    others = sum(each.keys.value for each in found) - sum(each.keys.value for each in told)
    return tuple(told), round(others)


def _pattern(group: Grouped, firsts: Sequence[Walk], seconds: Sequence[Walk], *, comparable: bool) -> KeyPattern:
    tally = group.tally
    before = _keys(tally[Column.FIRST], firsts)
    came = went = None
    if comparable:
        fraction = _fraction(firsts)
        came = bounds.thinned(tally[Column.CAME], fraction)
        went = bounds.thinned(max(0.0, tally[Column.FIRST] + tally[Column.CAME] - tally[Column.SECOND]), fraction)
    now = _keys(tally[Column.SECOND], seconds) if seconds else before
    return KeyPattern(
        pattern=printable(group.pattern),
        keys=now,
        before=before if comparable else None,
        forever=_forever(tally, now, second=bool(seconds)),
        bytes_each=_size(tally, second=True) or _size(tally, second=False),
        came=came,
        went=went,
        came_forever=bounds.share(tally[Column.CAME_FOREVER], tally[Column.CAME_ASKED]) if comparable else None,
        kinds=dict(sorted(tally.kinds.items(), key=lambda each: -each[1])),
        missed=round(group.missed),
    )


def _size(tally: Tally, *, second: bool) -> Estimate | None:
    told = tally.mean_bytes(second=second)
    if told is None:
        return None
    every = tally[SIZED[second]] >= tally[Column.SECOND if second else Column.FIRST]
    return Estimate.counted(told[0]) if every else bounds.mean(*told)


def _keys(seen: float, walks: Sequence[Walk]) -> Estimate:
    whole = all(walk.whole for walk in walks)
    return bounds.part(seen, sum(walk.seen for walk in walks), sum(walk.keys for walk in walks), whole=whole)


def _fraction(walks: Sequence[Walk]) -> float:
    if all(walk.whole for walk in walks):
        return 1.0
    keys = sum(walk.keys for walk in walks)
    return min(1.0, sum(walk.seen for walk in walks) / keys) if keys else 1.0


def _forever(tally: Tally, keys: Estimate, *, second: bool) -> Estimate | None:
    asked, hits = (Column.SECOND_ASKED, Column.SECOND_FOREVER) if second else (Column.FIRST_ASKED, Column.FIRST_FOREVER)
    return bounds.share(tally[hits], tally[asked], of=keys.value)


def printable(name: bytes) -> str:
    """As redis-cli shows names: bytes that are no text in hexadecimal."""
    text = name.decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text)
