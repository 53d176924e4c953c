"""``oakum incident …``: what is on record, and what people add to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from oakum.act.expiry import expired
from oakum.incident import Event, escalated, identity, moving, noted, standing
from oakum.loop.record import Recorder, left_over
from oakum.loop.seen_before import in_a_story
from oakum.model.errors import CallerError, DataError, OakumError
from oakum.model.hands import MemoryLimits
from oakum.model.incident import Incident, Record
from oakum.model.mute import Mute
from oakum.model.policy import Policy
from oakum.model.ports import Processes, Store
from oakum.model.standing import Standing, Story
from oakum.model.target import ProcessTarget, parse_target
from oakum.model.units import format_count, format_duration, format_size
from oakum.render.codec_samples import samples_from_bytes


@dataclass(frozen=True, slots=True)
class Left:
    """What was left behind: by commands that were cut off, and by plans whose time is over.

    ``lines``: for a person, each with what goes on.
    """

    lines: tuple[str, ...] = ()


def number_of(text: str, kind: str = "inc") -> int:
    """Of ``inc-12`` or ``12``. Raises CallerError."""
    digits = text.removeprefix(f"{kind}-")
    if not digits.isascii() or not digits.isdigit() or not 0 < int(digits) < 2**31:
        raise CallerError(
            f"{text!r} is no {'incident' if kind == 'inc' else kind}",
            why=f"it is written {kind}-12, or 12",
            next_step="oakum incident list" if kind == "inc" else "oakum incident mutes",
        )
    return int(digits)


def left(recorder: Recorder, limits: MemoryLimits | None = None, *, now_s: float | None = None) -> Left:
    """Half-written evidence of dead writers is removed; works of dead processes are told, and stay until done again.

    With ``limits`` and ``now_s`` (UTC epoch), limits of open incidents that stand longer than they were meant to too.
    """
    lines = [
        f"left by a command that was cut off: {work.kind} {work.subject} (pid {work.holder.pid}); next: {work.again}"
        for work in left_over(recorder.store, recorder.workers)
    ]
    swept = recorder.store.blobs.sweep()
    if swept:
        lines.append(f"removed evidence that was cut off while it was written: {format_count(swept)} files")
    if limits is not None and now_s is not None:
        lines += _overdue(recorder, limits, now_s)
    return Left(tuple(lines))


def _overdue(recorder: Recorder, limits: MemoryLimits, now_s: float) -> Iterator[str]:
    """Whoever closes the incident says with it that the limit stays."""
    here = recorder.workers.this()
    for incident in recorder.store.incidents.list():
        for plan in recorder.store.plans.of(incident.number):
            try:
                found = list(expired(plan, recorder.policy, now_s=now_s, here=here, read=limits.read))
            except DataError:
                # Another version's plan is told by whoever opens it, not by every command.
                continue
            for one in found:
                where = f" on {one.host}" if one.host else ""
                yield (
                    f"the memory limit of {one.action.cgroup}{where}, {format_size(one.action.limit_bytes)} since"
                    f" plan-{plan.number} ({incident.id}), was meant for {format_duration(one.lasts_s)} and stands for"
                    f" {format_duration(one.stood_s)}; confirm it where it is configured, or back:"
                    f" oakum undo plan-{plan.number}"
                )


def listed(recorder: Recorder, *, closed: bool, now_s: float) -> Sequence[tuple[Incident, Standing]]:
    """The open ones, or all; the worst first among the open, then the closed, the newest first."""
    records = [recorder.store.incidents.record(one.number) for one in recorder.store.incidents.list(closed=closed)]
    rows = [(record.incident, standing(record, now_s=now_s, policy=recorder.policy)) for record in records]
    return sorted(rows, key=lambda row: (not row[0].is_open, row[0].severity, -row[0].number))


def story(recorder: Recorder, number: int, *, now_s: float | None) -> Story:
    """``now_s`` None: as of the record's last change, so that it reads the same whenever it is told again."""
    store = recorder.store
    record = store.incidents.record(number)
    plans = tuple(store.plans.of(number))
    approvals = tuple(approval for plan in plans for approval in store.plans.approvals(plan.number))
    stands = (
        standing(record, now_s=record.incident.changed_at_s, policy=_policy_of(record))
        if now_s is None
        else standing(record, now_s=now_s, policy=recorder.policy)
    )
    digest = next((row.samples for row in reversed(record.assessed) if row.samples), "")
    if not digest:
        return Story(record, stands, plans, approvals)
    watched = in_a_story(record, store.blobs)
    try:
        samples, curve = samples_from_bytes(store.blobs.get(digest))
    except OakumError as exc:
        return Story(record, stands, plans, approvals, warnings=(_absent(record, digest, exc),), watched=watched)
    return Story(record, stands, plans, approvals, samples, curve, watched=watched)


