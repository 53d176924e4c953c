"""An incident's report, from the record alone: the same record makes the same bytes, today and in a year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from oakum.model.incident import EntryKind, Incident, Kept, Record
from oakum.model.mute import Mute
from oakum.model.standing import Standing, Story
from oakum.model.units import format_duration, format_size
from oakum.render.chart import Event, chart_svg
from oakum.render.figures import moment_text
from oakum.render.incident_lines import MARKS, causes, incident_summary, last_document, question, steps
from oakum.render.markdown import code, listed, sentence, tabled, words
from oakum.render.names import encodable
from oakum.render.report_html import page
from oakum.render.table_incident import phase_text
from oakum.render.workload_parts import kill_events, workload_parts

_RUNBOOK: Final = ("id", "owner", "component", "version", "last_tested", "next_review", "maintainer")


def incident_html(story: Story) -> str:
    return page(
        "incident.html",
        story=story,
        incident=story.record.incident,
        absent=last_document(story.record).get("absent", []),
        summary=incident_summary(story),
        causes=causes(story.record),
        steps=steps(story.record),
        picture=_picture(story),
        cluster=workload_parts(last_document(story.record).get("evidence", []), story.watched),
        question=question(story.record.incident),
        marks=MARKS,
        phase_text=phase_text,
        runbook=_RUNBOOK,
    )


def incidents_html(rows: Sequence[tuple[Incident, Standing]], *, place: str, now_s: float) -> str:
    return page("incidents.html", rows=rows, place=place, now_s=now_s)


def mutes_html(mutes: Sequence[Mute], *, now_s: float) -> str:
    return page("mutes.html", mutes=mutes, now_s=now_s)


def incident_markdown(story: Story) -> str:
    """Names that come from targets are escaped: they are words here, never markup."""
    return encodable("\n".join(_markdown(story)) + "\n")


def _picture(story: Story) -> str:
    if story.samples is None:
        return ""
    verdict = last_document(story.record).get("verdict", {})
    begun_s = min((float(life.at_s[0]) for life in story.samples.lifetimes if len(life)), default=0.0)
    events = [
        Event(kept.at_s, "capture")
        for kept in story.record.kept
        if kept.id.startswith("capture") and kept.at_s >= begun_s
    ]
    told = [
        kill
        for entry in story.record.timeline
        if entry.kind is EntryKind.KILL and isinstance(kill := entry.facts.get("kill"), Mapping)
    ]
    events += kill_events(told, story.samples.labels.get("container"))
    return chart_svg(story.samples, story.curve, limit=verdict.get("limit"), events=events)


def _markdown(story: Story) -> Iterator[str]:
    incident = story.record.incident
    yield f"# {incident.id}: {words(incident.headline or incident.target)}\n"
    for line in incident_summary(story).split("\n"):
        yield f"- {words(line)}"
    yield f"\nOpened {moment_text(incident.opened_at_s)}; as of {moment_text(story.standing.at_s)}.\n"
    yield from (f"> {words(warning)}\n" for warning in story.warnings)
    if incident.triage is not None:
        asked = words(question(incident))
        yield f"## {asked[0].upper()}{asked[1:]} {incident.triage.answer.value}\n"
        yield from listed(incident.triage.why)
    yield "## Symptoms\n"
    yield from tabled(
        ("", "symptom", "measured"),
        [(MARKS[symptom.answer], symptom.name, symptom.evidence) for symptom in incident.symptoms],
    )
    yield from _what_holds(story)
    if steps(story.record):
        yield "## What to do\n"
        for number, step in enumerate(steps(story.record), 1):
            yield f"{number}. **{words(step['title'])}**: {sentence(step['effect'])} Risk: {sentence(step['risk'])}"
            if step["command"]:
                yield f"   `{code(step['command'])}`"
        yield ""
    yield from _after(story)


def _what_holds(story: Story) -> Iterator[str]:
    if causes(story.record):
        yield "## What holds the memory\n"
    for cause in causes(story.record)[:4]:
        yield f"### {cause['cause']}: {words(cause['title'])}\n"
        yield f"At `{code(cause['where'])}`.\n"
        yield from listed([*cause["why"], *(f"against: {why}" for why in cause["against"])])
        yield f"Fix: {words(cause['advice'])}\n"


def _after(story: Story) -> Iterator[str]:
    incident = story.record.incident
    yield "## Phases\n"
    for phase in story.standing.phases:
        yield f"**{phase.name}**, {phase_text(phase)}\n"
        yield from (f"- [{'x' if check.answer == 'yes' else ' '}] {check.text}" for check in phase.checks)
        yield ""
    yield "## Timeline\n"
    yield from tabled(
        ("at", "by", "what"),
        [(moment_text(entry.at_s), entry.author, entry.text) for entry in story.record.timeline],
    )
    yield "## Evidence\n"
    yield from tabled(
        ("at", "what", "kept"),
        [(moment_text(kept.at_s), kept.title, _kept(kept, story.record)) for kept in story.record.kept],
    )
    for plan in story.plans:
        yield f"## Plan {plan.number}: {plan.state.value}\n"
        yield from tabled(
            ("step", "state", "outcome"),
            [(record.step.title, record.state.value, record.outcome) for record in plan.steps],
        )
    said = [(name.replace("_", " "), getattr(incident.runbook, name)) for name in _RUNBOOK]
    if any(text for _, text in said) or incident.runbook.related:
        yield "## Runbook\n"
        yield from listed([f"{name}: {text}" for name, text in said if text])
        yield from listed([f"related: {name}" for name in incident.runbook.related])
    took = [one for one in story.standing.milestones if one.took_s is not None]
    if took:
        yield "## Budgets\n"
        yield from listed(
            [f"{one.name}: {format_duration(one.took_s or 0.0)} of {format_duration(one.budget_s)}" for one in took]
        )


def _kept(kept: Kept, record: Record) -> str:
    if not kept.digest:
        return ""
    gone = ", expired" if record.expiry(kept.digest) else ""
    return f"{kept.digest[:16]} {format_size(kept.size_bytes)}{gone}"
