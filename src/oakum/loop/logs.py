"""Logs read: those that a process writes, those of a cluster's containers, and a file by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf, nan
from typing import TYPE_CHECKING, Final

import numpy as np

from oakum.explain import logs as says
from oakum.explain import told as told_story
from oakum.judge import curve, judge
from oakum.logs import STOPPED, LogReader
from oakum.loop.facts import Facts
from oakum.model.absent import Absent, AbsentKind
from oakum.model.assessment import Investigation
from oakum.model.errors import OakumError
from oakum.model.evidence import Cost
from oakum.model.log import DISORDER_S, Clock, Collections, LogFile, LogPattern, LogReading, Logs
from oakum.model.series import Metric, Scope, Series, WorkloadSeries
from oakum.model.target import LogTarget
from oakum.model.units import format_count
from oakum.model.verdict import Verdict, VerdictName

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.progress import Progress

MOST_BYTES: Final = 256 << 20
"""Of each log that a process writes the last so many bytes are read."""

WITHIN_S: Final = 20.0
"""All logs of a process are read within so long, in seconds."""

LEAST_COLLECTIONS: Final = 24
"""So many collections, with the time and the heap after each, are judged as a curve."""


@dataclass(frozen=True, slots=True)
class LogBounds:
    """``most_bytes`` of each; ``within_s`` for all; None: as long as they are."""

    most_bytes: int | None = MOST_BYTES
    within_s: float | None = WITHIN_S


def known_logs(pid: int, logs: Logs, *, printed: bool = True) -> Sequence[LogFile | Absent]:
    """``printed``: also what its container's runtime keeps of what it prints; else that is not missed either."""
    try:
        found = logs.of_process(pid)
        return found if printed else [each for each in found if not _printed(each)]
    except OakumError as exc:
        return [Absent(f"the log of pid {pid}", AbsentKind.UNREADABLE, exc.brief, exc.next_step)]


def _printed(log: LogFile | Absent) -> bool:
    return log.kind is AbsentKind.NOT_APPLICABLE if isinstance(log, Absent) else log.printed


def read_logs(
    files: Sequence[LogFile | Absent], logs: Logs, facts: Facts, patterns: Sequence[LogPattern], bounds: LogBounds
) -> list[LogReading]:
    """In the order given."""
    until_s = inf if bounds.within_s is None else facts.clock.monotonic_s() + bounds.within_s
    found = []
    for log in files:
        read = log if isinstance(log, Absent) else _read(log, logs, facts, patterns, bounds.most_bytes, until_s)
        if isinstance(read, Absent):
            facts.miss(read)
        else:
            found.append(read)
    return found


def _read(
    log: LogFile, logs: Logs, facts: Facts, patterns: Sequence[LogPattern], most_bytes: int | None, until_s: float
) -> LogReading | Absent:
    what, clock = f"what {log.name} says", facts.clock
    if clock.monotonic_s() >= until_s:
        why = "the time for reading logs was over"
        return Absent(what, AbsentKind.TOO_DEAR, why, f"oakum investigate log/{log.name}")
    begun_s, late = clock.monotonic_s(), False
    notes: list[str] = []
    reader = LogReader(patterns, now_s=clock.now_s(), over=lambda: clock.monotonic_s() >= until_s)
    try:
        with logs.open(log, most_bytes=most_bytes) as opened:
            for piece in opened.pieces():
                reader.feed(piece)
                late = reader.stopped or clock.monotonic_s() >= until_s
                if late:
                    break
            notes += opened.notes
    except OakumError as exc:
        return Absent(what, AbsentKind.UNREADABLE, exc.brief, exc.next_step)
    read = reader.finish(log.name, notes=notes)
    if late or reader.stopped:
        read = replace(read, notes=(STOPPED, *read.notes))
    return replace(read, of_bytes=log.size_bytes, previous=log.previous, seconds=clock.monotonic_s() - begun_s)


def tell(readings: Sequence[LogReading], facts: Facts) -> tuple[LogReading, ...]:
    """Puts them among the evidence."""
    for reading in readings:
        cost = Cost(seconds=reading.seconds, bytes_read=reading.bytes_read)
        facts.add("log", says.reading_line(reading), "log", cost=cost, facts=says.reading_facts(reading))
        for finding in reading.findings:
            title = f"{reading.name}: {says.finding_line(finding, reading)}"
            facts.add("log", title, "log", facts=says.finding_facts(finding, reading))
        line = says.collections_line(reading)
        if line:
            facts.add("log", line, "log", facts=says.reading_facts(reading))
    return tuple(readings)


