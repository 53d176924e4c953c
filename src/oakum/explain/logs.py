"""What logs say of a leak: sentences, plain values, and what they change in the assessment. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from oakum.model.cause import Cause, CauseName
from oakum.model.log import Clock, LogFinding, LogPattern, LogReading, Tells
from oakum.model.runtime import RuntimeName
from oakum.model.step import Plan, Step
from oakum.model.units import format_count, format_duration, format_share, format_size
from oakum.model.verdict import Verdict, VerdictName

RECENT_S: Final = 86_400.0
"""What was said no longer ago than this says something of now, in seconds."""

STAMP_S: Final = 2.0
"""Times of logs are of whole seconds, and those of starts too, nearly."""

MOST_REASONS: Final = 3
MOST_STEPS: Final = 3
OF_OTHERS: Final = frozenset({"kernel", "kubernetes", "postgres", "redis"})
"""Whoever logs these speaks of somebody else's memory."""

ANYBODYS: Final = frozenset({"any", "native"})
"""Words of libraries that any program may have."""

WORDS: Final = {
    RuntimeName.CPYTHON: ("python",),
    RuntimeName.PYPY: ("python",),
    RuntimeName.NODE: ("node",),
    RuntimeName.DENO: ("node",),
    RuntimeName.JVM: ("jvm",),
    RuntimeName.NATIVE_IMAGE: ("jvm",),
    RuntimeName.GO: ("go",),
    RuntimeName.RUBY: ("ruby",),
    RuntimeName.DOTNET: ("dotnet",),
    RuntimeName.NATIVE: ("native", "rust"),
}
"""Whose patterns are a runtime's own words."""

LOOKED_AT: Final = frozenset({"pid", "cgroup", "deploy", "sts", "ds", "job", "pod"})
"""Kinds of targets that are no logs."""

CONFIDENT: Final = {Tells.LEAK: 0.6, Tells.EXHAUSTED: 0.5, Tells.STARVED: 0.4, Tells.STRAIN: 0.3}
SPEAKS: Final = 0.3
"""A cause of which a log speaks: so much of the doubt goes."""
DENIES: Final = 0.8
"""One against which it speaks keeps so much of its confidence."""

OVERHEAD: Final = 0.1
"""Collections that take more of the time than this are told."""

_HOLE: Final = re.compile(r"\{([a-z_]+)\}")


_DUMPS: Final = re.compile(r"\bheap capture\b|--inspect\b|\bGC\.heap_dump\b|\bdotnet-(?:gc)?dump\b|\bjmap\b|\bgcore\b")
_STOPS: Final = re.compile(r"\b(?:jcmd|jstack|jstat|py-spy|gdb|rbspy)\b")
_LOOKS: Final = re.compile(r"oakum (?:investigate|scan|heap analyze|heap diff)\b|ls ")

DUMPS: Final = (
    "stops it while its heap is written, seconds for each GB; the file may be as large as the heap, and holds every"
    " secret that stands there"
)


@dataclass(frozen=True, slots=True)
class Whose:
    """Of whom and of when the lines must be. ``now_s``, ``started_s``: UTC epoch seconds; None: not known.

    ``words``: whose patterns are its own words; none where its runtime is not known.
    """

    now_s: float
    words: frozenset[str] = frozenset()
    started_s: float | None = None

    @classmethod
    def of(cls, now_s: float, runtime: str = "", started_s: float | None = None) -> Whose:
        """``runtime``: ``cpython 3.11.7``."""
        name = runtime.partition(" ")[0]
        return cls(now_s, frozenset(WORDS[RuntimeName(name)] if name in WORDS else ()), started_s)

    @property
    def since_s(self) -> float:
        """What was said before is not of now."""
        day = self.now_s - RECENT_S
        return day if self.started_s is None else max(day, self.started_s - STAMP_S)

    def may_be(self, pattern: LogPattern) -> bool:
        """Whether those may be its own words; of what it runs is not known, all may."""
        if pattern.runtime in OF_OTHERS:
            return False
        return not self.words or pattern.runtime in self.words or pattern.runtime in ANYBODYS


