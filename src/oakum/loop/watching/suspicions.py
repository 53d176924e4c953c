"""Suspicions that came to nothing: an incident that a watch opened for one is closed when it is healthy for long."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from oakum.incident import Event
from oakum.loop.bench import Bench
from oakum.loop.incident import number_of
from oakum.loop.watching.followed import Followed
from oakum.model.incident import EntryKind, Record, State
from oakum.model.units import format_duration
from oakum.model.watch import Look

HEALTHY_S = 1800.0
"""Healthy for so long, in seconds, and for as long as the suspicion lasted."""

OUR_KINDS = frozenset({EntryKind.OPENED, EntryKind.MOVED, EntryKind.ASSESSED, EntryKind.EVIDENCE})
"""Lines of a timeline that no person wrote."""


class Suspicions:
    """``told``: (target, text) for a person."""

    def __init__(self, bench: Bench, *, told: Callable[[str, str], None]) -> None:
        self._bench, self._told = bench, told
        self._open: dict[str, tuple[str, float]] = {}

    def looked(self, look: Look, followed: Followed, now_s: float) -> None:
        """A look has ended; ``followed`` is whom it was about."""
        if look.verdict == "suspect" and look.incident:
            self._open.setdefault(followed.key, (look.incident, now_s))
        elif look.verdict == "leak":
            self._open.pop(followed.key, None)

    def step(self, followed: Sequence[Followed], now_s: float) -> None:
        for one in followed:
            known = self._open.get(one.key)
            if known is None or one.healthy_since_s is None:
                continue
            incident, since_s = known
            healthy_s = now_s - one.healthy_since_s
            if healthy_s >= max(HEALTHY_S, one.healthy_since_s - since_s):
                self._close(incident, one, healthy_s)
                # Not before: a record that is away is asked again.
                del self._open[one.key]

    def _close(self, incident: str, followed: Followed, healthy_s: float) -> None:
        number = number_of(incident)
        record = self._bench.store.incidents.record(number)
        if not _ours_alone(record):
            return
        why = f"the suspicion was not confirmed: judged healthy for {format_duration(healthy_s)}"
        if self._bench.move(number, Event.CLOSE, why):
            self._told(followed.name, f"{incident} is closed: {why}")


def _ours_alone(record: Record) -> bool:
    """A suspicion still, and nobody has done or said anything about it."""
    incident = record.incident
    suspected = incident.verdict == "suspect" and incident.state is State.ASSESSED and not incident.cause
    return suspected and all(entry.kind in OUR_KINDS for entry in record.timeline)
