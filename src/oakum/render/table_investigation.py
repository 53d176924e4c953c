"""``oakum investigate`` in a terminal: the sentence first, then what it rests on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from oakum.model.assessment import Investigation
from oakum.model.cause import Cause, of_holders, readings_of
from oakum.model.evidence import Evidence
from oakum.model.growth import HeapGrowth, HolderGrowth, PathStep
from oakum.model.units import format_count, format_duration, format_rate, format_share, format_size
from oakum.render.figures import forecast_range_text, nearest_forecast
from oakum.render.headline import SIGNS
from oakum.render.hung import Hung
from oakum.render.live import COLOURS
from oakum.render.names import shown, shown_lines
from oakum.render.pathway import elided
from oakum.render.sparkline import sparkline
from oakum.render.story_lines import accounted_line, lead_line, links, paragraph, proof_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType
    from rich.text import Text

MOST_TYPES = 6
MOST_CAUSES = 3
MOST_FINDINGS = 8


def investigation_view(investigation: Investigation) -> RenderableType:
    from rich.console import Group  # noqa: PLC0415

    return Group(*_parts(investigation))


def _parts(investigation: Investigation) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415

    verdict, series = investigation.verdict, investigation.series
    yield Text(f"{SIGNS[verdict.name]} {lead_line(investigation)}", style=COLOURS[verdict.name.value])
    if told := paragraph(investigation):
        yield Text(told)
    if series.lifetimes and len(series.lifetimes[-1]):
        yield Text(f"  {sparkline(series.lifetimes[-1].value, 56)}", style="cyan")
    nearest = nearest_forecast(verdict)
    if nearest is not None and nearest.p90_s > 0:
        yield Text(f"  {nearest.boundary}: {forecast_range_text(nearest)} from the last sample", style="dim")
    for cause in of_holders(investigation.causes)[:MOST_CAUSES]:
        yield from _cause(cause, _holder(investigation.growth, cause), verdict.reasons)
        yield from _readings(cause, investigation.causes)
    yield from _plan(investigation)
    if investigation.growth is not None and investigation.growth.types and investigation.causes:
        yield from _types(investigation.growth)
    if explained := accounted_line(investigation):
        yield Text(f"\n{explained}")
    yield from _proof(investigation)
    if verdict.settles and investigation.story is None:
        yield from _list("what would settle it", (verdict.settles,))
    yield from _logs(investigation)
    yield from _pools(investigation)
    rows = (
        f"[{evidence.id}] {evidence.title}"
        for evidence in investigation.evidence
        if not (_of_log(evidence) or _of_pool(evidence))
    )
    yield from _list("evidence", tuple(rows))
    absent = (f"{row.what}: {row.why}" + (f" → {row.get}" if row.get else "") for row in investigation.absent)
    yield from _list("absent", tuple(absent))


def _proof(investigation: Investigation) -> Iterator[RenderableType]:
    """Each with the ids of what it rests on, as they stand below. Titles of causes were told above."""
    above = {cause.title for cause in investigation.causes}
    rows = [claim for claim in proof_of(investigation) if claim.text not in above]
    if rows:
        yield _title("why")
    for claim in rows:
        yield Hung("  · ", shown(claim.text), tail=links(claim))


def _of_log(evidence: Evidence) -> bool:
    """Whether it is a pattern that was found in a log."""
    return "example" in evidence.facts


def _logs(investigation: Investigation) -> Iterator[RenderableType]:
    """What was found in logs: how often and when, a line of it, what it means."""
    from rich.text import Text  # noqa: PLC0415

    rows = [evidence for evidence in investigation.evidence if _of_log(evidence)]
    if not rows:
        return
    yield _title("in its logs")
    for row in rows[:MOST_FINDINGS]:
        yield Text(f"  · {shown(row.title)}")
        yield Text(f"    {shown(str(row.facts['example']))}", style="cyan")
        yield Text(f"    {shown(str(row.facts.get('meaning', '')))}", style="dim")
    if len(rows) > MOST_FINDINGS:
        yield Text(
            f"  and {format_count(len(rows) - MOST_FINDINGS)} patterns more: -o json has all of them", style="dim"
        )


def _of_pool(evidence: Evidence) -> bool:
    return evidence.id.partition("-")[0] == "pool"


def _pools(investigation: Investigation) -> Iterator[RenderableType]:
    """Pools of connections, what is wrong about each, and the line to set."""
    from rich.text import Text  # noqa: PLC0415

    rows = [evidence for evidence in investigation.evidence if _of_pool(evidence)]
    if rows:
        yield _title("its connection pools")
    for row in rows:
        finding = "meaning" in row.facts
        yield Text(f"    {shown(row.title)}" if finding else f"  · {shown(row.title)}")
        if "fix" in row.facts:
            yield Text(f"      {shown(str(row.facts['fix']))}", style="cyan")


def _title(text: str) -> Text:
    from rich.text import Text  # noqa: PLC0415

    return Text(f"\n{text}", style="bold")


def _list(title: str, rows: tuple[str, ...]) -> Iterator[RenderableType]:
    if rows:
        yield _title(title)
        for row in rows:
            yield Hung("  · ", shown(row))


def _holder(growth: HeapGrowth | None, cause: Cause) -> HolderGrowth | None:
    return next((holder for holder in growth.holders if holder.name == cause.holder), None) if growth else None


def _cause(cause: Cause, holder: HolderGrowth | None, said: tuple[str, ...]) -> Iterator[RenderableType]:
    """``said``: what stands below in any case."""
    from rich.text import Text  # noqa: PLC0415

    yield _title(f"{cause.name.value} ({format_share(cause.confidence)}): {shown(cause.holder)}")
    if holder is not None:
        counted = f"{holder.counted}{' of ' + shown(holder.item_type) if holder.item_type else ''}"
        yield Hung(
            "  ",
            f"{format_count(holder.items_before)} → {format_count(holder.items_after)} {counted},"
            f" {format_size(holder.bytes_before)} → {format_size(holder.bytes_after)}{_growth(cause)}",
        )
        yield from _path(holder.path)
    elif not cause.where and cause.title:
        yield Hung("  ", f"{shown(cause.title)}{_growth(cause)}")
    for place in cause.where[:3]:
        yield Text(f"  {shown(str(place))}", style="cyan")
        if place.source:
            yield Text(f"      {shown(place.source)}")
    if cause.retained_bytes is None:
        for why in cause.why:
            if why not in said:
                yield Hung("  ", shown(why))
    for against in cause.against:
        yield Hung("  but: ", shown(against), "yellow")
    yield Hung("  fix: ", shown_lines(cause.advice))


def _path(path: tuple[PathStep, ...]) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415

    steps = elided(path)
    for index, step in enumerate(steps):
        via = f"{shown(step.via)} → " if step.via else ""
        yield Text(f"  {'  ' * index}{via}{shown(step.node)}", style="dim" if index + 1 < len(steps) else "")


def _readings(cause: Cause, causes: Sequence[Cause]) -> Iterator[RenderableType]:
    """The others of the same holder."""
    for other in readings_of(cause, causes):
        why = f": {shown(other.why[0])}" if other.why else ""
        yield Hung("  or ", f"{other.name.value} ({format_share(other.confidence)}){why}", "dim")


def _growth(cause: Cause) -> str:
    """In brackets; "" where it is not measured."""
    if not math.isfinite(cause.growth_bytes_per_s):
        return ""
    share = f", {format_share(cause.share)} of the growth" if cause.share is not None else ""
    return f" ({format_rate(cause.growth_bytes_per_s)}{share})"


def _types(growth: HeapGrowth) -> Iterator[RenderableType]:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    yield _title(f"growth by type in {format_duration(growth.seconds)}")
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for grown in growth.types[:MOST_TYPES]:
        count = f"{format_count(grown.count_before)} → {format_count(grown.count_after)}"
        # Plain text would be read as markup: Model[int] is a fine name of a type.
        table.add_row(Text(f"  {shown(grown.name, 40)}"), count, format_size(grown.bytes_grown, signed=True))
    yield table
    if growth.lines:
        yield _title("by the line of its allocation")
        table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
        for row in growth.lines[:MOST_TYPES]:
            gained = format_size(row.shallow_bytes[-1] - row.shallow_bytes[0], signed=True)
            table.add_row(Text(f"  {shown(row.name, 40)}"), Text(shown(str(row.place))), gained)
        yield table


def _plan(investigation: Investigation) -> Iterator[RenderableType]:
    if not investigation.plan.steps:
        return
    fixes = {cause.advice for cause in investigation.causes}
    yield _title("what to do now")
    for number, step in enumerate(investigation.plan.steps, 1):
        yield Hung(f"  {number}. ", shown(step.title))
        # The fix stands with its cause, above.
        effect = "" if step.effect in fixes else f"effect: {shown(step.effect.rstrip('.'))}; "
        yield Hung("     ", f"{effect}risk: {shown(step.risk)}", "dim")
        if step.command:
            yield Hung("     $ ", shown(step.command), "cyan", whole=True)
