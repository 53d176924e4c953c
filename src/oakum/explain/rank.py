"""Causes, ranked by how much of the measured growth each accounts for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from oakum.explain.causes import findings, goroutine, readings
from oakum.explain.causes.finding import Clue, Finding
from oakum.explain.go_named import wanted as go_files
from oakum.explain.ruby_script import find_ruby_sites
from oakum.explain.script import find_script_sites
from oakum.explain.share import part_told
from oakum.explain.source import LONGEST_LINE, MOST_KEPT, Sites, find_sites
from oakum.model.allocation import AllocationProfile
from oakum.model.cause import Cause, CauseName, CodePlace
from oakum.model.growth import HeapGrowth, HolderGrowth, RootKind
from oakum.model.script import SUFFIXES, is_foreign, is_library
from oakum.model.units import format_count, format_duration, format_rate, format_size

GO, RUBY = ".go", ".rb"
MOST_PLACES = 4
TRIFLE_BYTES, TRIFLE_SHARE = 64 << 10, 0.02
MOST_SITES = 5
CLOSE, DOUBTFUL = 0.12, 0.85
"""Where another cause fits less by so little, the first is sure by this share of its fit."""

LESS_SURE = 0.8
"""Another reading of a holder is at most so sure, of the first's confidence."""

ESTIMATED = 0.85
"""A cause whose sizes are an estimate is so much less sure."""


def clues(growth: HeapGrowth, sources: Mapping[str, str]) -> list[Clue]:
    """Every holder with what the sources say of it. ``sources``: text by path."""
    return [Clue(holder, sites_of(holder, growth, sources), growth.language) for holder in growth.holders]


def files_wanted(growth: HeapGrowth | None, profile: AllocationProfile | None = None) -> tuple[str, ...]:
    """The source files that would speak about the holders, or about where memory was allocated."""
    wanted: list[str] = []
    for holder in growth.holders if growth is not None else ():
        wanted.append(growth.module_files.get(holder.module, holder.module) if growth is not None else "")
        wanted.append(holder.defined.file if holder.defined is not None else "")
        wanted += go_files(holder)
    wanted += [site.place.file for site in profile.sites[:MOST_SITES]] if profile is not None else []
    known = [file for file in wanted if file.endswith((".py", GO, RUBY, *SUFFIXES)) and not is_library(file)]
    return tuple(dict.fromkeys(known))


def sites_of(holder: HolderGrowth, growth: HeapGrowth, sources: Mapping[str, str]) -> Sites:
    files = [holder.defined.file] if holder.defined is not None else []
    files.append(growth.module_files.get(holder.module, holder.module))
    unread = Sites()
    for file in dict.fromkeys(files):
        if file in sources:
            text = sources[file]
            if file.endswith(GO):
                return _line_of(holder, text)
            if file.endswith(RUBY):
                found = find_ruby_sites(text, file, holder.attribute, holder=holder.name)
            elif file.endswith(SUFFIXES):
                found = find_script_sites(text, file, holder.attribute)
            else:
                found = find_sites(text, file, holder.attribute, owner=holder.owner_type)
            if found.inserts or found.defined:
                return found
            unread.long_lines += found.long_lines
    return unread


def _line_of(holder: HolderGrowth, text: str) -> Sites:
    """What stands on the line that a profile names; the text may be of another build, so nothing is concluded."""
    place, lines, told = holder.defined, text.split("\n"), holder.by_source
    if place is None or not 0 < place.line <= len(lines):
        return Sites()
    defined = [replace(place, source=lines[place.line - 1].strip())]
    if told is None:
        return Sites(defined=defined)
    return Sites(defined, list(told.places), list(told.bounds), list(told.removals))


def rank(growth: HeapGrowth, found: list[Clue], rate_per_s: float | None) -> tuple[Cause, ...]:
    """One cause per holder, most growth first; behind the first what else its holder could be.

    ``rate_per_s``: what the judge measured.
    """
    fits = [(clue, findings(clue)) for clue in found if _counts(clue, growth, rate_per_s)]
    rows = [(clue, fit, _cause(clue, fit, growth, rate_per_s)) for clue, fit in fits]
    rows.sort(key=lambda row: -row[2].growth_bytes_per_s)
    if not rows:
        return ()
    (clue, fit, first), *rest = rows
    others = _readings(clue, fit, first)
    beside = {f"{other.name}: {why}" for other in others for why in other.why}
    # What stands behind it as a cause of its own speaks there.
    first = replace(first, against=tuple(text for text in first.against if text not in beside))
    return (first, *others, *(cause for _, _, cause in rest))


def _readings(clue: Clue, found: list[Finding], first: Cause) -> list[Cause]:
    """The same holder by other names, less sure each, with what speaks against them. ``found``: best first."""
    best = found[0]
    return [
        replace(
            first,
            name=other.name,
            confidence=round(min(LESS_SURE * first.confidence, _bounded(other.fit, clue)), 2),
            why=(other.why,),
            against=(f"{best.name} fits better: {best.why}",),
            advice=other.advice,
            example=other.example,
            instead_of=first.name,
        )
        for other in readings(found)
    ]


