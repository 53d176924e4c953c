"""Logs: what is looked for in them, what was found, and the port through which they come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from oakum.model.absent import Absent
from oakum.model.cause import CauseName, CodePlace

DISORDER_S: Final = 1.0
"""A clock that goes back by more than this, in seconds, was set anew."""


class Tells(StrEnum):
    """What a line of this pattern says of memory."""

    EXHAUSTED = "exhausted"
    """An allocation failed, or somebody died of memory."""
    STRAIN = "strain"
    """Memory or its collector is near its bound."""
    LEAK = "leak"
    """The program, or a library of it, says itself that something is not given back."""
    STARVED = "starved"
    """Something else that leaks ran out: connections, descriptors, threads."""
    BROKEN = "broken"
    """It ended, or was damaged, for another reason."""


class Clock(StrEnum):
    """What the times of a log are."""

    UTC = "utc"
    ASSUMED_UTC = "assumed-utc"
    """The log names no zone."""
    SINCE_START = "since-start"
    """Seconds since the program, or the machine, was started."""
    NONE = "none"
    """Its lines have no time that is understood: they are counted by their order."""


@dataclass(frozen=True, slots=True)
class LogPattern:
    """What to look for, what it means, and what to do.

    ``pattern``: a regular expression of Python that one line holds. ``words``: texts of which every such line holds
    one, in any case; what is read fast. ``error``: what it is called. ``location``: how the place in the code is found:
    ``stack``, ``none``, or a regular expression over the lines around with groups ``file``, ``line``, ``function``.
    ``least``: groups of the pattern that are numbers, and what they must reach. ``fallback``: only where no other
    pattern knows the line. ``action``, ``command``: what to do now; the command may hold ``{target}``, ``{pid}`` and
    the groups of the pattern. ``risk``: what the command does to who is looked at; told from the command where it is
    left out. ``cause``, ``against``: of which causes it speaks, and against which.
    """

    id: str
    pattern: str
    meaning: str
    words: tuple[str, ...]
    error: str
    runtime: str = "any"
    tells: Tells = Tells.STRAIN
    location: str = "stack"
    action: str = ""
    command: str = ""
    risk: str = ""
    cause: CauseName | None = None
    against: tuple[CauseName, ...] = ()
    least: Mapping[str, float] = field(default_factory=dict)
    fallback: bool = False


@dataclass(frozen=True, slots=True)
class LogCounts:
    """Counts over time, or over lines where no time is known: ``starts`` in that unit, ascending, each ``width`` long.

    ``starts`` are UTC epoch seconds, seconds since the start, or line numbers, as the log's clock says.
    """

    width: float
    starts: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LogFinding:
    """One pattern in one log. ``count``: lines. ``first_line``, ``last_line``: numbers from 1.

    ``first_s``, ``last_s``: in the log's clock; None where no line of it has a time. ``example``: the first line, its
    secrets masked, cut. ``groups``: what the pattern's groups held in the last one. ``places``: in the code, with how
    often each, the most frequent first. ``undated``: how many lines had no time, where others have. ``meant``: how many
    report it, and do not only speak of it (``logs/levels.py``); ``meant_line``, ``meant_s``: the last of those.
    """

    pattern: LogPattern
    count: int
    first_line: int
    last_line: int
    first_s: float | None
    last_s: float | None
    over: LogCounts
    example: str
    groups: Mapping[str, str] = field(default_factory=dict)
    places: tuple[tuple[CodePlace, int], ...] = ()
    undated: int = 0
    meant: int = 0
    meant_line: int = 0
    meant_s: float | None = None


@dataclass(frozen=True, slots=True)
class Collections:
    """What a garbage collector told of itself: ``pause_s`` of all pauses, ``longest_s`` of one, over ``span_s``.

    ``at_s``, ``after_bytes``: the heap after collections, in the order in which they were told, thinned.
    """

    count: int
    pause_s: float
    longest_s: float
    span_s: float | None
    at_s: tuple[float, ...] = ()
    after_bytes: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class LogReading:
    """One log that was read. ``findings``: the gravest first. ``first_s``, ``last_s``: of its earliest and latest time.

    ``of_bytes``: how large it is, packed where it is packed; None where that is not known. ``notes``: what is not as it
    should be: it was cut, it was rotated, it is not text. ``run_line``: where its clock counts since the start, the
    first line that is known to be of the last start; 0 where it never stepped back.
    """

    name: str
    bytes_read: int
    lines: int
    clock: Clock
    findings: tuple[LogFinding, ...]
    first_s: float | None = None
    last_s: float | None = None
    seconds: float = 0.0
    of_bytes: int | None = None
    previous: bool = False
    notes: tuple[str, ...] = ()
    collections: Collections | None = None
    run_line: int = 0


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log that can be read. ``key``: by which the port opens it. ``whose``: how it is known (``its standard error``).

    ``previous``: of a run before, or rotated away. ``printed``: what a container prints, as its runtime keeps it.
    """

    name: str
    key: str
    whose: str
    size_bytes: int | None = None
    previous: bool = False
    printed: bool = False


class LogPieces(Protocol):
    """A log being read."""

    @property
    def notes(self) -> Sequence[str]:
        """What was not as it should be; complete once the pieces have ended."""

    def pieces(self) -> Iterator[bytes]:
        """Its bytes in order, a MiB or so at once, unpacked."""


class Logs(Protocol):
    """The logs of this machine."""

    def of_process(self, pid: int) -> Sequence[LogFile | Absent]:
        """Where it writes to, and what is kept of it elsewhere. Raises TargetError when there is no such process."""

    def of_file(self, path: str) -> Sequence[LogFile]:
        """The file, and those that were rotated away from beside it, the oldest first; ``-``: standard input.

        Raises CallerError where it is not there, or is no regular file.
        """

    def open(self, log: LogFile, *, most_bytes: int | None = None) -> AbstractContextManager[LogPieces]:
        """``most_bytes``: the last so many of it. Raises TargetError where it may not be read or has gone."""
