"""The time that a line names: UTC epoch seconds, or seconds since the start. Many formats, told from the line alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf
from typing import Final

from oakum.model.log import DISORDER_S, Clock

LOOKED_AT: Final = 400
"""A time stands within so many letters of the line's begin."""

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_CLOCK: Final = r"(?P<h>[01]\d|2[0-3]):(?P<mi>[0-5]\d):(?P<s>[0-5]\d|60)(?:[.,](?P<f>\d{1,9}))?"
_ZONE: Final = r"(?:\s?(?P<z>Z|UTC|GMT|[+-]\d\d:?\d\d))?"
_NAMED: Final = "|".join(name.title() for name in _MONTHS)

FORMATS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        # ISO 8601 and its kin: 2026-11-22T06:05:57.123Z, 2026-11-22 06:05:57,123 +0100, 2026/11/22 06:05:57
        rf"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<sep>[-/])(?P<mo>\d\d)(?P=sep)(?P<d>\d\d)[T _]{_CLOCK}{_ZONE}",
        # Apache: [22/Nov/2026:06:05:57 +0000]
        rf"(?<!\d)(?P<d>\d\d)/(?P<mon>{_NAMED})/(?P<y>\d{{4}}):{_CLOCK}{_ZONE}",
        # Redis: 22 Nov 2026 06:05:57.123
        rf"(?<!\d)(?P<d>\d\d?) (?P<mon>{_NAMED}),? (?P<y>\d{{4}}) {_CLOCK}{_ZONE}",
        # asctime: Sun Nov 22 06:05:57 2026
        rf"\b(?P<mon>{_NAMED}) (?P<d>[ \d]\d) {_CLOCK} (?:(?P<z>UTC|GMT) )?(?P<y>\d{{4}})",
        # java.util.logging: Nov 22, 2026 6:05:57 PM
        rf"\b(?P<mon>{_NAMED}) (?P<d>\d\d?), (?P<y>\d{{4}}) (?P<h>1?\d):(?P<mi>[0-5]\d):(?P<s>[0-5]\d) (?P<half>[AP]M)",
        # syslog: Nov 22 06:05:57
        rf"^(?:<\d+>)?(?P<mon>{_NAMED}) (?P<d>[ \d]\d) {_CLOCK}",
        # klog: I1122 06:05:57.123456
        rf"^[IWEF](?P<mo>[01]\d)(?P<d>[0-3]\d) {_CLOCK}",
        # epoch in JSON or at the begin: "ts":1700000000.123, 1700000000123
        r'(?:^|"(?:ts|time|timestamp|@timestamp|t)" ?: ?"?)(?P<e>1\d{9}(?:\d{3}){0,3})(?:\.(?P<f>\d{1,9}))?(?!\d)',
        # since the start: JVM [12.345s], kernel [  12.345678], V8 and Go: 12.345: …, gc 1 @0.012s
        r"^(?:\[|gc \d+ @)\s*(?P<up>\d{1,9}\.\d{1,9})(?:s?\]|s )",
        r"^\[\d+:0x[0-9a-f]+\]\s+(?P<upms>\d{1,12}) ms: ",
        r"^(?P<up>\d{1,9}\.\d{3}): \[",
    )
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """``at_s``: in what ``clock`` says."""

    at_s: float
    clock: Clock


class Stamps:
    """Reads times of one log. ``now_s``: UTC epoch seconds, for the year of those that name none."""

    def __init__(self, now_s: float) -> None:
        self._now_s = now_s
        self._usual = 0

    def of(self, line: str) -> Stamp | None:
        """That of a line without what stands before it (``lines.py``); None where it has none."""
        begin = line[:LOOKED_AT]
        usual = self._read(self._usual, begin)
        if usual is not None:
            return usual
        for number in range(len(FORMATS)):
            found = None if number == self._usual else self._read(number, begin)
            if found is not None:
                self._usual = number
                return found
        return None

    def _read(self, number: int, begin: str) -> Stamp | None:
        match = FORMATS[number].search(begin)
        return None if match is None else _stamp(match.groupdict(), self._now_s)


class Runs:
    """Where a clock that counts since the start begins anew.

    ``line``: the first that is known to be of the last run; 0 where there is one.
    """

    def __init__(self) -> None:
        self.line = 0
        self._at_s = -inf

    def see(self, line: int, stamp: Stamp | None) -> None:
        """In the order of lines. Threads write a little out of it."""
        if stamp is None or stamp.clock is not Clock.SINCE_START:
            return
        if stamp.at_s < self._at_s - DISORDER_S:
            self.line = line
        self._at_s = stamp.at_s


def _stamp(parts: dict[str, str | None], now_s: float) -> Stamp | None:
    if (up := parts.get("up")) is not None:
        return Stamp(float(up), Clock.SINCE_START)
    if (upms := parts.get("upms")) is not None:
        return Stamp(float(upms) / 1000, Clock.SINCE_START)
    fraction = float(f"0.{parts.get('f') or 0}")
    if (epoch := parts.get("e")) is not None:
        return Stamp(int(epoch) / 10 ** (len(epoch) - 10) + fraction, Clock.UTC)
    month = _MONTHS[name.lower()] if (name := parts.get("mon")) is not None else int(parts["mo"] or 0)
    day, hour = int(parts["d"] or 0), int(parts["h"] or 0)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    if parts.get("half"):
        hour = hour % 12 + (12 if parts["half"] == "PM" else 0)
    of_day_s = hour * 3600 + int(parts["mi"] or 0) * 60 + int(parts["s"] or 0) + fraction
    if parts.get("y"):
        at_s = days(int(parts["y"] or 0), month, day) * 86_400 + of_day_s
    else:
        # Of this year, or of the last one where that would be tomorrow or later.
        year = year_of(now_s)
        at_s = days(year, month, day) * 86_400 + of_day_s
        at_s = at_s if at_s <= now_s + 86_400 else days(year - 1, month, day) * 86_400 + of_day_s
    zone = parts.get("z")
    return Stamp(at_s - _offset_s(zone), Clock.UTC if zone else Clock.ASSUMED_UTC)


def _offset_s(zone: str | None) -> int:
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "")
    return (1 if zone[0] == "+" else -1) * (int(digits[:2]) * 3600 + int(digits[2:]) * 60)


def days(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 on, by the Gregorian calendar: years begin in March, so that a leap day ends one."""
    year -= month < 3
    of_year = (153 * (month + (9 if month < 3 else -3)) + 2) // 5 + day - 1
    return 365 * year + year // 4 - year // 100 + year // 400 + of_year - 719_468


def year_of(at_s: float) -> int:
    day = int(at_s // 86_400)
    year = 1970 + day // 366
    while days(year + 1, 1, 1) <= day:
        year += 1
    return year
