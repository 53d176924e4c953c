"""One log, read as it comes: bytes in, findings out, in bounded memory however long it or its lines are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.logs.found import Found
from oakum.logs.kernels import lines_in
from oakum.logs.lines import said, showable
from oakum.logs.numbers import number, reaches
from oakum.logs.pauses import Pauses
from oakum.logs.places import place
from oakum.logs.stamps import Runs, Stamp, Stamps
from oakum.logs.texts import COMPILED_BYTES, Texts
from oakum.model.log import Clock, LogPattern, LogReading, Tells

AROUND: Final = 16 << 10
"""So many bytes before and after a line are kept for its time and its place."""

LINE_BYTES: Final = 4 << 10
"""Of a longer line an expression sees so much around the text that it was found by, a quarter of it before."""

PLACE_BYTES: Final = 8 << 10
"""And so much is seen where the place in the code is looked for."""

BACK_LINES: Final = 40
"""A line without a time has that of the nearest one so many lines above it."""

IN_VAIN: Final = 200
"""Where so many looks back found no time, only a line's own is read."""

TRIED: Final = 64
"""So often one pattern is tried on one line."""

STOPPED: Final = "the time for reading logs was over before its end"

GRAVITY: Final = (Tells.EXHAUSTED, Tells.LEAK, Tells.STARVED, Tells.STRAIN, Tells.BROKEN)


@dataclass(slots=True)
class _Line:
    """One line of the buffer. ``number``: from 1, 0 before it is counted. ``known``: some pattern has counted it."""

    begin: int
    end: int
    number: int = 0
    stamp: Stamp | None = None
    known: bool = False


@lru_cache(maxsize=4)
def _texts(words: tuple[str, ...]) -> Texts:
    return Texts(words)


