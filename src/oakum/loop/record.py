"""``oakum investigate`` on record: begun, investigated, kept; what a cut-off run left is told by the next one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from oakum.explain import on_record
from oakum.explain.workload import kill_line
from oakum.incident import IncidentSettings, recording, telling
from oakum.incident import identity as identity_of
from oakum.incident.opening import FOUND, Finding
from oakum.model.absent import Absent, AbsentKind
from oakum.model.assessment import Investigation
from oakum.model.errors import OakumError
from oakum.model.incident import Kept
from oakum.model.mute import Mute
from oakum.model.policy import Policy
from oakum.model.ports import Store, Workers
from oakum.model.target import IN_CLUSTER
from oakum.model.work import Work
from oakum.render.codec_investigation import investigation_to_json
from oakum.render.codec_number import plain
from oakum.render.codec_samples import MEDIA_TYPE, samples_to_bytes
from oakum.render.headline import headline

INVESTIGATE = "investigate"

WATCHED = "watched"
"""The beginning of the id of a container's samples, of the one that is judged and of its replicas."""

MOST_WATCHED = 20
"""The samples of so many replicas are kept, the worst first."""


@dataclass(frozen=True, slots=True)
class Recorder:
    """What is needed to keep a record, and on whose behalf."""

    store: Store
    workers: Workers
    author: str
    policy: Policy
    settings: IncidentSettings


@dataclass(frozen=True, slots=True)
class Recorded:
    """``investigation.incident`` names what it became part of. ``mute``: why it became part of none.

    ``failed``: the record could not be written; the answer stands all the same.
    """

    investigation: Investigation
    mute: Mute | None = None
    failed: OakumError | None = None


def investigate_on_record(
    target: str, journey: Callable[[], Investigation], recorder: Recorder, *, now_s: float, alert: str = ""
) -> Recorded:
    """The work is on record before ``journey`` begins: a store that fails, fails before minutes were spent."""
    store = recorder.store
    earlier = [
        work
        for work in left_over(recorder.store, recorder.workers)
        if (work.kind, work.subject) == (INVESTIGATE, target)
    ]
    work = store.works.begin(Work(INVESTIGATE, target, f"oakum investigate {target}", recorder.workers.this(), now_s))
    try:
        investigation = journey()
    except BaseException:
        # It failed or was stopped, and somebody was told: nothing is left.
        store.works.finish(work.number)
        raise
    try:
        return kept(investigation, recorder, alert=alert, works=(*(one.number for one in earlier), work.number))
    except OakumError as exc:
        absent = Absent("the incident's record", AbsentKind.UNREADABLE, exc.what, exc.next_step)
        return Recorded(replace(investigation, absent=(*investigation.absent, absent)), failed=exc)


def kept(investigation: Investigation, recorder: Recorder, *, alert: str = "", works: Sequence[int] = ()) -> Recorded:
    """Evidence first, then one write of all that names it."""
    store, series = recorder.store, investigation.series
    identity = identity_of(investigation.target, series.labels, host=recorder.workers.this().host)
    mute = muted(store.mutes.list(), investigation.target, identity, now_s=investigation.generated_at_s)
    if mute is not None or not _belongs(investigation, identity, store):
        for work in works:
            store.works.finish(work)
        return Recorded(investigation, mute=mute)
    samples = samples_to_bytes(series, investigation.curve)
    digest = store.blobs.put([samples])
    # The timeline is read and written in one change of its own, with which the works then end.
    works, ending = ((), tuple(works)) if investigation.kills else (tuple(works), ())
    finding = Finding(
        investigation,
        identity,
        headline(investigation.target, investigation.verdict, series.unit, now_s=investigation.generated_at_s),
        investigation_to_json(investigation),
        (
            *_kept(investigation, recorder.author),
            _samples(investigation, digest, len(samples), recorder.author),
            *_watched(investigation, store, recorder.author),
        ),
        digest,
        recorder.author,
        alert,
        works,
    )
    change = recording(finding, policy=recorder.policy, settings=recorder.settings)
    incident = store.incidents.write(identity, change)
    if incident is None:
        for work in (*works, *ending):
            store.works.finish(work)
        return Recorded(investigation)
    if investigation.kills:
        kills = [(kill, kill_line(kill)) for kill in investigation.kills]
        store.incidents.change(
            incident.number,
            lambda record: telling(
                record, kills, author=recorder.author, now_s=investigation.generated_at_s, finishes=ending
            ),
        )
    # What goes on from an incident acts on this machine: a workload keeps the commands of its cluster, and a
    # dependency those of its own.
    here = investigation.target.partition("/")[0] not in IN_CLUSTER and "dependency" not in series.labels
    advice = on_record(investigation.plan, incident.id) if here else investigation.plan
    return Recorded(replace(investigation, incident=incident.id, plan=advice))


def _belongs(investigation: Investigation, identity: str, store: Store) -> bool:
    """What is no leak belongs to a record only where one is open."""
    return investigation.verdict.name in FOUND or any(one.identity == identity for one in store.incidents.list())


def muted(mutes: Sequence[Mute], name: str, identity: str, *, now_s: float) -> Mute | None:
    """The mute that covers it now, the latest of several."""
    return next((mute for mute in reversed(mutes) if mute.holds(now_s) and mute.covers(name, identity)), None)


def left_over(store: Store, workers: Workers) -> list[Work]:
    """Works whose process is gone."""
    return [work for work in store.works.unfinished() if workers.gone(work.holder)]


def _kept(investigation: Investigation, author: str) -> list[Kept]:
    made = []
    for evidence in investigation.evidence:
        facts = plain({**evidence.facts, "pause_s": evidence.cost.pause_s, "seconds": evidence.cost.seconds})
        assert isinstance(facts, dict)
        made.append(Kept(evidence.id, evidence.title, evidence.origin, evidence.at_s, facts, author=author))
    return made


def _samples(investigation: Investigation, digest: str, size_bytes: int, author: str) -> Kept:
    return Kept(
        "samples",
        f"{investigation.series.samples} samples that the verdict rests on",
        investigation.series.labels.get("dependency", "procfs and cgroup"),
        investigation.generated_at_s,
        digest=digest,
        size_bytes=size_bytes,
        media_type=MEDIA_TYPE,
        author=author,
    )


def _watched(investigation: Investigation, store: Store, author: str) -> list[Kept]:
    """What this look alone saw: whoever looks again joins it by its labels."""
    made = []
    for number, series in enumerate(investigation.watched[:MOST_WATCHED], 1):
        content = samples_to_bytes(series, None)
        title = f"{series.samples} samples of {series.labels.get('pod', '')}/{series.labels.get('container', '')}"
        made.append(
            Kept(
                f"{WATCHED}-{number}",
                title,
                series.labels.get("source", ""),
                investigation.generated_at_s,
                digest=store.blobs.put([content]),
                size_bytes=len(content),
                media_type=MEDIA_TYPE,
                author=author,
            )
        )
    return made
