"""Kills on the timeline, each once: whoever looks again is told the same ones by the cluster and by the kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from oakum.incident.saying import entry_of, touched
from oakum.model.incident import Change, EntryKind, Record
from oakum.model.kill import Kill, KillKind

APART_S: Final = 2.0
"""A cluster tells ends in whole seconds, and the kernel by its own clock: so close, in seconds, they are the same."""

CHILDREN_APART_S: Final = 0.5
"""Several children may die in one run: so close, by the kernel's clock, in seconds, they are the same."""


def telling(
    record: Record, kills: Sequence[tuple[Kill, str]], *, author: str, now_s: float, finishes: tuple[int, ...] = ()
) -> Change:
    """Those that the timeline does not hold yet, oldest first, each with its sentence. ``finishes``: works that end."""
    incident = touched(record.incident, now_s)
    told = (entry.facts.get("kill") for entry in record.timeline if entry.kind is EntryKind.KILL)
    known: list[Mapping[str, Any]] = [facts for facts in told if isinstance(facts, Mapping)]
    entries = []
    for kill, text in kills:
        facts = _facts(kill)
        if not any(_same(facts, other) for other in known):
            known.append(facts)
            entries.append(entry_of(incident, EntryKind.KILL, author, text, kill=facts))
    return Change(incident if entries else record.incident, tuple(entries), finishes=finishes)


def _facts(kill: Kill) -> dict[str, object]:
    uid, container, run, ended_s = kill.key
    return {
        "pod_uid": uid,
        "container": container or kill.container,
        "run": run,
        "ended_s": ended_s,
        "at_s": ended_s if kill.at_s is None else kill.at_s,
        "kind": kill.kind.value,
        "confidence": kill.confidence,
    }


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """A run that has a number is known by it; one that only the kernel tells of, by when it died."""
    if one["pod_uid"] != other["pod_uid"] or (
        one["container"] != other["container"] and one["container"] and other["container"]
    ):
        return False
    # The same end is told as a child's where the kernel's words are at hand, and as the run's where they are not.
    ends = {(facts["run"], facts.get("ended_s")) for facts in (one, other)}
    if len(ends) == 1 and None not in next(iter(ends)):
        return True
    child = KillKind.CHILD.value in {one["kind"], other["kind"]}
    if not child and one["run"] is not None and other["run"] is not None:
        return bool(one["run"] == other["run"])
    times = (one["at_s"], other["at_s"])
    if None in times:
        return False
    whole = any(float(at_s).is_integer() for at_s in times)
    return bool(abs(times[0] - times[1]) <= (CHILDREN_APART_S if child and not whole else APART_S))