def reading_line(reading: LogReading) -> str:
    """``app.log: 12.0 MiB, 81,000 lines from … to …: 3 patterns found``."""
    of = reading.of_bytes
    size = format_size(reading.bytes_read)
    part = f"{size}, " if of is None or of <= reading.bytes_read else f"{size} of {format_size(of)}, "
    span = ""
    if reading.first_s is not None and reading.last_s is not None:
        span = f" from {when(reading.first_s, reading.clock)} to {when(reading.last_s, reading.clock)}"
    found = len(reading.findings)
    says = "nothing of memory" if not found else "1 pattern" if found == 1 else f"{format_count(found)} patterns"
    zone = ", which name no zone: read as UTC" if reading.clock is Clock.ASSUMED_UTC else ""
    notes = "".join(f"; {note}" for note in reading.notes)
    name = f"{reading.name} (the run before)" if reading.previous else reading.name
    return f"{name}: {part}{format_count(reading.lines)} lines{span}{zone}: {says}{notes}"


def reading_facts(reading: LogReading) -> dict[str, object]:
    """Plain values."""
    told = reading.collections
    return {
        "log": reading.name,
        "previous": reading.previous,
        "bytes_read": reading.bytes_read,
        "of_bytes": reading.of_bytes,
        "lines": reading.lines,
        "clock": reading.clock.value,
        "first_s": reading.first_s,
        "last_s": reading.last_s,
        "patterns": [finding.pattern.id for finding in reading.findings],
        "notes": list(reading.notes),
        "collections": None
        if told is None
        else {"count": told.count, "pause_s": told.pause_s, "longest_s": told.longest_s, "span_s": told.span_s},
    }


def finding_line(finding: LogFinding, reading: LogReading) -> str:
    """``java.lang.OutOfMemoryError: Java heap space: 12 times, first …, last …, at Cart.java:42``."""
    parts = [f"{finding.pattern.error}: {_times(finding.count)}"]
    if finding.first_s is not None and finding.last_s is not None:
        first, last = when(finding.first_s, reading.clock), when(finding.last_s, reading.clock)
        parts.append(f"first {first}, last {last}" if finding.count > 1 else first)
        lasted_s = finding.last_s - finding.first_s
        if finding.count > 2 and lasted_s > 60:
            parts.append(f"about every {format_duration(lasted_s / (finding.count - 1))}")
    elif finding.count > 1:
        parts.append(f"lines {format_count(finding.first_line)} to {format_count(finding.last_line)}")
    else:
        parts.append(f"line {format_count(finding.first_line)}")
    if finding.places:
        parts.append(f"at {finding.places[0][0]}")
    before = " in the run before" if reading.previous else ""
    return f"{', '.join(parts)}{before}"


def finding_facts(finding: LogFinding, reading: LogReading) -> dict[str, object]:
    """Plain values: the record of the runbooks (error, pattern, location, action, command), and its counts."""
    pattern = finding.pattern
    return {
        "log": reading.name,
        "previous": reading.previous,
        "id": pattern.id,
        "error": pattern.error,
        "pattern": pattern.pattern,
        "meaning": pattern.meaning,
        "action": pattern.action,
        "command": pattern.command,
        "runtime": pattern.runtime,
        "tells": pattern.tells.value,
        "cause": None if pattern.cause is None else pattern.cause.value,
        "count": finding.count,
        "first_line": finding.first_line,
        "last_line": finding.last_line,
        "clock": reading.clock.value,
        "first_s": finding.first_s,
        "last_s": finding.last_s,
        "undated": finding.undated,
        "meant": finding.meant,
        "width": finding.over.width,
        "starts": list(finding.over.starts),
        "counts": list(finding.over.counts),
        "example": finding.example,
        "location": str(finding.places[0][0]) if finding.places else None,
        "places": [{"place": str(place), "count": count} for place, count in finding.places],
    }


def collections_line(reading: LogReading) -> str:
    """How long it stopped the program; "" where no collector spoke."""
    told = reading.collections
    if told is None:
        return ""
    line = f"{reading.name}: {_times(told.count)} its collector stopped it, {format_duration(told.pause_s)} in all,"
    line += f" the longest {format_duration(told.longest_s)}"
    share = overhead(reading)
    return line if share is None else f"{line}: {format_share(share)} of the time"


def overhead(reading: LogReading) -> float | None:
    told = reading.collections
    if told is None or told.span_s is None or told.span_s < 10:
        return None
    return min(told.pause_s / told.span_s, 1.0)


