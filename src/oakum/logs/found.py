"""What has been found so far of one pattern in one log."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from oakum.logs.levels import only_speaks
from oakum.logs.tally import MINUTE_S, Tally
from oakum.model.cause import CodePlace
from oakum.model.log import Clock, LogFinding, LogPattern

MOST_PLACES: Final = 16
PLACED: Final = 256
"""For the first so many lines the place is looked for: a log that is full of one error names it by then."""

ORDER: Final = 1000
"""Where no time is known, lines are counted in steps of so many."""


class Found:
    """Grows by a line at a time."""

    def __init__(self, pattern: LogPattern) -> None:
        self.pattern = pattern
        self.regex = re.compile(pattern.pattern)
        self.count = 0
        self.last_line = 0
        self._first_line = 0
        self._timed, self._ordered = Tally(MINUTE_S), Tally(ORDER)
        self._first_s: float | None = None
        self._last_s: float | None = None
        self._undated = 0
        self._meant = self._meant_line = 0
        self._meant_s: float | None = None
        self._example = ""
        self._groups: dict[str, str] = {}
        self._places: Counter[CodePlace] = Counter()

    @property
    def wants_place(self) -> bool:
        return self.pattern.location != "none" and self.count <= PLACED

    def add(self, line: int, at_s: float | None, match: re.Match[str]) -> None:
        """``line``: its number from 1."""
        self._first_line = self._first_line or line
        self.last_line = line
        self.count += 1
        self._groups |= {name: text for name, text in match.groupdict().items() if text is not None}
        self._ordered.add(line)
        if not only_speaks(match.string, match.start()):
            self._meant, self._meant_line = self._meant + 1, line
            if at_s is not None:
                self._meant_s = at_s if self._meant_s is None else max(self._meant_s, at_s)
        if at_s is None:
            self._undated += 1
            return
        self._timed.add(at_s)
        self._first_s = at_s if self._first_s is None else min(self._first_s, at_s)
        self._last_s = at_s if self._last_s is None else max(self._last_s, at_s)

    def shows(self, example: str) -> None:
        self._example = example

    def stood(self, place: CodePlace | None) -> None:
        if place is not None and (place in self._places or len(self._places) < MOST_PLACES):
            self._places[place] += 1

    def finding(self, clock: Clock) -> LogFinding:
        timed = self._first_s is not None and clock is not Clock.NONE
        return LogFinding(
            self.pattern,
            self.count,
            self._first_line,
            self.last_line,
            self._first_s,
            self._last_s,
            (self._timed if timed else self._ordered).counts(),
            self._example,
            dict(self._groups),
            tuple(self._places.most_common()),
            self._undated if timed else 0,
            self._meant,
            self._meant_line,
            self._meant_s,
        )
