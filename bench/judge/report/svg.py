"""Our own small SVG writer: lines, dots, whiskers and bars on linear or logarithmic axes.

No script, no font, no network. Colours follow the reader's light or dark scheme, the background is always drawn, and
every line differs by its dashes too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 78, 214, 44, 54
BAR, BAR_LEFT = 26, 210

LIGHT = ("#0b57c2", "#b35000", "#2b7a2f", "#8b2f9c", "#b3261e", "#6b5b00", "#00747a", "#5f6368", "#444444")
DARK = ("#7ab8ff", "#ffb26b", "#83dd88", "#e0a6f0", "#ff9089", "#e2d262", "#63d8de", "#b8bcc2", "#cccccc")
DASHES = ("none", "7 3", "2 3", "9 3 2 3", "5 5", "1 4", "12 4", "3 3 8 3", "4 2")


@dataclass(frozen=True, slots=True)
class Axis:
    """``ticks``: (value, label) of each. On a logarithmic axis all values are positive."""

    title: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    log: bool = False

    def place(self, value: float) -> float:
        """0 at the low end, 1 at the high one; what lies outside stands at the edge."""
        if self.log:
            share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(max(share, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Mark:
    """A dot. ``low``, ``high``: the ends of its whisker."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    radius: float = 4.5


@dataclass(frozen=True, slots=True)
class Plotted:
    """One name of the legend. ``colour``: a number of the palette; the same name has the same one in every plot."""

    name: str
    colour: int
    line: tuple[tuple[float, float], ...] = ()
    marks: tuple[Mark, ...] = ()


def share_axis(title: str) -> Axis:
    return Axis(title, 0.0, 1.0, tuple((number / 5, f"{20 * number} %") for number in range(6)))