def investigate_log(
    target: LogTarget, *, machine: Machine, patterns: Sequence[LogPattern], progress: Progress
) -> Investigation:
    """A log file by itself, with those that were rotated away from it. Raises CallerError where it cannot be read."""
    progress.stage(f"reading {target}")
    facts = Facts(machine.clock)
    files = machine.logs.of_file(target.path)
    readings = tell(read_logs(files, machine.logs, facts, patterns, LogBounds(None, None)), facts)
    if not readings:
        with machine.logs.open(files[-1]):
            pass
    now_s = machine.clock.now_s()
    series = _series(target, readings, facts)
    verdict = judge(series) if series.lifetimes else Verdict(VerdictName.CANNOT_TELL, None, None, nan)
    verdict = replace(verdict, onset_s=None) if _since_start(readings) else verdict
    alone = verdict
    whose = says.Whose(now_s, says.words_of(readings))
    told = says.reasons(readings, whose)
    exhausted = any(says.accuses(finding, reading, whose) for reading in readings for finding in reading.findings)
    verdict = replace(
        verdict, reasons=(*told, *verdict.reasons) if told else (*verdict.reasons, "no line tells of memory")
    )
    if exhausted and verdict.name in {VerdictName.HEALTHY, VerdictName.CANNOT_TELL}:
        verdict = replace(verdict, name=VerdictName.SUSPECT, probability=0.5)
    if verdict.name is not VerdictName.LEAK:
        verdict = replace(verdict, settles=SETTLES)
    causes = tuple(says.named([finding for reading in readings for finding in reading.findings]))
    answer = Investigation(
        target=str(target),
        generated_at_s=now_s,
        verdict=verdict,
        series_verdict=alone,
        series=series,
        runtime=_runtime(readings),
        curve=curve(series) if series.lifetimes else None,
        evidence=tuple(facts.evidence),
        absent=tuple(facts.absent),
        causes=causes,
        plan=says.steps(readings, str(target), whose),
    )
    return told_story(answer)


SETTLES: Final = "its memory over time: oakum investigate pid/N, or of a cluster deploy/NAMESPACE/NAME"


def _series(target: LogTarget, readings: Sequence[LogReading], facts: Facts) -> WorkloadSeries:
    """The heap after collections, as the collector told it: the last lifetime that has enough of them."""
    found = [
        (reading.name, lifetime)
        for reading in readings
        if (told := reading.collections) is not None and len(told.at_s) >= LEAST_COLLECTIONS
        for lifetime in _lifetimes(told)
    ]
    enough = [at for at, (_, lifetime) in enumerate(found) if len(lifetime) >= LEAST_COLLECTIONS]
    judged = enough[-1:]
    for at, (name, lifetime) in enumerate(found):
        if at not in judged:
            facts.miss(_discarded(name, len(lifetime), target))
    return WorkloadSeries(
        str(target), tuple(found[at][1] for at in judged), scope=Scope.PROCESS, metric=Metric.HEAP_USED
    )


def _lifetimes(told: Collections) -> Iterator[Series]:
    """One for each run: a clock that goes back was set anew. Of times that are equal, the last collection's counts."""
    runs: list[dict[float, float]] = []
    latest_s = inf
    for at_s, after_bytes in zip(told.at_s, told.after_bytes, strict=True):
        if not runs or at_s < latest_s - DISORDER_S:
            runs.append({})
            latest_s = at_s
        latest_s = max(latest_s, at_s)
        runs[-1][latest_s] = after_bytes
    for run in runs:
        yield Series(np.array(list(run)), np.array(list(run.values())), np.full(len(run), inf))


def _discarded(name: str, collections: int, target: LogTarget) -> Absent:
    what = f"the curve of {format_count(collections)} of the collections in {name}"
    if collections < LEAST_COLLECTIONS:
        why = f"fewer than {LEAST_COLLECTIONS} at different times, between two starts of its clock, are no curve"
        return Absent(what, AbsentKind.NOT_YET, why, f"oakum investigate {target}    # once it has more of them")
    why = "its clock began anew, or a later log has a curve: the last one is judged"
    return Absent(what, AbsentKind.NOT_APPLICABLE, why, f"oakum investigate log/{name}")


def _since_start(readings: Sequence[LogReading]) -> bool:
    return any(reading.clock is Clock.SINCE_START for reading in readings)


def _runtime(readings: Sequence[LogReading]) -> str:
    """Whose words they are most of the time."""
    counts: dict[str, int] = {}
    for reading in readings:
        for finding in reading.findings:
            if finding.pattern.runtime not in {"any", "native", *says.OF_OTHERS}:
                counts[finding.pattern.runtime] = counts.get(finding.pattern.runtime, 0) + finding.count
    return max(counts, key=lambda name: counts[name]) if counts else "unknown"


__all__ = ["LogBounds", "investigate_log", "known_logs", "read_logs", "tell"]