def _counts(clue: Clue, growth: HeapGrowth, rate_per_s: float | None) -> bool:
    """A holder that gained a trifle explains nothing of a process that gains much more."""
    holder = clue.holder
    if holder.root is RootKind.UNREACHABLE:
        return False
    per_s = holder.bytes_grown / holder.grown_in_s(growth)
    return holder.bytes_grown >= TRIFLE_BYTES or per_s >= TRIFLE_SHARE * (rate_per_s or 0.0)


def _cause(clue: Clue, found: list[Finding], growth: HeapGrowth, rate_per_s: float | None) -> Cause:
    holder = clue.holder
    best, *others = found
    per_s = holder.bytes_grown / holder.grown_in_s(growth)
    against = [f"{other.name}: {other.why}" for other in others if other.fit >= 0.5]
    if clue.sites.bounds:
        against.insert(0, f"something may bound it: {clue.sites.bounds[0]} ({clue.sites.bounds[0].source})")
    if growth.estimated:
        against.append(f"how much it holds is an estimate: {growth.estimated}")
    if holder.evicted_items:
        against.append(f"{format_count(holder.evicted_items)} of its {holder.counted} went between the captures")
    return Cause(
        name=best.name,
        confidence=round(
            _bounded(best.fit * (DOUBTFUL if _close(best, others) else 1.0), clue)
            * (ESTIMATED if growth.estimated else 1.0),
            2,
        ),
        title=_title(clue, growth),
        holder=holder.name,
        retained_bytes=holder.bytes_after,
        growth_bytes_per_s=per_s,
        where=_places(clue),
        why=(best.why, *_why(clue, growth, per_s, rate_per_s)),
        against=tuple(against),
        advice=best.advice,
        example=best.example,
        evidence=("growth",),
    )


def _close(best: Finding, others: list[Finding]) -> bool:
    """Whether another cause fits nearly as well."""
    return bool(others) and others[0].fit > best.fit - CLOSE


def _bounded(fit: float, clue: Clue) -> float:
    return fit * (0.6 if clue.sites.bounds or clue.holder.bound else 1.0)


def _title(clue: Clue, growth: HeapGrowth) -> str:
    holder = clue.holder
    seconds = format_duration(holder.grown_in_s(growth))
    counts = f"{format_count(holder.items_before)} → {format_count(holder.items_after)}"
    if holder.kind == goroutine.KIND:
        per_s = holder.items_grown / holder.grown_in_s(growth)
        return f"{holder.name} became more: {counts} in {seconds} ({per_s:.3g} a second)"
    what = f" of {holder.item_type}" if holder.item_type else ""
    if holder.calls is not None:
        called, made, maker = holder.calls.function.partition(" (made in ")
        what += f" that call {called}(){made}{maker}"
    return f"{holder.name} ({holder.kind}) grew: {counts} {holder.counted}{what} in {seconds}"


def _why(clue: Clue, growth: HeapGrowth, per_s: float, rate_per_s: float | None) -> list[str]:
    holder = clue.holder
    before, after = format_size(holder.bytes_before), format_size(holder.bytes_after)
    seconds = format_duration(holder.grown_in_s(growth))
    told = [f"it held {before} and {seconds} later {after}: {format_rate(per_s)}"]
    if holder.evicted_items == 0 and holder.eviction_known:
        told.append("nothing that it held in the first capture was gone in the second")
    if rate_per_s and rate_per_s > 0:
        told.append(f"that is {part_told(per_s, rate_per_s)} of the process's measured growth")
    if clue.sites.removals and not clue.sites.bounds:
        told.append(f"{clue.sites.removals[0].function}() can take items out, but did not keep up")
    return [*told, *_left_out(clue.sites)]


def _left_out(sites: Sites) -> Iterator[str]:
    if sites.passed_over:
        more, kept = format_count(sites.passed_over), format_count(MOST_KEPT)
        yield f"its source uses it in {more} more places, which are not looked at: of each kind the first {kept} are"
    if sites.long_lines:
        lines, longest = format_count(sites.long_lines), format_count(LONGEST_LINE)
        yield f"lines of its source with more than {longest} characters are not read: {lines} of them may name it"


def _places(clue: Clue) -> tuple[CodePlace, ...]:
    """Where it is inserted into, then where it is made; the application's own code first."""
    places = [*clue.sites.inserts, *clue.sites.defined]
    known = clue.language == "Go" and places
    if clue.holder.defined is not None and not known:
        places.append(clue.holder.defined)
    own_first = sorted(dict.fromkeys(places), key=lambda place: is_foreign(place.file))
    return tuple(own_first)[:MOST_PLACES]


__all__ = ["CauseName", "clues", "files_wanted", "rank"]
