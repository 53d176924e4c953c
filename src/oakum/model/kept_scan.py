"""Scans on record: what one was, and what has changed since."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from oakum.model.errors import CallerError
from oakum.model.series import Unit
from oakum.model.verdict import VerdictName

BASELINE: Final = "baseline"
"""The scan of this name is the state that was accepted."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NUMBER: Final = re.compile(r"scan-([1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class KeptScan:
    """``source``: what was scanned, the same wherever it is asked for. ``at_s``: when it was made, UTC epoch seconds.

    ``document``: ``oakum.scan/1``. ``name``: as a person keeps it, "" for none.
    """

    source: str
    at_s: float
    document: Mapping[str, object]
    name: str = ""
    number: int = 0

    @property
    def id(self) -> str:
        return f"scan-{self.number}"

    @property
    def title(self) -> str:
        return f"{self.id} ({self.name})" if self.name else self.id


@dataclass(frozen=True, slots=True)
class KeptHead:
    """The same without what was found."""

    source: str
    at_s: float
    name: str
    number: int


@dataclass(frozen=True, slots=True)
class ScanBounds:
    """What is kept of one source: ``most`` scans, and none from before ``before_s``; the last of each name stays."""

    most: int
    before_s: float


def kept_name(text: str) -> str:
    """Raises CallerError for a name that no scan can be kept under."""
    if not _NAME.fullmatch(text) or _NUMBER.fullmatch(text):
        raise CallerError(
            f"a scan cannot be kept as {text!r}",
            why="a name is letters, digits, dots, dashes and underscores, 64 at most; scan-12 is a number",
            next_step="--keep nightly",
        )
    return text


def scan_number(text: str) -> int | None:
    """12 of ``scan-12``; None for a name."""
    found = _NUMBER.fullmatch(text)
    return int(found[1]) if found else None


class ChangeName(StrEnum):
    """What is other than it was."""

    NEW_LEAK = "new-leak"
    BECAME_LEAK = "became-leak"
    KILLED = "killed"
    FASTER = "faster"
    NEW_SUSPECT = "new-suspect"
    APPEARED = "appeared"
    SLOWER = "slower"
    UNSETTLED = "unsettled"
    ENDED = "ended"
    GONE = "gone"

    @property
    def is_worse(self) -> bool:
        return self in WORSE


WORSE: Final = frozenset(
    {ChangeName.NEW_LEAK, ChangeName.BECAME_LEAK, ChangeName.KILLED, ChangeName.FASTER, ChangeName.NEW_SUSPECT}
)


@dataclass(frozen=True, slots=True)
class Standing:
    """One series of a scan, as far as scans are compared. ``key``: the same across restarts, pods and pids.

    ``title``: a process's command, "" for what has a name by itself.
    ``rate_per_s``, ``rate_interval`` and ``level`` are in ``unit``. ``kills``: for memory, as far as they were told;
    ``last_kill_s``: the last one, UTC epoch seconds, None where nobody told when.
    """

    key: str
    id: str
    verdict: VerdictName
    unit: Unit = "bytes"
    level: float = math.nan
    rate_per_s: float | None = None
    rate_interval: tuple[float, float] | None = None
    kills: int = 0
    last_kill_s: float | None = None
    muted: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """``was``: None where it was not there; ``now``: None where it is there no more."""

    name: ChangeName
    was: Standing | None
    now: Standing | None

    @property
    def standing(self) -> Standing:
        """The later one."""
        found = self.now or self.was
        assert found is not None
        return found

    @property
    def id(self) -> str:
        return self.standing.id


@dataclass(frozen=True, slots=True)
class Since:
    """What has changed since ``title``, which was made at ``at_s`` (UTC epoch seconds). ``changes``: the worst first.

    ``fresh``: ids of the series that are new, or worse than they were. ``only_fresh``: no other is to be shown.
    ``notes``: what makes the two hard to compare. ``partial``: of the earlier one.
    """

    title: str
    name: str
    source: str
    at_s: float
    changes: tuple[Change, ...] = ()
    fresh: frozenset[str] = frozenset()
    only_fresh: bool = False
    partial: bool = False
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> Counter[ChangeName]:
        """Of each kind, the worst kind first."""
        return Counter(change.name for change in self.changes)
