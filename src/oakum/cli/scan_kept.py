"""The options of ``oakum scan`` that are about scans on record."""

from __future__ import annotations

from typing import Annotated

import typer

KeepOption = Annotated[
    str,
    typer.Option("--keep", metavar="NAME", help="keep the result on record; --keep baseline: what is now, is accepted"),
]
DiffOption = Annotated[bool, typer.Option("--diff", help="what has changed since the last one kept of this source")]
BaselineOption = Annotated[
    bool, typer.Option("--baseline", help="show only what is new, or worse than when it was kept as baseline")
]
AgainstOption = Annotated[
    str, typer.Option("--against", metavar="NAME|scan-N", help="compare with this one", show_default=False)
]
