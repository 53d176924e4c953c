"""How a command answers: a table for people, JSON alone on standard output, or one HTML file."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType


class Output(StrEnum):
    """``-o``."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"


OutputOption = Annotated[
    Output, typer.Option("--output", "-o", help="table for people, json for programs, html for a report")
]
FileOption = Annotated[
    Path | None, typer.Option("--file", "-f", help="write the report or the JSON to this file", dir_okay=True)
]


def check_file(file: Path | None) -> None:
    """Fail now rather than after the work: a full disk, a read-only folder, a folder where a file is wanted."""
    if file is not None:
        from oakum.render.save import check_writable  # noqa: PLC0415

        check_writable(file)


def answer(
    output: Output,
    file: Path | None,
    *,
    table: Callable[[], RenderableType],
    encoded: Callable[[], Mapping[str, object]],
    html: Callable[[], str],
) -> None:
    """Print or save one answer. A page goes to standard output unless that is a terminal: then a file is wanted."""
    from oakum.render.save import save  # noqa: PLC0415

    if output is Output.TABLE:
        from rich.console import Console  # noqa: PLC0415

        Console().print(table())
        if file is not None:
            typer.echo(f"report: {save(file, html())}", err=True)
        return
    text = html() if output is Output.HTML else json.dumps(encoded(), indent=2, allow_nan=False) + "\n"
    if file is None and output is Output.HTML and sys.stdout.isatty():
        file = Path("oakum-report.html")
    if file is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        typer.echo(f"report: {save(file, text)}", err=True)