def reasons(readings: Sequence[LogReading], whose: Whose) -> tuple[str, ...]:
    """The gravest of what was said lately, the present run's first."""
    rows = [
        (reading.previous, finding, reading)
        for reading in readings
        for finding in reading.findings
        if finding.pattern.tells is not Tells.BROKEN
    ]
    order = list(Tells)
    rows.sort(
        key=lambda row: (not recent(row[1], row[2], whose), row[0], order.index(row[1].pattern.tells), -row[1].count)
    )
    told = [
        f"in its log: {finding_line(finding, reading)}{_concludes_nothing(finding, reading, whose)}"
        for _, finding, reading in rows[:MOST_REASONS]
    ]
    busy = [reading for reading in readings if (share := overhead(reading)) is not None and share >= OVERHEAD]
    return (*told, *(collections_line(reading) for reading in busy))


def recent(finding: LogFinding, reading: LogReading, whose: Whose) -> bool:
    """Whether it says something of now: in its last day and its present run; without any date, in the present log."""
    return _of_now(finding.last_s, finding.last_line, reading, whose)


def _of_now(at_s: float | None, line: int, reading: LogReading, whose: Whose) -> bool:
    if reading.clock is Clock.NONE:
        return not reading.previous
    if at_s is None:
        return False
    if reading.clock is Clock.SINCE_START:
        return not reading.previous and line >= reading.run_line
    return at_s >= whose.since_s


def accuses(finding: LogFinding, reading: LogReading, whose: Whose) -> bool:
    """Whether it shows that memory ran out, now, of who is looked at: it reports it, in words that are its own."""
    return finding.pattern.tells is Tells.EXHAUSTED and not _doubt(finding, reading, whose)


def _doubt(finding: LogFinding, reading: LogReading, whose: Whose) -> str:
    """Why nothing is concluded of memory that ran out; "" where it is."""
    pattern = finding.pattern
    if pattern.runtime in OF_OTHERS:
        return f"{pattern.runtime} tells it of others"
    if pattern.fallback or pattern.runtime == "any":
        return "anybody writes such words"
    if not finding.meant:
        return "the line speaks of it, and does not report it"
    if not whose.words:
        return "whose words they are is not known"
    if pattern.runtime not in whose.words:
        return f"those are words of {pattern.runtime}, not of what it runs"
    if not _of_now(finding.meant_s, finding.meant_line, reading, whose):
        return "it is of a run before, or of more than a day ago"
    return ""


def _concludes_nothing(finding: LogFinding, reading: LogReading, whose: Whose) -> str:
    if finding.pattern.tells is not Tells.EXHAUSTED or (reading.previous and reading.clock is Clock.NONE):
        return ""
    doubt = _doubt(finding, reading, whose)
    return f"; nothing is concluded of it: {doubt}" if doubt else ""


def words_of(readings: Sequence[LogReading]) -> frozenset[str]:
    """Whose words a log holds for the most part: more than half of the lines; of nobody where none has that."""
    counts: dict[str, int] = {}
    for reading in readings:
        for finding in reading.findings:
            if finding.pattern.runtime != "any" and finding.pattern.runtime not in OF_OTHERS:
                counts[finding.pattern.runtime] = counts.get(finding.pattern.runtime, 0) + finding.count
    return frozenset(name for name, count in counts.items() if 2 * count > sum(counts.values()))


def with_logs(
    verdict: Verdict, causes: tuple[Cause, ...], readings: Sequence[LogReading], whose: Whose
) -> tuple[Verdict, tuple[Cause, ...]]:
    """The assessment and the causes with what the logs say.

    Who ran out of memory in its last day is not healthy, whatever half a minute of its curve shows: a heap that is full
    is flat. It is no leak for that either: a bound that is too small ends the same way. Programs write what others told
    them, so a line that may be somebody else's is a reason and accuses nobody.
    """
    rows = [(finding, reading) for reading in readings for finding in reading.findings]
    told = reasons(readings, whose)
    if not told:
        return verdict, causes
    spoke = [finding for finding, log in rows if whose.may_be(finding.pattern) and recent(finding, log, whose)]
    exhausted = any(accuses(finding, log, whose) for finding, log in rows)
    unsure = verdict.name in {VerdictName.HEALTHY, VerdictName.CANNOT_TELL}
    if exhausted and unsure:
        verdict = replace(
            verdict,
            name=VerdictName.SUSPECT,
            probability=max(verdict.probability or 0.0, 0.5),
            reasons=(*told, *verdict.reasons),
            settles=verdict.settles
            or "what fills its memory, as the plan has it: a leak, or a bound that is too small",
        )
    else:
        verdict = replace(verdict, reasons=(*verdict.reasons, *told))
    weighed = tuple(_weighed(cause, spoke) for cause in causes)
    if not causes and verdict.name is not VerdictName.HEALTHY:
        weighed = tuple(named(spoke))
    return verdict, tuple(weighed)


