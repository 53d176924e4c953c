"""Class loaders that become more, as the JVM counts them: where no dump names who holds them."""

from __future__ import annotations

from math import nan

from oakum.explain.remedies import with_advice
from oakum.model.cause import Cause, CauseName
from oakum.model.surroundings import Surroundings
from oakum.model.units import format_count

MORE = 20
"""So many more loaders of one class within a watch are made again and again, and not collected."""

RUNTIME = ("jdk.", "sun.", "java.", "com.sun.")
"""Loaders that the JVM makes for itself, as for reflection while it warms up."""


def look(around: Surroundings) -> Cause | None:
    own = [row for row in around.loaders.items() if not row[0].startswith(RUNTIME)]
    name, more = max(own, key=lambda row: row[1], default=("", 0))
    if more < MORE:
        return None
    found = Cause(
        name=CauseName.CLASS_LOADER,
        confidence=0.6,
        title=f"class loaders became more: {format_count(more)} {name}",
        holder=name,
        retained_bytes=None,
        growth_bytes_per_s=nan,
        why=(f"the JVM counts {format_count(more)} more loaders of class {name} than as the watch began",),
        against=("loaders that wait for a collection are counted too: two dumps would name what holds them",),
        evidence=around.ids("loaders"),
    )
    return with_advice(found, "Java")