def decades(title: str, low: float, high: float) -> Axis:
    """Whole powers of ten around ``low`` and ``high``."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    last = max(last, first + 1)
    ticks = tuple((10.0**power, f"{10.0**power:,.10g}") for power in range(first, last + 1))
    return Axis(title, 10.0**first, 10.0**last, ticks, log=True)


def chart(title: str, x: Axis, y: Axis, plotted: Sequence[Plotted], *, diagonal: bool = False) -> str:
    """Lines and dots with a legend at the right. ``diagonal``: the line of x = y."""
    parts = [*_grid(x, y), *_titles(title, x, y)]
    if diagonal:
        (x0, y0), (x1, y1) = _point(x, y, x.low, y.low), _point(x, y, x.high, y.high)
        parts.append(f'<path class="diagonal" d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}"/>')
    # The first name is drawn last, above the others.
    for one in reversed(plotted):
        parts += _drawn(x, y, one)
    for row, one in enumerate(plotted):
        parts += _legend(row, one)
    return _whole(title, WIDTH, HEIGHT, parts)


def bars(title: str, axis: Axis, rows: Sequence[tuple[str, int, float, str]]) -> str:
    """Horizontal bars: (name, colour, value, label of the value)."""
    height = TOP + BAR * len(rows) + BOTTOM
    span = WIDTH - BAR_LEFT - 90
    parts = [f'<text class="title" x="14" y="24">{escape(title)}</text>']
    bottom = TOP + BAR * len(rows)
    for value, label in axis.ticks:
        at = BAR_LEFT + axis.place(value) * span
        parts.append(f'<path class="grid" d="M{at:.1f} {TOP - 6}V{bottom}"/>')
        parts.append(f'<text x="{at:.1f}" y="{bottom + 16}" text-anchor="middle">{escape(label)}</text>')
    middle = BAR_LEFT + span / 2
    parts.append(f'<text x="{middle:.1f}" y="{bottom + 38}" text-anchor="middle">{escape(axis.title)}</text>')
    for row, (name, colour, value, label) in enumerate(rows):
        top = TOP + BAR * row
        length = max(axis.place(value) * span, 1.0)
        parts.append(f'<text x="{BAR_LEFT - 8}" y="{top + 16}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect class="f{colour}" x="{BAR_LEFT}" y="{top + 4}" width="{length:.1f}" height="{BAR - 8}"/>')
        parts.append(f'<text x="{BAR_LEFT + length + 6:.1f}" y="{top + 16}">{escape(label)}</text>')
    return _whole(title, WIDTH, height, parts)


def _point(x: Axis, y: Axis, at: float, value: float) -> tuple[float, float]:
    return (
        LEFT + x.place(at) * (WIDTH - LEFT - RIGHT),
        HEIGHT - BOTTOM - y.place(value) * (HEIGHT - TOP - BOTTOM),
    )


def _grid(x: Axis, y: Axis) -> list[str]:
    parts = []
    for value, label in y.ticks:
        _, at = _point(x, y, x.low, value)
        parts.append(f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{escape(label)}</text>')
    for value, label in x.ticks:
        at, _ = _point(x, y, value, y.low)
        parts.append(f'<path class="grid" d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{escape(label)}</text>')
    return parts


def _titles(title: str, x: Axis, y: Axis) -> list[str]:
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    half = TOP + (HEIGHT - TOP - BOTTOM) / 2
    return [
        f'<text class="title" x="14" y="24">{escape(title)}</text>',
        f'<text x="{middle:.1f}" y="{HEIGHT - 12}" text-anchor="middle">{escape(x.title)}</text>',
        f'<text transform="translate(16 {half:.1f}) rotate(-90)" text-anchor="middle">{escape(y.title)}</text>',
    ]


def _drawn(x: Axis, y: Axis, one: Plotted) -> list[str]:
    parts = []
    if one.line:
        path = "L".join(f"{at:.1f} {value:.1f}" for at, value in (_point(x, y, *point) for point in one.line))
        parts.append(f'<path class="l{one.colour}" d="M{path}"/>')
    for mark in one.marks:
        at, value = _point(x, y, mark.x, mark.y)
        if mark.low is not None and mark.high is not None:
            _, low = _point(x, y, mark.x, mark.low)
            _, high = _point(x, y, mark.x, mark.high)
            parts.append(f'<path class="w{one.colour}" d="M{at:.1f} {low:.1f}V{high:.1f}"/>')
        parts.append(f'<circle class="f{one.colour}" cx="{at:.1f}" cy="{value:.1f}" r="{mark.radius:.1f}"/>')
    return parts


def _legend(row: int, one: Plotted) -> list[str]:
    left, at = WIDTH - RIGHT + 16, TOP + 10 + 20 * row
    parts = [f'<text x="{left + 32}" y="{at + 4}">{escape(one.name)}</text>']
    if one.line:
        parts.append(f'<path class="l{one.colour}" d="M{left} {at}h24"/>')
    if one.marks:
        parts.append(f'<circle class="f{one.colour}" cx="{left + 12}" cy="{at}" r="4.5"/>')
    return parts


def _whole(title: str, width: int, height: int, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
    body = "\n".join(parts)
    return (
        f"{head}<title>{escape(title)}</title><style>{_style()}</style>\n"
        f'<rect class="paper" width="{width}" height="{height}"/>\n{body}\n</svg>\n'
    )


def _style() -> str:
    plain = (
        "text{font:13px system-ui,sans-serif;fill:var(--ink)}.title{font-size:15px;font-weight:600}"
        ".paper{fill:var(--paper)}.grid{stroke:var(--grid);fill:none}"
        ".diagonal{stroke:var(--ink);stroke-dasharray:2 4;fill:none;opacity:.6}"
    )
    lines = "".join(
        f".l{number}{{stroke:var(--c{number});stroke-width:{2.6 if number == 0 else 1.7};fill:none;"
        f"stroke-dasharray:{dash}}}.f{number}{{fill:var(--c{number})}}"
        f".w{number}{{stroke:var(--c{number});stroke-width:1.5;fill:none}}"
        for number, dash in enumerate(DASHES)
    )
    light = _variables(LIGHT, ink="#1f2328", paper="#ffffff", grid="#dde1e6")
    dark = _variables(DARK, ink="#e6edf3", paper="#0d1117", grid="#30363d")
    return f"svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}{plain}{lines}"


def _variables(palette: Sequence[str], *, ink: str, paper: str, grid: str) -> str:
    colours = ";".join(f"--c{number}:{colour}" for number, colour in enumerate(palette))
    return f"--ink:{ink};--paper:{paper};--grid:{grid};{colours}"