def _absent(record: Record, digest: str, error: OakumError) -> str:
    expiry = record.expiry(digest)
    if expiry is not None and isinstance(error, CallerError):
        return f"the samples are no longer kept: {expiry.text}"
    return f"the samples are absent: {error.what}: {error.why}"


def _policy_of(record: Record) -> Policy:
    """As it was when the incident was opened."""
    kept = record.timeline[0].facts.get("policy") if record.timeline else None
    known = {field.name for field in fields(Policy)}
    return (
        Policy(**{name: value for name, value in kept.items() if name in known}) if isinstance(kept, dict) else Policy()
    )


def note(recorder: Recorder, number: int, text: str, *, event: Event | None, now_s: float) -> Incident:
    """A note, and with ``event`` a move with the note as its reason."""
    if event is not None:
        return move(recorder, number, event, text, now_s=now_s)
    return recorder.store.incidents.change(
        number, lambda record: noted(record, text, author=recorder.author, now_s=now_s)
    )


def move(recorder: Recorder, number: int, event: Event, why: str, *, now_s: float) -> Incident:
    return recorder.store.incidents.change(
        number, lambda record: moving(record, event, why, author=recorder.author, now_s=now_s)
    )


def escalate(recorder: Recorder, number: int, level: int | None, *, now_s: float) -> Incident:
    return recorder.store.incidents.change(
        number,
        lambda record: escalated(
            record,
            level,
            author=recorder.author,
            now_s=now_s,
            policy=recorder.policy,
            settings=recorder.settings,
        ),
    )


def mute(
    recorder: Recorder, target: str, *, reason: str, for_s: float, processes: Processes, now_s: float
) -> tuple[Mute, Sequence[Incident]]:
    """The mute, and the incidents that it closed. ``target``: an incident, a target, or series with ``*``.

    Raises TargetError for a process that is not there: nothing could be known of it later.
    """
    if not reason.strip():
        raise CallerError("a mute without a reason", next_step="--reason 'the cache fills to 2 GiB and stays there'")
    if for_s <= 0:
        raise CallerError("a mute that is over at once", next_step="--for 7d")
    scope, known = _scope(recorder, target, processes)
    store = recorder.store
    made = store.mutes.add(Mute(scope, reason, recorder.author, now_s, now_s + for_s, known))
    closed = [
        move(recorder, incident.number, Event.CLOSE, f"muted, {made.id}: {reason}", now_s=now_s)
        for incident in store.incidents.list()
        if made.covers(incident.target, incident.identity)
    ]
    return made, closed


def _scope(recorder: Recorder, target: str, processes: Processes) -> tuple[str, str]:
    """(scope, identity)."""
    if target.startswith("inc-"):
        incident = recorder.store.incidents.get(number_of(target))
        return incident.target, incident.identity
    try:
        parsed = parse_target(target)
    except CallerError:
        return target, ""
    if not isinstance(parsed, ProcessTarget):
        return str(parsed), ""
    info = processes.info(parsed.pid)
    labels = {"command": info.title, "cgroup": info.cgroup}
    return target, identity(target, labels, host=recorder.workers.this().host)


def unmute(recorder: Recorder, number: int, *, now_s: float) -> Mute:
    return recorder.store.mutes.lift(number, author=recorder.author, at_s=now_s)


def mutes(store: Store) -> Sequence[Mute]:
    return store.mutes.list()
