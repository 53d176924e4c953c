"""The record that runs through a leak's whole story: what state it is in, how bad it is, and what was said when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where an incident stands. The moves between them are a table: ``incident/machine.py``."""

    DETECTED = "detected"
    ASSESSED = "assessed"
    STABILISED = "stabilised"
    EXPLAINED = "explained"
    FIXED = "fixed"
    VERIFYING = "verifying"
    CLOSED = "closed"
    REOPENED = "reopened"


class Severity(StrEnum):
    """P1: a kill may come at any moment, or came. P2: act now. P3: a leak with time left. P4: a suspicion."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class Answer(StrEnum):
    """To a question that evidence settles."""

    YES = "yes"
    NO = "no"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Triage:
    """The first step: is the alert true? ``why``: one line per fact it rests on."""

    answer: Answer
    at_s: float
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Symptom:
    """One sign of a leak. ``answer`` OPEN: it was not measured, and ``evidence`` says what would tell."""

    name: str
    answer: Answer
    evidence: str


@dataclass(frozen=True, slots=True)
class Impact:
    """What it does to people, to the business and to the service; "" where nobody has said it."""

    user: str = ""
    business: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True)
class Runbook:
    """Which written procedure applies, and how fresh it is. Dates as they were written: ``2026-11-20``."""

    id: str = ""
    owner: str = ""
    component: str = ""
    version: str = ""
    last_tested: str = ""
    next_review: str = ""
    maintainer: str = ""
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Incident:
    """One leak of one target. ``number`` and ``revision`` are 0 until it is stored.

    ``identity``: the target as it is known across restarts and pids. ``cause``, ``holder``: "" until explained.
    ``clock_from_s``: when the phases' clock began (UTC epoch): at opening, again at each reopening.
    ``before``: the number of the incident of the same target and cause that was closed before this one.
    """

    identity: str
    target: str
    state: State
    severity: Severity
    opened_at_s: float
    clock_from_s: float
    changed_at_s: float
    number: int = 0
    revision: int = 0
    cause: str = ""
    holder: str = ""
    verdict: str = ""
    headline: str = ""
    alert: str = ""
    owner: str = ""
    runbook: Runbook = field(default_factory=Runbook)
    impact: Impact = field(default_factory=Impact)
    symptoms: tuple[Symptom, ...] = ()
    triage: Triage | None = None
    escalation: int = 0
    closed_at_s: float | None = None
    closed_why: str = ""
    before: int | None = None

    @property
    def id(self) -> str:
        """``inc-12``: what a person types."""
        return f"inc-{self.number}"

    @property
    def is_open(self) -> bool:
        return self.state is not State.CLOSED


class EntryKind(StrEnum):
    """What a line of the timeline tells."""

    OPENED = "opened"
    MOVED = "moved"
    ASSESSED = "assessed"
    EVIDENCE = "evidence"
    NOTE = "note"
    ESCALATED = "escalated"
    INTERRUPTED = "interrupted"
    PLAN = "plan"
    KILL = "kill"
    """A run of a container of it ended. ``facts`` holds ``kill``: which run that was, and how sure that is."""


EXPIRED: Final = "expired"
"""In a line's facts: the list of content addresses that went with it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline. ``state``: the incident's, after it. ``number``: 0 until stored, then 1, 2, …

    ``facts`` holds plain values ready for JSON.
    """

    at_s: float
    kind: EntryKind
    author: str
    text: str
    state: State
    number: int = 0
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assessed:
    """One investigation as it was answered: ``document`` is ``oakum.investigation/1``.

    ``samples``: the content address of what it was judged on, "" where that was not kept.
    """

    at_s: float
    document: Mapping[str, object]
    samples: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """A piece of evidence on record. ``digest``: its content address, "" where the facts are all there is."""

    id: str
    title: str
    origin: str
    at_s: float
    facts: Mapping[str, object] = field(default_factory=dict)
    digest: str = ""
    size_bytes: int = 0
    media_type: str = ""
    author: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What one write does to an incident, whole or not at all. ``finishes``: works that end with it."""

    incident: Incident
    entries: tuple[Entry, ...] = ()
    assessed: tuple[Assessed, ...] = ()
    kept: tuple[Kept, ...] = ()
    finishes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """All that is kept of one incident, each part oldest first."""

    incident: Incident
    timeline: tuple[Entry, ...] = ()
    assessed: tuple[Assessed, ...] = ()
    kept: tuple[Kept, ...] = ()

    def expiry(self, digest: str) -> Entry | None:
        """The line that says that the evidence at this address has been kept for long enough; None: it is kept."""
        return next((entry for entry in self.timeline if digest in _expired(entry)), None)


def _expired(entry: Entry) -> Sequence[str]:
    found = entry.facts.get(EXPIRED)
    return found if isinstance(found, list) else ()
