"""Patterns of keys counted together, in bounded memory, over a stream that is read once.

A tree of the parts of names. Where a part has too many different words after it, those that are light become one ``*``;
heavy ones stay. Sums stay whole whatever is folded: only how finely they are told is lost. What a word may have lost
to ``*`` before it was heavy enough to stay is counted too (``missed``), so that its bound is known, as in Metwally,
Agrawal, El Abbadi, "Efficient computation of frequent and top-k elements in data streams" (2005).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from math import sqrt
from typing import Final

from oakum.redis_family.patterns import tidy

WIDEST: Final = 256
"""More words after one part are folded."""

KEPT: Final = 64
"""So many at most stay then."""

LIGHT: Final = 0.01
"""What is no more than this share of its siblings may be folded."""

ALIKE: Final = 0.05
"""As LIGHT, of siblings with the same parts below them: those are ids."""

FEW: Final = 12
"""Fewer siblings are not folded when all has been read."""

OWN_SHARE: Final = 0.2
OWN_KEYS: Final = 20.0
"""What goes on after an id is a word of its own from so many keys on, and from such a share of them."""

MOST_NODES: Final = 50_000
"""With more, light means twice as much from then on. A node takes about half a kilobyte."""

DEEPEST: Final = 12
"""What follows so many parts is one part."""

_PART: Final = re.compile(rb"[^-:/.|#_@]+[-:/.|#_@]?|[-:/.|#_@]")
_SIGNS: Final = b"-:/.|#_@"
_STARS: Final = frozenset([b"*", *(b"*" + bytes([sign]) for sign in _SIGNS)])

_JOINED: Final = frozenset([b"*-", b"*_", b"-", b"_"])


class Column(IntEnum):
    """What is counted of a pattern. FOREVER: without TTL, of those ASKED; BYTES and SQUARES: of those SIZED."""

    FIRST = 0
    SECOND = 1
    CAME = 2
    FIRST_ASKED = 3
    FIRST_FOREVER = 4
    SECOND_ASKED = 5
    SECOND_FOREVER = 6
    CAME_ASKED = 7
    CAME_FOREVER = 8
    FIRST_SIZED = 9
    FIRST_BYTES = 10
    FIRST_SQUARES = 11
    SECOND_SIZED = 12
    SECOND_BYTES = 13
    SECOND_SQUARES = 14


SIZED: Final = (Column.FIRST_SIZED, Column.SECOND_SIZED)
"""By survey; the next column is of their bytes, the one after of the squares of those."""


@dataclass(slots=True)
class Tally:
    """``count``: one number for each Column. ``kinds``: how many of which type, of those asked."""

    count: list[float] = field(default_factory=lambda: [0.0] * len(Column))
    kinds: dict[str, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        mine = self.count
        for column, number in enumerate(other.count):
            if number:
                mine[column] += number
        for kind, number in other.kinds.items():
            self.kinds[kind] = self.kinds.get(kind, 0) + number

    def __getitem__(self, column: Column) -> float:
        return self.count[column]

    def note_size(self, size: float, *, second: bool) -> None:
        sized = SIZED[second]
        self.count[sized] += 1
        self.count[sized + 1] += size
        self.count[sized + 2] += size * size

    def mean_bytes(self, *, second: bool) -> tuple[float, float] | None:
        """(mean, its standard error) of those that were sized then; None for none. The error of one is its size."""
        number, total, squares = self.count[SIZED[second] : SIZED[second] + 3]
        if not number:
            return None
        mean = total / number
        if number < 2:
            return mean, mean
        spread = max(0.0, squares - number * mean * mean) / (number - 1)
        return mean, sqrt(spread / number)


@dataclass(slots=True)
class _Node:
    """``weight``: keys below and here; ``came``: those of them that came between; ``lost``: by folds among children.

    ``missed``: what this word may have lost to its siblings' ``*`` before it was here. ``turn``: when last
    one that came once was counted there.
    """

    weight: float = 0.0
    came: float = 0.0
    missed: float = 0.0
    lost: float = 0.0
    turn: int = 0
    tally: Tally | None = None
    children: dict[bytes, _Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grouped:
    """One pattern. ``missed``: so many of its keys at most may stand under a ``*`` beside it."""

    pattern: bytes
    tally: Tally
    missed: float


class PatternTree:
    """Fed with patterns; gives groups of them."""

    def __init__(self) -> None:
        self._root = _Node()
        self._light = LIGHT
        self._nodes = 1
        self._turn = 0

    @property
    def nodes(self) -> int:
        return self._nodes

    def seen(self, patterns: Mapping[bytes, int], column: Column) -> None:
        """How many keys of each; ``column``: FIRST, SECOND or CAME. What came is in SECOND too."""
        at = int(column)
        self._turn += 1
        for pattern, number in patterns.items():
            self._tally(pattern, number, column).count[at] += number
        if self._nodes > MOST_NODES:
            self._shrink()

    def add(self, pattern: bytes, tally: Tally) -> None:
        """What else is known of keys that were seen."""
        self._tally(pattern, 0, Column.FIRST).add(tally)

    def _tally(self, pattern: bytes, number: int, column: Column) -> Tally:
        node, path = self._root, [self._root]
        for part in parts(pattern):
            node = node.children.get(part) or self._new(node, part, number)
            path.append(node)
        if column is Column.CAME:
            for each in path:
                each.came += number
        else:
            for each in path:
                each.weight += number
        if node.tally is None:
            node.tally = Tally()
        return node.tally

    def _new(self, node: _Node, part: bytes, number: int) -> _Node:
        """Where ids were met, a word that came once is one of them until it comes more often at a time."""
        if node.lost and number <= 1 and part not in _STARS:
            star = node.children.get(_star(part))
            if star is not None:
                if node.turn != self._turn:
                    node.turn = self._turn
                    node.lost += 1
                return star
        if len(node.children) >= WIDEST:
            self._fold(node, KEPT)
        return node.children.get(part) or self._grow(node, part)

    def groups(self) -> list[Grouped]:
        """All of them, heaviest first. Words that turned out to be ids are folded."""
        self._settle(self._root, within=False)
        found: dict[bytes, Grouped] = {}
        for name, tally, missed in self._leaves(self._root, b"", 0.0):
            pattern = tidy(name)
            known = found.get(pattern)
            if known is None:
                found[pattern] = Grouped(pattern, tally, missed)
            else:
                both = Tally()
                both.add(known.tally)
                both.add(tally)
                found[pattern] = Grouped(pattern, both, known.missed + missed)
        return sorted(found.values(), key=lambda each: -each.tally[Column.FIRST] - each.tally[Column.SECOND])

    def _grow(self, node: _Node, part: bytes) -> _Node:
        child = node.children[part] = _Node(missed=node.lost)
        self._nodes += 1
        return child

    def _fold(self, node: _Node, most: int) -> None:
        """Light children become one."""
        named = [(name, child) for name, child in node.children.items() if name not in _STARS]
        named.sort(key=lambda each: -each[1].weight)
        light = {name for name, child in named[most:]}
        light |= {name for name, child in named if self._is_light(child, node, self._light)}
        self._merge(node, light)

    def _is_light(self, child: _Node, node: _Node, share: float) -> bool:
        """One with much of what came between is not, however little it has otherwise."""
        return child.weight <= max(1.0, share * node.weight) and child.came <= max(1.0, share * node.came)

    def _merge(self, node: _Node, names: set[bytes]) -> None:
        lost = 0.0
        for name in names:
            child = node.children.pop(name)
            self._nodes -= 1
            lost = max(lost, child.weight)
            star = _star(name)
            into = node.children.get(star)
            if into is None:
                into = node.children[star] = _Node()
                self._nodes += 1
            self._join(into, child)
        node.lost += lost

    def _join(self, into: _Node, other: _Node) -> None:
        into.weight += other.weight
        into.came += other.came
        into.lost += other.lost
        if other.tally is not None:
            if into.tally is None:
                into.tally = Tally()
            into.tally.add(other.tally)
        for name, child in other.children.items():
            mine = into.children.get(name)
            if mine is None:
                into.children[name] = child
            else:
                self._nodes -= 1
                self._join(mine, child)
        if len(into.children) > WIDEST:
            self._fold(into, KEPT)

    def _shrink(self) -> None:
        self._light *= 2
        level = [self._root]
        while level:
            for node in level:
                if len(node.children) > FEW:
                    self._fold(node, FEW)
            level = [child for node in level for child in node.children.values()]

    def _settle(self, node: _Node, *, within: bool) -> None:
        """``within``: an id that turned out to be one goes on here, after ``-`` or ``_``: what is light is of it."""
        alike: dict[frozenset[bytes], list[bytes]] = {}
        light = set()
        for name, child in node.children.items():
            if name in _STARS:
                continue
            if self._is_light(child, node, self._light) or (within and _is_of_id(child, node)):
                light.add(name)
            elif child.children and self._is_light(child, node, ALIKE):
                alike.setdefault(frozenset(child.children), []).append(name)
        starred = not _STARS.isdisjoint(node.children)
        chosen = light if len(light) >= (1 if within or (starred and node.lost) else FEW) else set()
        chosen |= {name for names in alike.values() if len(names) >= FEW for name in names}
        if chosen:
            self._merge(node, chosen)
        for name, child in node.children.items():
            self._settle(child, within=(within or bool(node.lost)) and name in _JOINED)

    def _leaves(self, node: _Node, name: bytes, missed: float) -> Iterator[tuple[bytes, Tally, float]]:
        if node.tally is not None:
            yield name, node.tally, missed
        for part, child in node.children.items():
            yield from self._leaves(child, name + part, missed + child.missed)


def _is_of_id(child: _Node, node: _Node) -> bool:
    return child.weight < max(OWN_KEYS, OWN_SHARE * node.weight)


def _star(part: bytes) -> bytes:
    """With the sign that ends it."""
    return b"*" + part[-1:] if part[-1:] in _SIGNS else b"*"


def parts(pattern: bytes) -> list[bytes]:
    """``user:*:cart`` as ``user:``, ``*:``, ``cart``; each with the sign that ends it."""
    found = _PART.findall(pattern)
    if len(found) > DEEPEST:
        return [*found[: DEEPEST - 1], b"".join(found[DEEPEST - 1 :])]
    return found