def _weighed(cause: Cause, findings: Sequence[LogFinding]) -> Cause:
    for finding in findings:
        line = f"its log tells {_times(finding.count)} of {finding.pattern.error}"
        if finding.pattern.cause is cause.name:
            confidence = round(1 - (1 - cause.confidence) * (1 - SPEAKS), 2)
            cause = replace(cause, confidence=confidence, why=(*cause.why, line), evidence=(*cause.evidence, "log"))
        elif cause.name in finding.pattern.against:
            against = f"{line}: that is another memory"
            cause = replace(cause, confidence=round(cause.confidence * DENIES, 2), against=(*cause.against, against))
    return cause


def named(findings: Sequence[LogFinding]) -> Iterator[Cause]:
    """Causes of which logs speak, where nothing else names one: what they hold is not known."""
    by_cause: dict[CauseName, list[LogFinding]] = {}
    for finding in findings:
        if finding.pattern.cause is not None and finding.pattern.tells is not Tells.BROKEN:
            by_cause.setdefault(finding.pattern.cause, []).append(finding)
    for name, rows in by_cause.items():
        first = rows[0]
        places = tuple(dict.fromkeys(place for row in rows for place, _ in row.places))[:4]
        yield Cause(
            name=name,
            confidence=max(CONFIDENT.get(row.pattern.tells, 0.3) for row in rows),
            title=first.pattern.error,
            holder=first.pattern.error,
            retained_bytes=None,
            growth_bytes_per_s=math.nan,
            where=places,
            why=tuple(f"{row.pattern.error}, {_times(row.count)}: {row.pattern.meaning}" for row in rows),
            advice=first.pattern.action or first.pattern.meaning,
            evidence=("log",),
        )


def steps(readings: Sequence[LogReading], target: str, whose: Whose) -> Plan:
    """What the patterns that were found would have done, the gravest first; of words that are its own."""
    made: dict[tuple[str, str], Step] = {}
    for reading in readings:
        for finding in reading.findings:
            pattern = finding.pattern
            if not (pattern.action and (whose.may_be(pattern) or pattern.runtime in OF_OTHERS)):
                continue
            command = filled(pattern.command, {**finding.groups, **whom(target)})
            if pattern.command.startswith("oakum investigate {target}") and target.partition("/")[0] in LOOKED_AT:
                # It has just been looked at.
                command = ""
            risk = pattern.risk if pattern.risk and (command or not pattern.command) else risk_of(command)
            step = Step(pattern.action, effect=f"{pattern.error}: {pattern.meaning}", risk=risk, command=command)
            made.setdefault((pattern.action, command), step)
    return Plan(tuple(made.values())[:MOST_STEPS])


def risk_of(command: str) -> str:
    """What a command does to who is looked at."""
    if not command:
        return "none here: nothing is run"
    if _DUMPS.search(command):
        return DUMPS
    if _STOPS.search(command):
        return "stops it for a moment"
    return "none: it looks" if _LOOKS.match(command) else "not known: see what it does before it is run"


def whom(target: str) -> Mapping[str, str]:
    """What a command's holes are filled with. A log alone does not say whose it is, nor a workload which process."""
    kind, _, rest = target.partition("/")
    known = {"target": target} if kind in {"pid", "cgroup"} else {}
    return {**known, "pid": rest} if kind == "pid" else known


def filled(command: str, known: Mapping[str, str]) -> str:
    """What is not known stays to be filled in by a person: ``TARGET``. A text from a log never becomes a command."""

    def fill(hole: re.Match[str]) -> str:
        value = known.get(hole[1], "")
        return value if re.fullmatch(r"[\w./@:+-]+", value) else hole[1].upper()

    return _HOLE.sub(fill, command)


def when(at_s: float, clock: Clock) -> str:
    if clock is Clock.SINCE_START:
        return f"{format_duration(at_s)} after the start"
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M:%S}Z"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{format_count(count)} times"