class LogReader:
    """``feed`` it the bytes in order, then ask ``finish``. ``now_s``: for the year of times that name none.

    ``over``: asked before each line that may match; once it is true no further line is looked at.
    """

    def __init__(
        self, patterns: Sequence[LogPattern], *, now_s: float, over: Callable[[], bool] = lambda: False
    ) -> None:
        self.stopped = False
        """``over`` was true before the end."""
        self._over = over
        self._found = [Found(pattern) for pattern in patterns]
        whose: dict[str, list[int]] = {}
        for index, pattern in enumerate(patterns):
            for word in pattern.words:
                whose.setdefault(word.lower(), []).append(index)
        self._whose = list(whose.values())
        self._texts = _texts(tuple(whose))
        self._stamps = Stamps(now_s)
        self._pauses = Pauses()
        self._runs = Runs()
        self._buffer = b""
        self._at = 0
        """Windows that end before this place of the buffer have been looked at."""
        self._counted = 0
        """Lines that end before this place have been counted."""
        self._line = 1
        self._bytes = 0
        self._clocks: set[Clock] = set()
        self._span: tuple[float, float] | None = None
        self._in_vain = 0
        self._nul = False
        self._probed = False

    def feed(self, data: bytes) -> None:
        if self.stopped or not data:
            return
        self._bytes += len(data)
        self._buffer = self._buffer + data if self._buffer else data
        if not self._probed and len(self._buffer) >= AROUND:
            self._probe(self._buffer[:AROUND])
        limit = len(self._buffer) - AROUND
        # Whole lines: what a line says is decided by all that it holds. One that is longer than a piece is cut.
        self._work(self._buffer.rfind(b"\n", self._at, max(limit, self._at)) + 1 or limit)
        keep = max(0, self._at - AROUND)
        if keep:
            self._counted_to(self._view(), keep)
            self._buffer = self._buffer[keep:]
            self._at -= keep
            self._counted -= keep

    def finish(self, name: str = "", *, notes: Iterable[str] = ()) -> LogReading:
        """Nothing can be fed afterwards."""
        if not self._probed:
            self._probe(self._buffer[:AROUND])
        self._work(len(self._buffer))
        last = self._probe(self._buffer[-AROUND:])
        data = self._view()
        self._counted_to(data, len(self._buffer))
        clock = self._clock()
        findings = [each.finding(clock) for each in self._found if each.count]
        findings.sort(key=lambda each: (GRAVITY.index(each.pattern.tells), -each.count))
        first_s, last_s = self._span or (None, None)
        lines = self._line - 1 + bool(self._buffer and not self._buffer.endswith(b"\n"))
        self._runs.see(lines, last)
        told = (
            (*notes, "it holds zero bytes: it is no plain text, or it was cut while it was written")
            if self._nul
            else notes
        )
        return LogReading(
            name,
            self._bytes,
            lines,
            clock,
            tuple(findings),
            first_s,
            last_s,
            notes=tuple(told),
            collections=self._pauses.told(),
            run_line=self._runs.line,
        )

    def _view(self) -> NDArray[np.uint8]:
        return np.frombuffer(self._buffer, np.uint8)

    def _clock(self) -> Clock:
        """The firmest that was seen."""
        order = (Clock.UTC, Clock.ASSUMED_UTC, Clock.SINCE_START)
        return next((clock for clock in order if clock in self._clocks), Clock.NONE)

    def _work(self, end: int) -> None:
        if self.stopped or end <= self._at:
            return
        data = self._view()
        line_end, tried = -1, dict[int, int]()
        begin = 0
        candidates: dict[int, int] = {}
        while self._at < end:
            places, texts, self._at = self._texts.find(data, self._at, end)
            for at, text in zip(places.tolist(), texts.tolist(), strict=True):
                if at >= line_end:
                    self._decide(data, begin, candidates)
                    candidates, tried = {}, {}
                    if self._is_over():
                        return
                    begin = self._buffer.rfind(b"\n", 0, at) + 1
                    line_end = self._buffer.find(b"\n", at)
                    line_end = len(self._buffer) if line_end < 0 else line_end
                for index in self._whose[text]:
                    count = tried[index] = tried.get(index, 0) + 1
                    if index not in candidates or (count <= TRIED and line_end - begin > LINE_BYTES):
                        self._consider(index, begin, line_end, at, candidates)
        self._decide(data, begin, candidates)

    def _is_over(self) -> bool:
        self.stopped = self.stopped or self._over()
        return self.stopped

    def _consider(self, index: int, begin: int, end: int, at: int, candidates: dict[int, int]) -> None:
        """A long line is tried where each text was found; a short one once."""
        if end - begin <= LINE_BYTES:
            candidates[index] = at
            return
        if index in candidates and self._is_over():
            return
        if index not in candidates or self._found[index].regex.search(self._window(begin, end, at)) is not None:
            candidates[index] = at

    def _window(self, begin: int, end: int, at: int, most: int = LINE_BYTES) -> str:
        """The line, or what is seen of it, as the program said it."""
        low, high = begin, end
        if end - begin > most:
            low = max(begin, at - most // 4)
            high = min(end, low + most)
        return said(self._buffer[low:high].decode("utf-8", "replace"))

    def _decide(self, data: NDArray[np.uint8], begin: int, candidates: dict[int, int]) -> None:
        """Counts the patterns of one line. ``candidates``: by pattern, where a text of it was found."""
        if not candidates:
            return
        end = self._buffer.find(b"\n", next(iter(candidates.values())))
        here = _Line(begin, len(self._buffer) if end < 0 else end)
        for index in sorted(candidates, key=lambda each: (self._found[each].pattern.fallback, each)):
            if not (self._found[index].pattern.fallback and here.known):
                self._try(self._found[index], here, candidates[index], data)

    def _try(self, found: Found, here: _Line, at: int, data: NDArray[np.uint8]) -> None:
        line = self._window(here.begin, here.end, at)
        match = found.regex.search(line)
        if match is None:
            return
        if not here.number:
            self._counted_to(data, here.begin)
            here.number, here.stamp = self._line, self._when(here.begin, here.end)
            self._runs.see(here.number, here.stamp)
        if found.last_line == here.number:
            here.known = True
            return
        groups = match.groupdict()
        if "ms" in groups and "after" in groups:
            self._collected(found.pattern, here.stamp, groups)
        if not reaches(found.pattern, groups):
            return
        here.known = True
        found.add(here.number, None if here.stamp is None else here.stamp.at_s, match)
        if found.count == 1:
            found.shows(showable(line, match.start()))
        if found.wants_place:
            before = self._buffer[max(0, here.begin - AROUND) : here.begin].decode("utf-8", "replace")
            after = self._buffer[here.end + 1 : here.end + 1 + AROUND].decode("utf-8", "replace")
            wide = self._window(here.begin, here.end, at, PLACE_BYTES)
            found.stood(place(found.pattern.runtime, found.pattern.location, _said(before), wide, _said(after)))

    def _collected(self, pattern: LogPattern, stamp: Stamp | None, groups: dict[str, str | None]) -> None:
        after, pause = number(groups["after"]), number(groups["ms"])
        # V8 writes MB without saying so.
        scale = 1 << 20 if pattern.runtime == "node" else 1
        at_s = None if stamp is None else stamp.at_s
        self._pauses.add(at_s, (pause or 0.0) / 1000, None if after is None else after * scale)

    def _counted_to(self, data: NDArray[np.uint8], end: int) -> None:
        if end > self._counted:
            plain = getattr(lines_in, "py_func", None)
            few = end - self._counted <= COMPILED_BYTES and plain is not None
            self._line += (
                self._buffer.count(b"\n", self._counted, end) if few else int(lines_in(data, self._counted, end))
            )
            self._counted = end

    def _when(self, begin: int, end: int) -> Stamp | None:
        """The line's own time, or that of the nearest one above."""
        own = self._stamp(begin, end)
        if own is not None or self._in_vain >= IN_VAIN:
            return own
        low = max(0, begin - AROUND)
        for _ in range(BACK_LINES):
            if begin <= low:
                break
            end, begin = begin - 1, self._buffer.rfind(b"\n", low, begin - 1) + 1
            begin = max(begin, low)
            found = self._stamp(begin, end)
            if found is not None:
                self._in_vain = 0
                return found
        self._in_vain += 1
        return None

    def _stamp(self, begin: int, end: int) -> Stamp | None:
        raw = self._buffer[begin : min(end, begin + 1024)].decode("utf-8", "replace")
        stamp = self._stamps.of(raw) or self._stamps.of(said(raw))
        if stamp is None:
            return None
        self._clocks.add(stamp.clock)
        low, high = self._span or (stamp.at_s, stamp.at_s)
        self._span = (min(low, stamp.at_s), max(high, stamp.at_s))
        return stamp

    def _probe(self, part: bytes) -> Stamp | None:
        """The first and the last lines tell how long it is. The last time among them."""
        last = None
        self._probed = True
        self._nul = self._nul or b"\0" in part
        lines = part.split(b"\n")
        for raw in (*lines[:20], *lines[-20:]):
            stamp = self._stamps.of(raw[:1024].decode("utf-8", "replace"))
            if stamp is not None:
                last = stamp
                self._clocks.add(stamp.clock)
                low, high = self._span or (stamp.at_s, stamp.at_s)
                self._span = (min(low, stamp.at_s), max(high, stamp.at_s))
        return last


def _said(text: str) -> str:
    return "\n".join(said(line) for line in text.split("\n"))


def read_log(
    pieces: Iterable[bytes],
    patterns: Sequence[LogPattern],
    *,
    now_s: float,
    name: str = "",
    previous: bool = False,
    over: Callable[[], bool] = lambda: False,
) -> LogReading:
    """All of one log, or what of it was read before ``over``."""
    reader = LogReader(patterns, now_s=now_s, over=over)
    for piece in pieces:
        reader.feed(piece)
    read = replace(reader.finish(name), previous=previous)
    return replace(read, notes=(*read.notes, STOPPED)) if reader.stopped else read
