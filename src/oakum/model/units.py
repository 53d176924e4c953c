"""The one parser and the one printer of sizes, rates, shares and durations.

KiB and kB are different words: ``Ki Mi Gi Ti`` (with or without ``B``) count in 1024,
``k M G T`` (with or without ``B``) count in 1000, as in Kubernetes quantities.
"""

from __future__ import annotations

import math
import re
from typing import Final

from oakum.model.errors import CallerError

_SIZE: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([A-Za-z]*)\s*")
_SIZE_FACTORS: Final = {
    "": 1,
    "b": 1,
    "k": 1000,
    "m": 1000**2,
    "g": 1000**3,
    "t": 1000**4,
    "p": 1000**5,
    "ki": 1024,
    "mi": 1024**2,
    "gi": 1024**3,
    "ti": 1024**4,
    "pi": 1024**5,
}
_DURATION_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(ms|min|s|m|h|d|w)")
_DURATION_FACTORS: Final = {"ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_BINARY_STEPS: Final = ((1024**4, "TiB"), (1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))


def parse_size(text: str) -> int:
    """Bytes from ``512Mi``, ``1.5 GiB``, ``200MB`` or ``1048576``.

    Raises CallerError for anything else, ``max`` included: no limit is not a size.
    """
    match = _SIZE.fullmatch(text)
    factor = None
    if match:
        suffix = match[2]
        # "m" alone is milli in Kubernetes and nobody's size; only "M" means mega.
        folded = suffix.removesuffix("B").lower() if len(suffix) > 1 else suffix.lower()
        factor = None if suffix == "m" else _SIZE_FACTORS.get(folded)
    if match is None or factor is None:
        raise CallerError(
            f"{text!r} is not a size",
            why="a size is a number with an optional unit: B, kB, MB, GB (1000) or KiB, MiB, GiB (1024)",
            next_step="write for example 512MiB",
        )
    return round(float(match[1]) * factor)


def format_size(size_bytes: float, *, signed: bool = False) -> str:
    """``1610612736`` → ``1.50 GiB``; three significant digits, always binary units."""
    sign = "-" if size_bytes < 0 else "+" if signed else ""
    size = abs(size_bytes)
    for factor, name in _BINARY_STEPS:
        # 1023.6 KiB would print as "1024 KiB": step up before rounding gets there.
        if size >= factor * 0.9995:
            return f"{sign}{_three_digits(size / factor)} {name}"
    return f"{sign}{size:.0f} B"


def format_rate(bytes_per_s: float) -> str:
    """A growth in the largest of MiB/s, MiB/min, MiB/h or MiB/day that reads as a plain number."""
    for seconds, name in ((1, "s"), (60, "min"), (3600, "h")):
        if abs(bytes_per_s) * seconds >= 1024**2 * 0.9995:
            return f"{format_size(bytes_per_s * seconds, signed=True)}/{name}"
    return f"{format_size(bytes_per_s * 86400, signed=True)}/day"


def parse_duration(text: str) -> float:
    """Seconds from ``40s``, ``1h30m``, ``2d``, ``250ms``, what format_duration prints, or a bare number of seconds."""
    stripped = text.strip()
    try:
        seconds = float(stripped)
    except ValueError:
        parts = _DURATION_PART.findall(stripped)
        if not parts or _DURATION_PART.sub("", stripped).strip():
            seconds = math.nan
        else:
            seconds = sum(float(number) * _DURATION_FACTORS[unit] for number, unit in parts)
    if not math.isfinite(seconds) or seconds < 0:
        raise CallerError(
            f"{text!r} is not a duration",
            why="a duration is a number with ms, s, m or min, h, d or w, or several of them",
            next_step="write for example 40s or 1h30m",
        )
    return seconds


def format_duration(seconds: float) -> str:
    """``5400`` → ``1 h 30 min``; at most two units, so that it can be read at 3 AM."""
    if seconds < 0:
        return f"-{format_duration(-seconds)}"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.5:
        return f"{_three_digits(seconds) if seconds < 10 else round(seconds)} s"
    minutes = round(seconds / 60)
    if seconds < 600:
        whole, rest = divmod(round(seconds), 60)
        return f"{whole} min {rest} s" if rest else f"{whole} min"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, rest = divmod(round(seconds / 3600), 24)
    return f"{days} d {rest} h" if rest and days < 14 else f"{days} d"


def format_share(part: float) -> str:
    """``0.875`` → ``88 %``."""
    return f"{part * 100:.0f} %" if part >= 0.1 or part == 0 else f"{part * 100:.1f} %"


def format_count(count: int) -> str:
    """``1234567`` → ``1,234,567``."""
    return f"{count:,}"


def format_rows(count: int) -> str:
    """``1 row``, ``1,234 rows``."""
    return f"{format_count(count)} {'row' if count == 1 else 'rows'}"


def _three_digits(number: float) -> str:
    if number >= 99.95:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 9.995 else f"{number:.2f}"
