"""Fixes that are being verified: the gate is asked again and again with what the watch sees anyway."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from oakum.judge import judge
from oakum.loop.bench import Bench
from oakum.loop.cgroup import kills_in
from oakum.loop.verify import (
    Subject,
    asked,
    begin,
    joined,
    kernel_words,
    said_s,
    settled,
    subject_of,
    used_s_of,
)
from oakum.loop.watching.followed import Followed, by_wall
from oakum.model.errors import OakumError, TargetError
from oakum.model.incident import Incident, State
from oakum.model.series import WorkloadSeries
from oakum.model.verification import Outcome
from oakum.sense.joined import SAME_START_S
from oakum.verify.gate import Since

LISTED_EVERY_S = 30.0
"""The record is asked this often which fixes are open, in seconds."""

ASKED_SHARE = 0.05
"""The gate is asked this often within its quick check, as a share of it, and once a minute at the most."""

LEAST_S, MOST_S = 5.0, 60.0


@dataclass(slots=True)
class _Open:
    """One that is verified. ``used_s``, ``kills``: at ``at_s``, when the watch first saw it (monotonic)."""

    pid: int
    at_s: float
    used_s: float | None
    kills: int | None
    asked_s: float = float("-inf")
    quick: bool = False
    why: str = ""
    subject: Subject | None = None
    revision: int = 0


class Fixes:
    """``told``: (target, text) for a person."""

    def __init__(
        self,
        bench: Bench,
        *,
        told: Callable[[str, str], None],
        wall_of: Callable[[float], float] = lambda stamp_s: stamp_s,
    ) -> None:
        self._bench, self._told, self._wall_of = bench, told, wall_of
        self._open: dict[int, _Open] = {}
        self._incidents: list[Incident] = []
        self._listed_s = float("-inf")

    def step(self, followed: Sequence[Followed]) -> None:
        now_s = self._bench.machine.clock.monotonic_s()
        if now_s >= self._listed_s + LISTED_EVERY_S:
            self._listed_s = now_s
            self._incidents = [
                one for one in self._bench.store.incidents.list() if one.state in {State.FIXED, State.VERIFYING}
            ]
            for number in set(self._open) - {one.number for one in self._incidents}:
                del self._open[number]
        every_s = min(max(ASKED_SHARE * self._bench.policy.quick_check_s, LEAST_S), MOST_S)
        for incident in list(self._incidents):
            known = self._open.get(incident.number)
            if known is None or now_s >= known.asked_s + every_s:
                self._ask(incident, followed, now_s)

    def _ask(self, incident: Incident, all_followed: Sequence[Followed], now_s: float) -> None:
        living = [one for one in all_followed if one.is_process and not one.ended]
        try:
            subject = self._subject(incident, living)
        except OakumError as exc:
            self._tell_once(incident, now_s, exc.what)
            return
        followed = next((one for one in living if one.pid == subject.pid), None)
        if followed is None or followed.begun_s is None:
            self._tell_once(incident, now_s, f"pid {subject.pid} is not among what is watched")
            return
        known = self._known(incident, subject, followed, now_s)
        since = self._since(subject, followed, known, now_s)
        known.asked_s, known.subject, known.revision = now_s, subject, incident.revision
        if not since.series.lifetimes:
            return
        found = asked(subject, since, self._bench)
        quick = found.outcome is Outcome.QUICK and not known.quick
        if found.outcome in {Outcome.FAILED, Outcome.CLOSED} or quick:
            known.quick = known.quick or quick
            done = settled(found, incident.number, self._bench)
            if found.outcome is not Outcome.QUICK:
                # Not asked again before the record is listed anew.
                self._incidents.remove(incident)
            words = {
                Outcome.FAILED: f"the fix does not hold: {done.reopened}",
                Outcome.CLOSED: "fixed: every check of the closing window passed; the incident is closed",
            }
            self._told(incident.id, words.get(found.outcome, "the quick check is passed; the closing window goes on"))

    def _subject(self, incident: Incident, living: Sequence[Followed]) -> Subject:
        """Looked for again when the record has changed or the process has ended: choosing one may take seconds."""
        known = self._open.get(incident.number)
        before = known.subject if known is not None and known.revision == incident.revision else None
        if before is not None and any(one.pid == before.pid for one in living):
            return before
        try:
            return subject_of(incident.id, "", self._bench)
        except TargetError:
            # Restarted by hand, and its successor is among what is watched.
            alike = [one for one in living if one.identity == incident.identity and one.started_s is not None]
            if not alike:
                raise
            newest = max(alike, key=lambda one: one.started_s or 0.0)
            subject = subject_of(incident.id, newest.name, self._bench)
            return replace(subject, since_s=max(subject.since_s, said_s(subject.record)))

    def _known(self, incident: Incident, subject: Subject, followed: Followed, now_s: float) -> _Open:
        known = self._open.get(incident.number)
        cgroup = followed.labels.get("cgroup", "/")
        if known is None or known.at_s < 0:
            begin(incident, self._bench)
            kills = kills_in(cgroup, self._bench.machine)
            known = _Open(subject.pid, now_s, used_s_of(subject.pid, self._bench), kills)
            self._open[incident.number] = known
            self._told(incident.id, f"its fix is verified meanwhile, on pid {subject.pid}")
        elif known.pid != subject.pid:
            # The present process's work is measured from here on; kills are the cgroup's and stay counted.
            known.pid, known.at_s, known.used_s = subject.pid, now_s, used_s_of(subject.pid, self._bench)
        return known

    def _tell_once(self, incident: Incident, now_s: float, why: str) -> None:
        known = self._open.setdefault(incident.number, _Open(0, -1.0, None, None))
        known.asked_s = now_s
        if known.why != why:
            known.why = why
            self._told(incident.id, f"its fix cannot be verified by this watch: {why}")

    def _since(self, subject: Subject, followed: Followed, known: _Open, now_s: float) -> Since:
        bench = self._bench
        cgroup = followed.labels.get("cgroup", "/")
        series = _after(by_wall(followed.series(), self._wall_of), subject.since_s)
        restarts = int(
            bool(series.lifetimes) and (series.lifetimes[0].started_s or 0.0) > subject.since_s + SAME_START_S
        )
        series = joined(subject, series, bench.store.blobs)
        used_s, kills = used_s_of(subject.pid, bench), kills_in(cgroup, bench.machine)
        seconds = now_s - known.at_s
        return Since(
            series=series,
            verdict=judge(series),
            since_s=subject.since_s,
            now_s=bench.now_s(),
            kills=kernel_words(subject.since_s, {subject.pid}, cgroup, bench),
            cgroup_kills=None if kills is None or known.kills is None else kills - known.kills,
            rate_before=subject.rate_before,
            restarts=restarts,
            work=None if used_s is None or known.used_s is None or seconds < 1 else (used_s - known.used_s) / seconds,
            work_before=subject.work_before,
        )


def _after(series: WorkloadSeries, since_s: float) -> WorkloadSeries:
    """What was seen from then on."""
    lives = (life.rows(life.at_s >= since_s) for life in series.lifetimes)
    return replace(series, lifetimes=tuple(life for life in lives if len(life)))
