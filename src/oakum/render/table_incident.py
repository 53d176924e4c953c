"""``oakum incident`` in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from oakum.model.incident import Answer, Incident
from oakum.model.mute import Mute
from oakum.model.standing import Phase, Standing, Story
from oakum.model.units import format_duration, format_size
from oakum.render.figures import clock_text, moment_text
from oakum.render.incident_lines import MARKS, incident_summary, question
from oakum.render.names import shown
from oakum.render.sparkline import sparkline

if TYPE_CHECKING:
    from rich.console import RenderableType

COLOURS = {"P1": "bold red", "P2": "red", "P3": "yellow", "P4": "dim"}
MOST_ENTRIES = 30


def incidents_table(rows: Sequence[tuple[Incident, Standing]], *, now_s: float) -> RenderableType:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    if not rows:
        return Text("no incidents")
    table = Table(box=None, pad_edge=False, header_style="dim", show_edge=False)
    for name in ("", "incident", "state", "since", "open for", "what"):
        table.add_column(name, overflow="fold", no_wrap=name != "what")
    for incident, stands in rows:
        table.add_row(
            Text(incident.severity.value, style=COLOURS[incident.severity.value] if incident.is_open else "dim"),
            incident.id,
            incident.state.value,
            clock_text(incident.opened_at_s, now_s=now_s),
            format_duration(stands.elapsed_s),
            Text(shown(incident.headline or incident.target)),
        )
    return table


def incident_view(story: Story) -> RenderableType:
    from rich.console import Group  # noqa: PLC0415

    return Group(*_parts(story))


def _parts(story: Story) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415

    incident, stands = story.record.incident, story.standing
    first, *others = incident_summary(story).split("\n")
    yield Text(first, style=COLOURS[incident.severity.value])
    if story.samples is not None and story.samples.lifetimes:
        yield Text(f"  {sparkline(story.samples.lifetimes[-1].value, 56)}", style="cyan")
    for line in others:
        yield Text(line)
    for warning in story.warnings:
        yield Text(shown(warning), style="yellow")
    yield from _triage(incident)
    for phase in stands.phases:
        yield from _phase(phase, stands)
    yield from _timeline(story)
    if incident.is_open:
        yield Text(f"\nit can: {', '.join(stands.allowed)}", style="dim")


def _triage(incident: Incident) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415

    if incident.triage is not None:
        yield Text(f"\n{question(incident)} {incident.triage.answer.value}", style="bold")
        for why in incident.triage.why:
            yield Text(f"  {shown(why)}")
    yield Text("\nsymptoms", style="bold")
    for symptom in incident.symptoms:
        style = "" if symptom.answer is not Answer.OPEN else "dim"
        yield Text(f"  {MARKS[symptom.answer]} {symptom.name}: {shown(symptom.evidence)}", style=style)


def _timeline(story: Story) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415

    timeline = story.record.timeline
    yield Text("\ntimeline", style="bold")
    if len(timeline) > MOST_ENTRIES:
        yield Text(f"  {len(timeline) - MOST_ENTRIES} earlier lines are in -o json", style="dim")
    for entry in timeline[-MOST_ENTRIES:]:
        at = clock_text(entry.at_s, now_s=story.standing.at_s)
        yield Text(f"  {at}  {shown(entry.text)}  ").append(shown(entry.author), style="dim")
    files = [kept for kept in story.record.kept if kept.digest]
    if files:
        yield Text("\nevidence kept", style="bold")
    for kept in files:
        gone = ", expired" if story.record.expiry(kept.digest) else ""
        style = "dim" if gone else ""
        yield Text(f"  {kept.digest[:16]}  {format_size(kept.size_bytes)}{gone}  {shown(kept.title)}", style=style)


def _phase(phase: Phase, stands: Standing) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415

    now = " (now)" if phase.name == stands.phase else ""
    yield Text(f"\n{phase.name}, {phase_text(phase)}{now}", style="bold")
    for check in phase.checks:
        yield Text(f"  {MARKS[check.answer]} {check.text}")


def phase_text(phase: Phase) -> str:
    """``0 to 5 min``."""
    begins = format_duration(phase.from_s) if phase.from_s else "0"
    return f"{begins} to {format_duration(phase.to_s)}" if phase.to_s is not None else f"from {begins}"


def mutes_table(mutes: Sequence[Mute], *, now_s: float) -> RenderableType:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    if not mutes:
        return Text("nothing is muted")
    table = Table(box=None, pad_edge=False, header_style="dim", show_edge=False)
    for name in ("mute", "of", "until", "by", "reason"):
        table.add_column(name, overflow="fold")
    for mute in mutes:
        until = moment_text(mute.until_s) if mute.lifted_at_s is None else f"lifted by {shown(mute.lifted_by)}"
        style = "" if mute.holds(now_s) else "dim"
        cells = (mute.id, shown(mute.scope), until, shown(mute.author), shown(mute.reason))
        table.add_row(*(Text(cell, style=style) for cell in cells))
    return table
