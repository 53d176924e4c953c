"""Our own line chart as SVG: no script, no font, no network; colours by CSS variables, so it follows light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from sys import float_info

import numpy as np
from numpy.typing import NDArray

from oakum.model.curve import Curve
from oakum.model.series import Floats, Unit, WorkloadSeries
from oakum.model.units import format_duration
from oakum.render.figures import level_text
from oakum.render.names import shown

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 74, 14, 26, 34
MOST_POINTS = 1200
LETTER, ROW = 7.0, 13.0
"""About how wide a letter is and how high a line, in units of the picture: labels must not lie on each other."""

AFTER_SHARE, AFTER_S = 0.1, 2.0
"""What happened at most this much after the last sample is still drawn: a kill comes after the last one that could be
taken. A share of the time seen, and seconds; the larger counts."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at ``at_s`` (UTC epoch): a capture, a kill."""

    at_s: float
    label: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """Maps times and values to the picture."""

    start_s: float
    end_s: float
    top: float

    def x(self, at_s: Floats) -> Floats:
        return LEFT + (at_s - self.start_s) / (self.end_s - self.start_s) * (WIDTH - LEFT - RIGHT)

    def y(self, value: Floats) -> Floats:
        share = np.clip(value / self.top, -0.02, 1.02)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def one(self, at_s: float, value: float) -> tuple[float, float]:
        return float(self.x(np.array([at_s]))[0]), float(self.y(np.array([value]))[0])


def chart_svg(
    series: WorkloadSeries, curve: Curve | None, *, limit: float | None = None, events: Sequence[Event] = ()
) -> str:
    """An ``<svg>`` element; "" where there are no samples. Long series are thinned, keeping lows and highs."""
    lifetimes = [lifetime for lifetime in series.lifetimes if len(lifetime)]
    if not lifetimes:
        return ""
    frame = _frame(series, curve, limit, events)
    parts = [_axes(frame, series.unit)]
    if curve is not None:
        parts += _fitted(frame, curve)
    for lifetime in lifetimes:
        at, value = _thinned(lifetime.at_s, lifetime.value)
        parts.append(f'<path class="memory" d="{_path(frame, at, value)}"/>')
    if limit is not None and np.isfinite(limit) and limit <= frame.top:
        parts.append(_limit(frame, limit, series.unit))
    parts += _events(frame, [event for event in events if frame.start_s <= event.at_s <= frame.end_s])
    last = lifetimes[-1]
    first, now = level_text(float(last.value[0]), series.unit), level_text(float(last.value[-1]), series.unit)
    title = escape(f"memory of {shown(series.id)}, from {first} to {now}")
    head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" class="chart"><title>{title}</title>'
    return f"{head}{''.join(parts)}</svg>"


def _frame(series: WorkloadSeries, curve: Curve | None, limit: float | None, events: Sequence[Event]) -> _Frame:
    start_s = min(float(lifetime.at_s[0]) for lifetime in series.lifetimes if len(lifetime))
    end_s = max(float(lifetime.at_s[-1]) for lifetime in series.lifetimes if len(lifetime))
    seen = max(float(lifetime.value.max()) for lifetime in series.lifetimes if len(lifetime))
    top = seen * 1.15
    if limit is not None and np.isfinite(limit) and limit < seen * 12:
        top = max(top, limit * 1.06)
    if curve is not None and curve.fit_at_s.size:
        # The forecast is drawn as far as it stays in the picture, at most as long again as what was seen.
        end_s = min(max(end_s, float(curve.fit_at_s[-1])), end_s + (end_s - start_s))
    latest_s = end_s + max(AFTER_S, AFTER_SHARE * (end_s - start_s))
    end_s = max((event.at_s for event in events if end_s < event.at_s <= latest_s), default=end_s)
    return _Frame(start_s, max(end_s, start_s + 1e-3), min(max(top, 1.0), float_info.max))


