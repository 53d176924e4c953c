"""Class loaders that become more, as the JVM counts them, and the holder whose items keep one each where dumps tell."""

from __future__ import annotations

from dataclasses import replace
from math import nan

from oakum.explain.remedies import with_advice
from oakum.model.cause import Cause, CauseName
from oakum.model.growth import HeapGrowth, HolderGrowth
from oakum.model.surroundings import Surroundings
from oakum.model.units import format_count

MORE = 20
"""So many more loaders of one class within a watch are made again and again, and not collected."""

RUNTIME = ("jdk.", "sun.", "java.", "com.sun.")
"""Loaders that the JVM makes for itself, as for reflection while it warms up."""

AGREES = 0.75
"""A holder's items have a loader each where the smaller of the two numbers is this share of the larger, at least."""

HELD, COUNTED = 0.92, 0.75
"""How sure it is where they agree wholly: by what would go with the holder; by two rates alone."""

LESS_SURE, MOST_READINGS = 0.8, 2
"""What else the holder could be is at most so sure, of that; and so many others are told."""


def _most(around: Surroundings) -> tuple[str, int]:
    """The class of which the JVM counts most more, and how many; ("", 0) where those are too few."""
    own = [row for row in around.loaders.items() if not row[0].startswith(RUNTIME)]
    name, more = max(own, key=lambda row: row[1], default=("", 0))
    return (name, more) if more >= MORE else ("", 0)


def with_holder(causes: tuple[Cause, ...], growth: HeapGrowth | None, around: Surroundings) -> tuple[Cause, ...]:
    """With the first holder whose items keep a loader each as the loaders' own; what it was taken for stands behind."""
    loader, more = _most(around)
    if growth is None or not loader or any(cause.name is CauseName.CLASS_LOADER for cause in causes):
        return causes
    holders = {holder.name: holder for holder in growth.holders}
    for cause in causes:
        holder = holders.get(cause.holder)
        if holder is None or cause.instead_of is not None:
            continue
        sure, why = _agreement(holder, growth, around, loader, more)
        if sure:
            return _retold(causes, cause, sure, (why, *_counted(loader, more)), around)
    return causes


def _counted(loader: str, more: int) -> tuple[str, ...]:
    return (f"the JVM counts {format_count(more)} more loaders of class {loader} than as the watch began",)


def _agreement(
    holder: HolderGrowth, growth: HeapGrowth, around: Surroundings, loader: str, more: int
) -> tuple[float, str]:
    """(how sure it is that its items keep a loader each, why); 0 for no."""
    items = holder.items_grown
    if items <= 0:
        return 0.0, ""
    if holder.loaders_more is not None:
        held = holder.loaders_more.get(loader, 0)
        alike = min(held, items) / max(held, items)
        told = f"{format_count(held)} more {loader} would go with it, for {format_count(items)} items more: one each"
        return (round(HELD * alike, 2), told) if alike >= AGREES else (0.0, "")
    watched_s = around.charge[1].at_s - around.charge[0].at_s if around.charge is not None else 0.0
    if watched_s <= 0:
        return 0.0, ""
    items_per_s, loaders_per_s = items / holder.grown_in_s(growth), more / watched_s
    alike = min(items_per_s, loaders_per_s) / max(items_per_s, loaders_per_s)
    told = f"it gained {items_per_s:.3g} items a second, and the JVM {loaders_per_s:.3g} loaders: one each, it seems"
    return (round(COUNTED * alike, 2), told) if alike >= AGREES else (0.0, "")


def _retold(
    causes: tuple[Cause, ...], of: Cause, sure: float, why: tuple[str, ...], around: Surroundings
) -> tuple[Cause, ...]:
    """``of``: the cause that becomes the loaders'."""
    name = CauseName.CLASS_LOADER
    measured, told = of.why[1:], of.why[:1]
    first = with_advice(
        replace(
            of,
            name=name,
            confidence=sure,
            why=(*why, *measured),
            against=tuple(text for text in of.against if not text.startswith(f"{of.name}:")),
            evidence=(*of.evidence, *around.ids("loaders")),
        ),
        "Java",
    )
    against = (f"{name} fits better: {why[0]}",)
    most = round(LESS_SURE * sure, 2)
    behind = replace(of, confidence=min(most, of.confidence), why=told, against=against, instead_of=name)
    rest = [
        replace(each, confidence=min(most, each.confidence), against=against, instead_of=name)
        for each in causes
        if each.instead_of is not None and each.holder == of.holder
    ]
    found: list[Cause] = []
    for cause in causes:
        if cause is of:
            found += [first, behind, *rest[: MOST_READINGS - 1]]
        elif cause.instead_of is None or cause.holder != of.holder:
            found.append(cause)
    return tuple(found)


def look(around: Surroundings) -> Cause | None:
    name, more = _most(around)
    if not name:
        return None
    found = Cause(
        name=CauseName.CLASS_LOADER,
        confidence=0.6,
        title=f"class loaders became more: {format_count(more)} {name}",
        holder=name,
        retained_bytes=None,
        growth_bytes_per_s=nan,
        why=_counted(name, more),
        against=("loaders that wait for a collection are counted too: two dumps would name what holds them",),
        evidence=around.ids("loaders"),
    )
    return with_advice(found, "Java")
