"""How long a goroutine waits where its source has it wait for the clock alone: such a one ends by itself."""

from __future__ import annotations

import re
from typing import Final

from oakum.model.cause import CodePlace

_UNITS: Final = {"Millisecond": 1e-3, "Second": 1.0, "Minute": 60.0, "Hour": 3600.0}
_SPAN: Final = re.compile(r"(?:(\d+)\s*\*\s*)?time\.(Millisecond|Second|Minute|Hour)(?:\s*\*\s*(\d+))?")
_WAITS: Final = re.compile(r"(?:<-\s*time\.After|time\.Sleep)\((.+)\)$")
_TIMER: Final = re.compile(r"<-\s*(\w+)\.C$")


def due_s(text: str, place: CodePlace) -> float | None:
    """Seconds; None where the line waits for anything else too, in a loop, or for a time that is not told.

    ``text``: as gofmt leaves it. What a line stands in is told by its indentation.
    """
    lines = text.split("\n")
    if not 0 < place.line <= len(lines):
        return None
    line = lines[place.line - 1]
    around = _around(lines, place.line - 1)
    if around is None:
        return None
    waits, timer = _WAITS.match(line.strip()), _TIMER.match(line.strip())
    if waits is not None:
        return _seconds(waits[1], text)
    made = re.compile(rf"{re.escape(timer[1])}\s*:=\s*time\.NewTimer\((.+)\)$") if timer is not None else None
    found = [match for each in around if made is not None and (match := made.match(each.strip())) is not None]
    return _seconds(found[0][1], text) if len(found) == 1 else None


def _around(lines: list[str], at: int) -> list[str] | None:
    """The lines of its function before this one; None in a loop, in a select, or outside of all functions."""
    least = _indent(lines[at])
    for before in range(at - 1, -1, -1):
        line = lines[before]
        if not line.strip() or _indent(line) >= least:
            continue
        least = _indent(line)
        head = line.split()[0]
        if head in {"for", "select", "case", "default:"}:
            return None
        if head == "func" or "func(" in line:
            return lines[before + 1 : at]
    return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _seconds(told: str, text: str) -> float | None:
    """``30 * time.Second``, or a constant of the file."""
    span = _SPAN.fullmatch(told.strip())
    if span is None and told.strip().isidentifier():
        given = re.findall(
            rf"^(?:const|var)?\s*{re.escape(told.strip())}(?:\s+time\.Duration)?\s*=\s*(.+)$", text, re.MULTILINE
        )
        span = _SPAN.fullmatch(given[0].strip()) if len(given) == 1 else None
    return float(span[1] or span[3] or 1) * _UNITS[span[2]] if span is not None else None
