"""An investigation becomes part of the record: it opens an incident, adds to the one that is open, or reopens one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from oakum.incident.machine import MOVES, Event, moved
from oakum.incident.settings import IncidentSettings
from oakum.incident.severity import severity, worse
from oakum.incident.triage import oom_kills, service_impact, symptoms, triage
from oakum.model.assessment import Investigation
from oakum.model.incident import Assessed, Change, Entry, EntryKind, Impact, Incident, Kept, Severity, State
from oakum.model.policy import Policy
from oakum.model.verdict import VerdictName

FOUND = frozenset({VerdictName.LEAK, VerdictName.SUSPECT})
"""Verdicts that open an incident."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An investigation with what the record keeps of it.

    ``identity``: of the target. ``headline``: its one sentence. ``document``: ``oakum.investigation/1``.
    ``works``: what ends with it, and earlier tries that it replaces.
    """

    investigation: Investigation
    identity: str
    headline: str
    document: Mapping[str, object]
    kept: tuple[Kept, ...] = ()
    samples: str = ""
    author: str = ""
    alert: str = ""
    works: tuple[int, ...] = ()

    @property
    def cause(self) -> str:
        """The first cause of a leak; a suspicion names none."""
        causes = self.investigation.causes
        return causes[0].name.value if causes and self.investigation.verdict.name is VerdictName.LEAK else ""


def recording(
    finding: Finding, *, policy: Policy, settings: IncidentSettings
) -> Callable[[Sequence[Incident]], Change | None]:
    """What ``Incidents.write`` is given: the change, from all incidents of the same identity."""

    def make(known: Sequence[Incident]) -> Change | None:
        return _change(known, finding, policy, settings)

    return make


def _change(known: Sequence[Incident], finding: Finding, policy: Policy, settings: IncidentSettings) -> Change | None:
    verdict, at_s = finding.investigation.verdict, finding.investigation.generated_at_s
    there = next((incident for incident in known if incident.is_open and _same(incident, finding)), None)
    if there is not None:
        leaks_again = verdict.name is VerdictName.LEAK and there.state in {State.FIXED, State.VERIFYING}
        return _added(there, finding, policy, reopens="it leaks again" if leaks_again else "")
    if verdict.name not in FOUND:
        return None
    closed = [incident for incident in known if not incident.is_open and _same(incident, finding)]
    if closed and verdict.name is VerdictName.LEAK:
        last = closed[-1]
        if last.closed_at_s is not None and at_s - last.closed_at_s < policy.closing_window_s:
            return _added(last, finding, policy, reopens="it leaks again within the closing window")
    return _opened(finding, policy, settings, before=closed[-1].number if closed else None)


def _same(incident: Incident, finding: Finding) -> bool:
    """The same leak: one of the causes, or a cause that is not known yet."""
    names = {cause.name.value for cause in finding.investigation.causes}
    return not incident.cause or not finding.cause or incident.cause in names


def _opened(finding: Finding, policy: Policy, settings: IncidentSettings, *, before: int | None) -> Change:
    investigation = finding.investigation
    at_s = investigation.generated_at_s
    incident = Incident(
        identity=finding.identity,
        target=investigation.target,
        state=State.DETECTED,
        severity=_severity(investigation, policy),
        opened_at_s=at_s,
        clock_from_s=at_s,
        changed_at_s=at_s,
        alert=finding.alert,
        owner=settings.owner,
        runbook=settings.runbook,
        impact=Impact(settings.impact_user, settings.impact_business),
        before=before,
    )
    again = f"; the same leak was inc-{before} before" if before is not None else ""
    why = f"alert {finding.alert}" if finding.alert else "an investigation found it"
    opened = Entry(
        at_s,
        EntryKind.OPENED,
        finding.author,
        f"opened: {why}{again}",
        State.DETECTED,
        # A report of next year tells the budgets of today.
        facts={"policy": asdict(policy)},
    )
    return _assessed(incident, (opened,), finding, policy)


def _added(incident: Incident, finding: Finding, policy: Policy, *, reopens: str) -> Change:
    entries: tuple[Entry, ...] = ()
    if reopens:
        at_s = finding.investigation.generated_at_s
        incident = replace(moved(incident, Event.REOPEN, at_s=at_s), severity=_severity(finding.investigation, policy))
        entries = (_move(incident, Event.REOPEN, finding.author, f"reopened: {reopens}"),)
    return _assessed(incident, entries, finding, policy)


def _assessed(incident: Incident, entries: tuple[Entry, ...], finding: Finding, policy: Policy) -> Change:
    investigation = finding.investigation
    at_s = max(investigation.generated_at_s, incident.changed_at_s)
    incident = replace(
        moved(incident, Event.ASSESS, at_s=at_s),
        target=investigation.target,
        severity=worse(incident.severity, _severity(investigation, policy)),
        verdict=investigation.verdict.name.value,
        headline=finding.headline,
        symptoms=symptoms(investigation),
        triage=triage(investigation, alert=finding.alert or incident.alert, policy=policy),
        impact=replace(incident.impact, service=service_impact(investigation)),
        cause=incident.cause or finding.cause,
    )
    entries += (_move(incident, Event.ASSESS, finding.author, f"assessed: {finding.headline}"),)
    cause = next((cause for cause in investigation.causes if cause.name.value == incident.cause), None)
    if cause is not None and finding.cause and Event.EXPLAIN in MOVES[incident.state]:
        news = incident.holder != cause.holder
        incident = replace(moved(incident, Event.EXPLAIN, at_s=at_s), holder=cause.holder)
        if news:
            text = f"explained: {cause.name.value}, {cause.holder or cause.title}"
            entries += (_move(incident, Event.EXPLAIN, finding.author, text),)
    assessed = Assessed(at_s, finding.document, finding.samples)
    return Change(incident, entries, (assessed,), finding.kept, finding.works)


def _move(incident: Incident, event: Event, author: str, text: str) -> Entry:
    return Entry(incident.changed_at_s, EntryKind.MOVED, author, text, incident.state, facts={"event": event.value})


def _severity(investigation: Investigation, policy: Policy) -> Severity:
    return severity(investigation.verdict, oom_kills=oom_kills(investigation), policy=policy)
