"""What makes an answer weaker: evidence that conflicts, was cut off, or names things by names that mean nothing.

A doubt lowers the confidence of the causes that it concerns, stands among what speaks against them, and names the next
thing to fetch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from oakum.model.cause import Cause
from oakum.model.growth import HeapGrowth
from oakum.model.layout import LayoutGrowth
from oakum.model.units import format_rate, format_size
from oakum.model.verdict import Verdict

MINIFIED: Final = re.compile(r"^[A-Za-z_$][A-Za-z0-9_$]?$")
OBFUSCATED: Final = re.compile(r"^(?:[a-z]{1,2}\.)+[a-zA-Z]{1,2}(?:\$[a-z0-9]{1,2})?(?:\.[a-zA-Z]{1,2})?$")
MIN_FILE: Final = re.compile(r"\.min\.[cm]?js$")
CUT: Final = re.compile(r"truncat|cut off|ends? early|ends in the middle|incomplete", re.IGNORECASE)
UNNAMED: Final = re.compile(r"\+ ?0x[0-9a-f]+|^objects of 0x|^0x")
TOO_MUCH: Final = 3.0
"""A holder that gained so many times what the process did gained it from others."""

WEAKER: Final = 0.7


@dataclass(frozen=True, slots=True)
class Doubt:
    """``why``: what is wrong with the evidence. ``next``: what would do away with it."""

    why: str
    next: str

    @property
    def text(self) -> str:
        return f"{self.why}; next: {self.next}"


def doubted(
    causes: tuple[Cause, ...], growth: HeapGrowth | None, layout: LayoutGrowth | None, series: Verdict
) -> tuple[Cause, ...]:
    """Each cause with its doubts, and less sure for each of them. The order stays."""
    rows = []
    for cause in causes:
        found = list(dict.fromkeys(doubts(cause, growth, layout, series)))
        confidence = cause.confidence * WEAKER ** min(len(found), 2)
        told = tuple(doubt.text for doubt in found)
        rows.append(
            replace(cause, confidence=round(confidence, 2), against=(*_once(cause, told), *cause.against))
            if found
            else cause
        )
    return tuple(rows)


def _once(cause: Cause, told: tuple[str, ...]) -> tuple[str, ...]:
    """A doubt about a holder is told with the first reading of it."""
    return told if cause.instead_of is None else ()


def doubts(cause: Cause, growth: HeapGrowth | None, layout: LayoutGrowth | None, series: Verdict) -> Iterator[Doubt]:
    """Of one cause. ``series``: what memory said alone."""
    if growth is not None and "growth" in cause.evidence:
        yield from _conflicts(cause, growth, series)
        yield from _cut(growth)
        yield from _names(cause, growth)
    if layout is not None and "chunks" in cause.evidence and UNNAMED.search(cause.holder):
        yield Doubt(
            "its classes have no names: the program was stripped of its symbols",
            "its debug symbols beside it (the -dbgsym package, or the file that strip --only-keep-debug kept)",
        )


def _conflicts(cause: Cause, growth: HeapGrowth, series: Verdict) -> Iterator[Doubt]:
    rate, per_s = series.rate_per_s, cause.growth_bytes_per_s
    if rate is not None and rate > 0 and per_s > TOO_MUCH * rate:
        yield Doubt(
            f"it gained {format_rate(per_s)}, and the process {format_rate(rate)}: the captures and the curve disagree",
            "both over the same time: the same command with --for 10m",
        )
    whole = growth.heap_bytes_after - growth.heap_bytes_before
    if whole < 0 < per_s:
        yield Doubt(
            f"all objects together lost {format_size(-whole)} meanwhile: what it gained, others gave up",
            "two captures further apart: the same command with --for 10m",
        )


def _cut(growth: HeapGrowth) -> Iterator[Doubt]:
    """A dump that lacks its end tells too little, of one capture or of both."""
    if any(CUT.search(warning) for warning in growth.warnings):
        yield Doubt("a dump was cut off, so what it lacks is counted nowhere", "a whole one: oakum heap capture TARGET")


def _names(cause: Cause, growth: HeapGrowth) -> Iterator[Doubt]:
    """Names that a tool has made: they cannot be looked for in the source."""
    holder = next((each for each in growth.holders if each.name == cause.holder), None)
    if holder is None:
        return
    if growth.language == "JavaScript":
        file = holder.defined.file if holder.defined is not None else ""
        known = [name for name in (holder.owner_type, holder.attribute) if name and not name.isdigit()]
        if MIN_FILE.search(file) or (known and all(MINIFIED.match(name) for name in known)):
            yield Doubt(
                "its names are those of minified JavaScript",
                "the same of a build without minification, or its source map (.js.map) to read the names by",
            )
    if growth.language == "Java" and (OBFUSCATED.match(holder.name) or OBFUSCATED.match(holder.owner_type)):
        yield Doubt(
            "its names were obfuscated",
            "the build's mapping.txt (ProGuard, R8), to read the names by: retrace mapping.txt",
        )
