"""One large thing in memory at once: a file, a result, an array. It grows in a step, and is no accumulation."""

from __future__ import annotations

from math import nan

from oakum.explain.causes.finding import Clue, Finding
from oakum.explain.remedies import advised, with_advice
from oakum.model.cause import Cause, CauseName, Example
from oakum.model.growth import HeapGrowth
from oakum.model.surroundings import Surroundings
from oakum.model.units import format_count, format_size
from oakum.model.verdict import Pattern, Verdict, VerdictName

FEW = 4
EACH_BYTES = 4 << 20
"""So few items, each so large, are pieces of work and no collection."""

WHOLE = frozenset(
    {"bytes", "bytearray", "str", "ndarray", "DataFrame", "memoryview", "Buffer", "ArrayBuffer", "byte[]"}
)
GREW = 0.1
"""What was this share of itself before has grown, rather than come."""

LEAST_BYTES = 16 << 20

EXAMPLE = Example(
    before='rows = json.loads(path.read_text())["rows"]\nfor row in rows:\n    handle(row)',
    after="""import csv

def handle_all(path, handle):
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            handle(row)
""",
)


def look(clue: Clue) -> Finding | None:
    """Of a holder in a heap."""
    holder = clue.holder
    items = max(holder.items_grown, 1)
    item = holder.item_type.rpartition(".")[2]
    whole = item in WHOLE or clue.container in WHOLE
    # Where no item came, those that were there grow: that is no load.
    came = holder.items_grown > 0 or whole
    if not came or holder.items_grown > FEW or holder.bytes_grown / items < EACH_BYTES:
        return None
    # One block that was there and became larger is a buffer that something adds to.
    buffer = whole and holder.items_grown <= 0 and holder.bytes_before > GREW * holder.bytes_after
    advice, example = advised(CauseName.LARGE_LOAD, clue.language)
    return Finding(
        CauseName.LARGE_LOAD,
        0.4 if buffer else 0.9 if whole else 0.6,
        f"it gained {format_size(holder.bytes_grown)} in {format_count(items)} item{'s' if items > 1 else ''}:"
        " one large piece, held whole",
        advice,
        example or EXAMPLE,
    )


def step(around: Surroundings, verdict: Verdict, growth: HeapGrowth | None) -> Cause | None:
    """Of a series that rose once, or rose and fell: what a heap that was captured twice says of it, if it does.

    A calm one of which no heap tells is left alone: it starts up.
    """
    if verdict.pattern not in {Pattern.STEP, Pattern.SPIKE} or verdict.name is VerdictName.LEAK:
        return None
    most = max(growth.types, key=lambda row: row.bytes_grown, default=None) if growth is not None else None
    known = most is not None and most.bytes_grown >= LEAST_BYTES
    if not known and (verdict.name is VerdictName.HEALTHY or verdict.pattern is Pattern.SPIKE):
        return None
    named = f"objects of {most.name}" if most is not None and known else "one piece of work"
    came = "it rose once and stays" if verdict.pattern is Pattern.STEP else "it rose, and came back"
    found = Cause(
        name=CauseName.LARGE_LOAD,
        confidence=0.6 if known else 0.35,
        title=f"memory rose in one step, and stands at {format_size(verdict.level)}",
        holder=named,
        retained_bytes=most.bytes_after if most is not None and known else None,
        growth_bytes_per_s=nan,
        why=(came, *((f"{named} gained {format_size(most.bytes_grown)}",) if most is not None and known else ())),
        against=("the next step of the same kind would make it a leak: watch over two of them",),
        evidence=("series", "growth") if known else ("series",),
    )
    return with_advice(found, around.language)
