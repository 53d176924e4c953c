"""Logs read: those that a process writes, those of a cluster's containers, and a file by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, nan
from typing import TYPE_CHECKING, Final

import numpy as np

from oakum.explain import logs as says
from oakum.judge import curve, judge
from oakum.logs import STOPPED, LogReader
from oakum.loop.facts import Facts
from oakum.model.absent import Absent, AbsentKind
from oakum.model.assessment import Investigation
from oakum.model.errors import OakumError
from oakum.model.evidence import Cost
from oakum.model.log import Clock, Collections, LogFile, LogPattern, LogReading, Logs, Tells
from oakum.model.series import Metric, Scope, Series, WorkloadSeries
from oakum.model.target import LogTarget
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


def known_logs(pid: int, logs: Logs) -> Sequence[LogFile | Absent]:
    try:
        return logs.of_process(pid)
    except OakumError as exc:
        return [Absent(f"the log of pid {pid}", AbsentKind.UNREADABLE, exc.brief, exc.next_step)]


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
    series = _series(target, readings)
    verdict = judge(series) if series.lifetimes else Verdict(VerdictName.CANNOT_TELL, None, None, nan)
    verdict = replace(verdict, onset_s=None) if _since_start(readings) else verdict
    alone = verdict
    told = says.reasons(readings, inf)
    exhausted = [
        finding
        for reading in readings
        for finding in reading.findings
        if finding.pattern.tells is Tells.EXHAUSTED and finding.pattern.runtime not in says.OF_OTHERS
    ]
    verdict = replace(
        verdict, reasons=(*told, *verdict.reasons) if told else (*verdict.reasons, "no line tells of memory")
    )
    if exhausted and verdict.name in {VerdictName.HEALTHY, VerdictName.CANNOT_TELL}:
        verdict = replace(verdict, name=VerdictName.SUSPECT, probability=0.5)
    if verdict.name is not VerdictName.LEAK:
        verdict = replace(verdict, settles=SETTLES)
    causes = tuple(says.named([finding for reading in readings for finding in reading.findings]))
    return Investigation(
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
        plan=says.steps(readings, str(target)),
    )


SETTLES: Final = "its memory over time: oakum investigate pid/N, or of a cluster deploy/NAMESPACE/NAME"


def _series(target: LogTarget, readings: Sequence[LogReading]) -> WorkloadSeries:
    """The heap after collections, as the collector told it: one lifetime for each log that has enough of them."""
    lifetimes = tuple(
        Series(np.array(told.at_s), np.array(told.after_bytes), np.full(len(told.at_s), inf))
        for reading in readings
        if (told := reading.collections) is not None and _enough(told)
    )
    return WorkloadSeries(str(target), lifetimes[-1:], scope=Scope.PROCESS, metric=Metric.HEAP_USED)


def _enough(told: Collections) -> bool:
    at_s = np.array(told.at_s)
    return len(at_s) >= LEAST_COLLECTIONS and bool((np.diff(at_s) > 0).all())


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
