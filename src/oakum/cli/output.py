"""How a command answers: a table for people, JSON alone on standard output, or one HTML file."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from oakum.cli.streams import say

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

StoreOption = Annotated[
    str,
    typer.Option(
        "--store",
        metavar="URL|PATH",
        help="where the record is kept: a SQLite file or postgresql://…",
        show_default=False,
    ),
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
    stream: TextIO | None = None,
) -> None:
    """Print or save one answer. A page goes to standard output unless that is a terminal: then a file is wanted.

    ``stream``: where standard output is taken by something else.
    """
    stream = stream or sys.stdout
    if output is Output.TABLE:
        from rich.console import Console  # noqa: PLC0415

        # Commands are not cropped: the terminal folds them, and they are copied out whole.
        # Left to itself, rich ends the program where the reader has gone, and fails where the disk is full.
        shown, drawn = Console(), io.StringIO()
        Console(
            file=drawn,
            width=shown.width,
            force_terminal=shown.is_terminal,
            color_system=shown.color_system,  # type: ignore[arg-type]
            no_color=shown.no_color,
            legacy_windows=False,
        ).print(table(), crop=False)
        say(stream, drawn.getvalue())
        if file is not None:
            save(file, html())
        return
    text = html() if output is Output.HTML else json.dumps(encoded(), indent=2, allow_nan=False) + "\n"
    if file is None and output is Output.HTML and sys.stdout.isatty():
        file = Path("oakum-report.html")
    if file is None:
        say(stream, text, instead="xmlcharrefreplace" if output is Output.HTML else "replace")
    else:
        save(file, text)


def save(file: Path, text: str) -> None:
    """Whole or not at all; where it is, is told on standard error."""
    from oakum.render.save import save as saved  # noqa: PLC0415

    say(sys.stderr, f"report: {saved(file, text)}\n")