def _thinned(at: Floats, value: Floats) -> tuple[Floats, Floats]:
    if at.size <= MOST_POINTS:
        return at, value
    keep = {0, at.size - 1}
    for part in np.array_split(np.arange(at.size), MOST_POINTS // 2):
        keep.add(int(part[np.argmin(value[part])]))
        keep.add(int(part[np.argmax(value[part])]))
    index = np.array(sorted(keep))
    return at[index], value[index]


def _path(frame: _Frame, at: Floats, value: Floats) -> str:
    points = zip(frame.x(at).tolist(), frame.y(value).tolist(), strict=True)
    # A lone point has no length; with a round cap it is seen as a dot.
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + ("h0" if at.size == 1 else "")


def _fitted(frame: _Frame, curve: Curve) -> list[str]:
    known = ~np.isnan(curve.fit) & ~np.isnan(curve.fit_low) & ~np.isnan(curve.fit_high)
    inside = known & (curve.fit_at_s <= frame.end_s)
    at = curve.fit_at_s[inside]
    parts = [
        f'<path class="floor" d="{_path(frame, curve.floor_at_s[run], curve.floor[run])}"/>'
        for run in _runs(np.isfinite(curve.floor))
    ]
    if at.size > 1:
        band = _path(frame, at, curve.fit_high[inside]) + "L" + _path(frame, at[::-1], curve.fit_low[inside][::-1])[1:]
        parts.insert(0, f'<path class="band" d="{band}Z"/>')
        parts.append(f'<path class="fit" d="{_path(frame, *_until_out(frame, at, curve.fit[inside]))}"/>')
    return parts


def _until_out(frame: _Frame, at: Floats, value: Floats) -> tuple[Floats, Floats]:
    """A line ends where it leaves the picture at the top: along the edge it would look like a forecast of a halt."""
    out = np.flatnonzero(value > frame.top)
    if not out.size or not out[0]:
        return at, value
    before, after = out[0] - 1, out[0]
    share = (frame.top - value[before]) / (value[after] - value[before])
    crossing_s = at[before] + share * (at[after] - at[before])
    return np.append(at[:after], crossing_s), np.append(value[:after], frame.top)


def _runs(there: NDArray[np.bool_]) -> list[slice]:
    """Stretches without a gap."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], there, [False])).astype(np.int8)))
    return [slice(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)]


def _axes(frame: _Frame, unit: Unit) -> str:
    parts = []
    for value in _ticks(frame.top, unit):
        _, y = frame.one(frame.start_s, value)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        label = level_text(value, unit) if unit in {"bytes", "percent"} else f"{value:.0f}"
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{escape(label)}</text>')
    span_s = frame.end_s - frame.start_s
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = LEFT + share * (WIDTH - LEFT - RIGHT)
        anchor = "start" if share == 0 else "end" if share == 1 else "middle"
        label = "0" if share == 0 else format_duration(share * span_s)
        # A small picture leaves these out.
        minor = ' class="minor"' if share in {0.25, 0.75} else ""
        parts.append(f'<text{minor} x="{x:.1f}" y="{HEIGHT - 10}" text-anchor="{anchor}">{escape(label)}</text>')
    return "".join(parts)


def _ticks(top: float, unit: Unit) -> list[float]:
    base = 1.0 if unit != "bytes" else 1024.0 ** int(np.log(max(top, 1.0)) / np.log(1024.0))
    for step in (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500):
        if top / (step * base) <= 6:
            return [step * base * number for number in range(int(top / (step * base)) + 1)]
    return [0.0, top]


def _limit(frame: _Frame, limit: float, unit: Unit) -> str:
    x, y = frame.one(frame.start_s, limit)
    return (
        f'<path class="limit" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        f'<text class="limit" x="{x + 4:.1f}" y="{y - 5:.1f}">limit {escape(level_text(limit, unit))}</text>'
    )


def _events(frame: _Frame, events: Sequence[Event]) -> list[str]:
    """A line each. Where labels would lie on each other the next goes a row down, and is not said twice."""
    parts: list[str] = []
    written: list[tuple[str, float, float]] = []
    for event in sorted(events, key=lambda event: event.at_s):
        x, _ = frame.one(event.at_s, 0.0)
        parts.append(f'<path class="event" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
        anchor, shift = ("end", -4.0) if x > WIDTH * 0.8 else ("start", 4.0)
        width = LETTER * len(event.label)
        left = x + shift - (width if anchor == "end" else 0.0)
        beside = [label for label, start, end in written if start < left + width and left < end]
        if event.label in beside:
            continue
        written.append((event.label, left, left + width))
        y = TOP - 8 + ROW * len(beside)
        parts.append(
            f'<text class="event" x="{x + shift:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(event.label)}</text>'
        )
    return parts
