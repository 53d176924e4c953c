"""A watch as a person reads it afterwards: what it found, what it did about it, what it cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from oakum.model.units import format_count, format_duration, format_share, format_size
from oakum.model.verdict import VerdictName
from oakum.model.watch import Watched, WatchReport
from oakum.render.figures import rate_text
from oakum.render.headline import SIGNS
from oakum.render.live import COLOURS
from oakum.render.names import shown
from oakum.render.sparkline import sparkline

if TYPE_CHECKING:
    from rich.console import RenderableType

SHOWN = 8
"""Series, and looks, that are told one by one."""


def watch_view(report: WatchReport) -> RenderableType:
    from rich.console import Group  # noqa: PLC0415

    return Group(*_parts(report))


def _parts(report: WatchReport) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415

    seconds = report.ended_s - report.begun_s
    incidents = ", ".join(report.incidents) or "none"
    yield Text(
        f"watched {format_count(report.followed)} processes and cgroups for {format_duration(seconds)}; "
        f"incidents: {incidents}",
        style="bold",
    )
    for row in report.rows[:SHOWN]:
        yield _row(row)
    if len(report.looks) > SHOWN:
        yield Text(f"  {format_count(len(report.looks) - SHOWN)} earlier looks: oakum watch -o json tells them all")
    for look in report.looks[-SHOWN:]:
        what = f"failed: {look.failed}" if look.failed else look.headline
        kept = f" → {look.incident}" if look.incident else ""
        pause = f", stood still {format_duration(look.pause_s)}" if look.pause_s else ""
        yield Text(f"  looked at {shown(look.target)} ({look.depth}{pause}): {shown(what)}{kept}")
    own = report.own
    missed = f", {format_count(report.missed)} samples missed" if report.missed else ""
    yield Text(
        f"  itself: {format_share(own.cpu_s / max(seconds, 1e-9))} of a core, {format_size(own.anon_bytes)}, "
        f"{format_size(report.stored_bytes)} stored{missed}; "
        f"closer looks: {format_duration(own.children_cpu_s)} of processor time",
        style="dim",
    )
    if report.incidents:
        yield Text(f"\n  next: oakum incident show {report.incidents[0]}")


def _row(row: Watched) -> RenderableType:
    from rich.text import Text  # noqa: PLC0415

    verdict = row.verdict
    life = row.series.lifetimes[-1] if row.series.lifetimes else None
    line = sparkline(life.value, 24) if life is not None and len(life) else ""
    name = verdict.name if verdict is not None else VerdictName.CANNOT_TELL
    text = Text(f"  {SIGNS[name]} ", style=COLOURS[name.value])
    text.append(f"{name.value:<11} ", style=COLOURS[name.value])
    text.append(f"{line:<24} ", style="cyan")
    rate = rate_text(verdict.rate_per_s, row.series.unit) if verdict is not None and verdict.rate_per_s else ""
    text.append(f"{shown(row.series.id)} {rate} ")
    text.append(shown(row.series.labels.get("command", ""))[:60], style="dim")
    return text
