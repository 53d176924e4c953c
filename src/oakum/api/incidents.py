"""The twins of ``oakum incident``: the record of incidents, their evidence and mutes."""

from __future__ import annotations

import time

from oakum import wiring
from oakum.incident.machine import Event
from oakum.incident.settings import Keeping
from oakum.loop import incident as incidents
from oakum.loop import retain as retaining
from oakum.model.errors import CallerError
from oakum.model.incident import Incident
from oakum.model.mute import Mute
from oakum.model.retention import Retained
from oakum.model.standing import Story
from oakum.render import incident_html, incident_markdown, incident_summary


def list_incidents(*, every: bool = False, store: str = "") -> list[Incident]:
    """As ``oakum incident list``: the worst first."""
    rows = incidents.listed(wiring.recorder(store), closed=every, now_s=time.time())
    return [incident for incident, _ in rows]


def show_incident(name: str, *, store: str = "") -> Story:
    """As ``oakum incident show ID``."""
    return incidents.story(wiring.recorder(store), incidents.number_of(name), now_s=time.time())


def summarise_incident(name: str, *, store: str = "") -> str:
    """As ``oakum incident summary ID``: five lines."""
    return incident_summary(show_incident(name, store=store))


def report_incident(name: str, *, output: str = "html", store: str = "") -> str:
    """As ``oakum incident report ID``: ``html`` or ``markdown``; the same record makes the same text."""
    story = incidents.story(wiring.recorder(store), incidents.number_of(name), now_s=None)
    if output not in {"html", "markdown"}:
        raise CallerError(f"a report is html or markdown, not {output!r}", next_step="report_incident(ID)")
    return incident_html(story) if output == "html" else incident_markdown(story)


def note_incident(name: str, text: str, *, move: str = "", store: str = "") -> Incident:
    """As ``oakum incident note ID TEXT``."""
    if move and move not in set(Event):
        raise CallerError(f"{move!r} is no move", why=f"they are {', '.join(Event)}", next_step="leave move out")
    number, event = incidents.number_of(name), Event(move) if move else None
    return incidents.note(wiring.recorder(store), number, text, event=event, now_s=time.time())


def escalate_incident(name: str, *, level: int | None = None, store: str = "") -> Incident:
    """As ``oakum incident escalate ID``."""
    return incidents.escalate(wiring.recorder(store), incidents.number_of(name), level, now_s=time.time())


def close_incident(name: str, *, reason: str, store: str = "") -> Incident:
    """As ``oakum incident close ID``."""
    number = incidents.number_of(name)
    return incidents.move(wiring.recorder(store), number, Event.CLOSE, reason, now_s=time.time())


def retain_evidence(
    *,
    keep_s: float = 2_592_000.0,
    budget_bytes: int | None = None,
    unnamed: bool = False,
    dry_run: bool = False,
    store: str = "",
) -> Retained:
    """As ``oakum incident retain``. ``unnamed``: no other record keeps evidence in the same place."""
    recorder = wiring.recorder(store)
    keeping = Keeping(keep_s, budget_bytes, unnamed or recorder.store.blobs_alone)
    return retaining.retain(recorder, keeping, now_s=time.time(), dry_run=dry_run)


def mute(target: str, *, reason: str, for_s: float, store: str = "") -> Mute:
    """As ``oakum incident mute TARGET``."""
    recorder, processes = wiring.recorder(store), wiring.machine().processes
    made, _ = incidents.mute(recorder, target, reason=reason, for_s=for_s, processes=processes, now_s=time.time())
    return made


def list_mutes(*, store: str = "") -> list[Mute]:
    """As ``oakum incident mutes``."""
    return list(incidents.mutes(wiring.recorder(store).store))


def unmute(name: str, *, store: str = "") -> Mute:
    """As ``oakum incident unmute MUTE``."""
    return incidents.unmute(wiring.recorder(store), incidents.number_of(name, "mute"), now_s=time.time())
