"""Causes where no holder could be looked for: the functions that allocated what is alive, by a sampling profile."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from oakum.explain.causes.javascript import advice_of, example_of
from oakum.model.allocation import Allocation, AllocationProfile
from oakum.model.cause import Cause, CauseName, CodePlace
from oakum.model.script import is_library
from oakum.model.units import format_duration, format_share, format_size

LEAST_SHARE = 0.1
"""A function with less than this share of what is alive is not told."""

MOST_CAUSES = 3
BODY_LINES = 40

_SIGNS: Sequence[tuple[re.Pattern[str], CauseName]] = (
    (re.compile(r"\.(?:on|once|addListener|addEventListener|subscribe)\s*\("), CauseName.LISTENER),
    (re.compile(r"\bset(?:Interval|Timeout)\s*\("), CauseName.TIMER),
    (re.compile(r"\.(?:set|add)\s*\(|\]\s*=(?!=)"), CauseName.UNBOUNDED_CACHE),
    (re.compile(r"\.(?:push|unshift)\s*\("), CauseName.GLOBAL),
)

_BEGIN = re.compile(r"=>|\)\s*\{")
"""Where the body of a function begins on its first line."""


def allocated(profile: AllocationProfile | None, sources: Mapping[str, str]) -> tuple[Cause, ...]:
    """At most a hint: what was allocated here is alive, and who holds it is not known."""
    if profile is None or not profile.total_bytes:
        return ()
    own = [site for site in profile.sites if not is_library(site.place.file)]
    large = [site for site in own if site.bytes >= LEAST_SHARE * profile.total_bytes]
    return tuple(_cause(site, profile, sources) for site in large[:MOST_CAUSES])


def _cause(site: Allocation, profile: AllocationProfile, sources: Mapping[str, str]) -> Cause:
    place, sign, name = _read(site.place, sources.get(site.place.file, ""))
    share = site.bytes / profile.total_bytes
    seconds = format_duration(profile.seconds)
    alive = f"{format_size(site.bytes)} of what it allocated in {seconds} are alive"
    why = [f"{alive}, {format_share(share)} of all that the profile saw"]
    if sign is not None:
        why.append(f"its source may keep them: {sign}: {sign.source}")
    return Cause(
        name=name,
        confidence=round(0.5 * share, 2) if sign is not None else round(0.25 * share, 2),
        title=f"{place.function} allocated {format_size(site.bytes)} that are alive",
        holder=f"what {place.function} in {place.file.rpartition('/')[2]}:{place.line} allocates",
        retained_bytes=site.bytes,
        growth_bytes_per_s=site.bytes / max(profile.seconds, 1e-9),
        where=(sign, place) if sign is not None else (place,),
        why=tuple(why),
        against=("a profile sees who allocates, not who holds: two heap snapshots would name the holder",),
        advice=advice_of(name),
        example=example_of(name),
        evidence=("profile",),
    )


def _read(place: CodePlace, text: str) -> tuple[CodePlace, CodePlace | None, CauseName]:
    """(the function with its first line, the line in it that may keep things, what that line says of the cause)."""
    lines = text.splitlines()
    if not 0 < place.line <= len(lines):
        return place, None, CauseName.GLOBAL
    depth = len(lines[place.line - 1]) - len(lines[place.line - 1].lstrip())
    told = replace(place, source=lines[place.line - 1].strip())
    for number, line in enumerate(lines[place.line - 1 : place.line - 1 + BODY_LINES], place.line):
        if number > place.line and line.strip() and len(line) - len(line.lstrip()) <= depth:
            break
        # Who calls it stands before its body: setInterval(() => …) says nothing of what the function keeps.
        body = line if number > place.line else _BEGIN.split(line, maxsplit=1)[-1]
        for sign, name in _SIGNS:
            if sign.search(body):
                return told, CodePlace(place.file, number, place.function, line.strip()), name
    return told, None, CauseName.GLOBAL
