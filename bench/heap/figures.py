"""From runs to rows: medians, rates, and how far two answers about one dump are apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.heap.process import Spent
from oakum.heap.formats.hprof.classes import source_name

HIDDEN_NAME = re.compile(r"[/.+]0x[0-9a-f]+$")
NOT_IN_DUMPS = "java.lang.Class"
"""Mirrors of classes that the JVM archived and never loaded are in its histogram and in no dump."""


@dataclass(frozen=True, slots=True)
class Case:
    """What was run on what. ``kernels``: "warm", "cold", or "" for a tool that compiles none."""

    size: str
    runtime: str
    tool: str
    cores: int
    kernels: str = ""

    @property
    def dump(self) -> tuple[str, str]:
        return self.size, self.runtime


@dataclass(frozen=True, slots=True)
class Row:
    """Medians of ``runs`` of one case. ``failed``: "" or how it ended; then the other figures tell nothing.

    ``first``: what the tool named first.
    """

    case: Case
    runs: int
    wall_s: float
    cpu_s: float
    peak_bytes: int
    anon_bytes: int
    first: str
    failed: str = ""


def row(case: Case, runs: Sequence[Spent], *, first: str = "", failed: str = "") -> Row:
    """Each figure is a median of its own. ``runs`` is not empty."""
    return Row(
        case,
        len(runs),
        median(one.wall_s for one in runs),
        median(one.cpu_s for one in runs),
        int(median(one.peak_bytes for one in runs)),
        int(median(one.anon_bytes for one in runs)),
        first,
        failed,
    )


def ended(spent: Spent) -> str:
    """How a run failed, in a few words; "" for one that answered."""
    if spent.code == 0:
        return ""
    if spent.code is None:
        return f"given up after {spent.wall_s:.0f} s"
    said = [line.strip() for line in spent.err.splitlines() if "rror" in line]
    return f"ended with {spent.code}" + (f": {said[0][:80]}" if said else "")


@dataclass(frozen=True, slots=True)
class Kept:
    """What goes with one object, itself too."""

    bytes: int
    objects: int
    name: str


@dataclass(frozen=True, slots=True)
class Retained:
    """Totals of one dump, and objects by id."""

    objects: int
    bytes: int
    by_id: Mapping[int, Kept]


def retained(out: str) -> Retained:
    """Reads ``objects N bytes B`` and ``object ID RETAINED OWN OBJECTS NAME``, ids hexadecimal. Raises ValueError."""
    objects = size = -1
    by_id = {}
    for line in out.splitlines():
        words = line.split(maxsplit=5)
        if words[:1] == ["objects"] and len(words) == 4:
            objects, size = int(words[1]), int(words[3])
        elif words[:1] == ["object"] and len(words) >= 5:
            by_id[int(words[1], 16)] = Kept(int(words[2]), int(words[4]), words[5] if len(words) > 5 else "")
    if objects < 0:
        raise ValueError("no totals")
    return Retained(objects, size, by_id)


@dataclass(frozen=True, slots=True)
class Apart:
    """``compared``: objects that both know; of these, equal in retained objects, and in retained bytes.

    ``largest``: the largest relative difference in bytes, of ``name``.
    """

    compared: int
    same_objects: int
    same_bytes: int
    largest: float
    name: str


def apart(ours: Mapping[int, tuple[int, int]], theirs: Retained) -> Apart:
    """``ours``: (retained bytes, retained objects) by id. Objects that only one has (a drawn root) are left out."""
    both = {at: kept for at, kept in theirs.by_id.items() if ours.get(at, (0, 0))[1] > 0}
    off = {at: abs(ours[at][0] / kept.bytes - 1) for at, kept in both.items() if kept.bytes}
    worst = max(off, key=lambda at: off[at], default=None)
    return Apart(
        len(both),
        sum(ours[at][1] == kept.objects for at, kept in both.items()),
        sum(ours[at][0] == kept.bytes for at, kept in both.items()),
        0.0 if worst is None else off[worst],
        "" if worst is None or not off[worst] else both[worst].name,
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """Totals by the JVM and by us, without NOT_IN_DUMPS; ``same``: classes whose count and bytes are equal."""

    theirs: tuple[int, int]
    ours: tuple[int, int]
    classes: int
    same: int
    differing: tuple[str, ...]


def counted(theirs: Mapping[str, tuple[int, int]], ours: Mapping[str, tuple[int, int]]) -> Counted:
    """``theirs`` by the JVM's names, ``ours`` by names as in source; hidden classes are told by their source's name."""
    told = _merged((source_name(HIDDEN_NAME.sub("", name).replace(".", "/")), row) for name, row in theirs.items())
    have = _merged((HIDDEN_NAME.sub("", name), row) for name, row in ours.items())
    names = (told.keys() | have.keys()) - {NOT_IN_DUMPS}
    differing = sorted(
        (name for name in names if told.get(name) != have.get(name)),
        key=lambda name: -abs(told.get(name, (0, 0))[1] - have.get(name, (0, 0))[1]),
    )
    return Counted(_total(told), _total(have), len(names), len(names) - len(differing), tuple(differing))


def _merged(rows: Iterable[tuple[str, tuple[int, int]]]) -> dict[str, tuple[int, int]]:
    merged: dict[str, tuple[int, int]] = {}
    for name, (count, size) in rows:
        before = merged.get(name, (0, 0))
        merged[name] = (before[0] + count, before[1] + size)
    return merged


def _total(rows: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    kept = [row for name, row in rows.items() if name != NOT_IN_DUMPS]
    return sum(count for count, _ in kept), sum(size for _, size in kept)
