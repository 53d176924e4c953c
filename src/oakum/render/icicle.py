"""The dominator tree as an icicle: width is what would go with a block, depth is who holds it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from oakum.model.heap import Block
from oakum.model.units import format_share, format_size
from oakum.render.names import encodable, shortened, shown

WIDTH, ROW, MOST_ROWS = 928, 30, 12
LEAST_WIDTH = 2.0
CHARACTER = 6.6
"""Pixels that one character of a label takes, about."""

HUES = (205, 28, 150, 265, 340, 60)


def icicle_svg(tree: Block) -> str:
    """An SVG without script; each block says its name, bytes and share in a title."""
    total = max(tree.retained_bytes, 1)
    rows = min(_depth(tree), MOST_ROWS)
    height = rows * ROW
    blocks = "".join(_blocks(tree, 0.0, 0, total, 0))
    return (
        f'<svg class="chart icicle" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="What is held by what: the wider, the more bytes">{blocks}</svg>'
    )


def _depth(block: Block) -> int:
    return 1 + max((_depth(below) for below in block.below), default=0)


def _blocks(block: Block, left: float, row: int, total: int, hue: int) -> Iterator[str]:
    width = WIDTH * block.retained_bytes / total
    if width < LEAST_WIDTH or row >= MOST_ROWS:
        return
    name = encodable(shown(block.name))
    share = format_share(block.retained_bytes / total)
    title = escape(f"{name}: {format_size(block.retained_bytes)}, {share}")
    letters = int((width - 10) / CHARACTER)
    label = escape(shortened(f"{name} {format_size(block.retained_bytes)}", letters)) if letters >= 6 else ""
    yield (
        f'<g><title>{title}</title><rect x="{left:.1f}" y="{row * ROW}" width="{max(width - 1, 1):.1f}" '
        f'height="{ROW - 2}" rx="3" style="--hue:{HUES[hue % len(HUES)]};--deep:{row}"/>'
        f'<text x="{left + 5:.1f}" y="{row * ROW + 19}">{label}</text></g>'
    )
    at = left
    for index, below in enumerate(block.below):
        yield from _blocks(below, at, row + 1, total, index if row == 0 else hue)
        at += WIDTH * below.retained_bytes / total
