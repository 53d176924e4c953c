"""``oakum doctor``: what is there, what is missing, what would get it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from oakum.render.names import shown

if TYPE_CHECKING:
    from rich.console import RenderableType

Row: TypeAlias = tuple[str, str, str | None]
"""(name, finding, what would get it, or None where it is there)."""


def doctor_view(rows: Sequence[Row]) -> RenderableType:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, show_header=False)
    for name, finding, get in rows:
        sign = Text("●", style="green") if get is None else Text("○", style="yellow")
        # Plain text would be read as markup: what the machine says may hold brackets.
        told = shown(finding) if get is None else f"missing: {shown(finding)}\n→ {shown(get)}"
        table.add_row(sign, Text(shown(name)), Text(told))
    return table


def doctor_to_json(rows: Sequence[Row]) -> dict[str, object]:
    return {
        "schema": "oakum.doctor/1",
        "facts": [{"name": name, "finding": finding, "ok": get is None, "get": get} for name, finding, get in rows],
    }
