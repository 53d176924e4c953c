"""The command ``oakum``: its commands, and the one edge where errors become a message and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated, NoReturn

import typer

from oakum.cli.demo import demo
from oakum.cli.doctor import doctor
from oakum.cli.heap import app as heap
from oakum.cli.incident import app as incident
from oakum.cli.investigate import investigate
from oakum.cli.plan import apply, plan, undo
from oakum.cli.scan import scan
from oakum.cli.streams import FULL, open_streams, say, unwritable
from oakum.cli.verify import verify
from oakum.cli.watch import watch
from oakum.model.errors import InternalError, MachineError, OakumError

app = typer.Typer(
    name="oakum",
    help="Finds, explains and stops memory leaks in services.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(demo)
app.command()(scan)
app.command()(investigate)
app.command()(watch)
app.command()(plan)
app.command()(apply)
app.command()(undo)
app.command()(verify)
app.command()(doctor)
app.add_typer(heap, name="heap")
app.add_typer(incident, name="incident")


def _print_version(wanted: bool) -> None:  # noqa: FBT001  (typer's callback)
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415  (asked for once in a lifetime)

        typer.echo(f"oakum {version('oakum')}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    del version


def run() -> None:
    """Entry point. Exit codes are those of the design; a traceback is only ever our own fault, and says so."""
    open_streams()
    try:
        app(prog_name=_called())
    except OakumError as exc:
        _fail(str(exc), exc.exit_code)
    except KeyboardInterrupt:
        _fail("interrupted", 130)
    except SystemExit:
        # typer's own way to say that a reader of its help went away (``| head``): that is no error.
        if type(sys.stdout).__name__ == "PacifyFlushWrapper":
            raise SystemExit(0) from None
        raise
    except OSError as exc:
        if exc.errno not in FULL:
            _unforeseen(exc)
        _fail(str(unwritable(exc)), MachineError.exit_code)
    except Exception as exc:  # noqa: BLE001  (the edge of a face)
        _unforeseen(exc)


def _called() -> str:
    """As the person typed it, for the lines that show usage: kubectl runs its plugin as ``kubectl-oakum``."""
    return "kubectl oakum" if os.path.basename(sys.argv[0]).startswith("kubectl-") else "oakum"  # noqa: PTH119


def _unforeseen(exc: Exception) -> NoReturn:
    _fail(str(InternalError(f"oakum failed: {type(exc).__name__}: {exc}", why=_last_lines(exc))), 70)


def _last_lines(exc: Exception) -> str:
    frames = traceback.extract_tb(exc.__traceback__)[-3:]
    places = " < ".join(f"{os.path.basename(frame.filename)}:{frame.lineno}" for frame in reversed(frames))  # noqa: PTH119
    return f"our own fault, at {places}; please report it with this line"


def _fail(message: str, code: int) -> NoReturn:
    from oakum.render.names import shown_lines  # noqa: PLC0415  (a message may quote a file's or a target's words)

    say(sys.stderr, f"oakum: {shown_lines(message)}\n")
    sys.exit(code)
