"""``oakum incident …``: what is on record, and what people add to it."""

from __future__ import annotations

import json
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oakum import wiring
from oakum.cli.output import FileOption, Output, OutputOption, StoreOption, answer, check_file, save
from oakum.cli.streams import say
from oakum.model.errors import CallerError
from oakum.model.units import parse_duration, parse_size

if TYPE_CHECKING:
    from oakum.loop.record import Recorder
    from oakum.model.incident import Incident

app = typer.Typer(
    help="Incidents: what leaked, what is known, what was done.", no_args_is_help=True, rich_markup_mode=None
)

IncidentArgument = Annotated[str, typer.Argument(metavar="ID", help="an incident: inc-12, or 12")]


class Report(StrEnum):
    """``-o`` of a report."""

    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"


class Move(StrEnum):
    """What a person may say that has happened."""

    STABILISE = "stabilise"
    EXPLAIN = "explain"
    FIX = "fix"
    VERIFY = "verify"
    REOPEN = "reopen"


@app.callback()
def incident() -> None:
    """Incidents: what leaked, what is known, what was done."""


@app.command("list")
def list_(
    *,
    every: Annotated[bool, typer.Option("--all", "-a", help="closed ones too")] = False,
    store: StoreOption = "",
    output: OutputOption = Output.TABLE,
    file: FileOption = None,
) -> None:
    """Incidents, the worst first; the open ones unless --all is given."""
    from oakum.loop import incident as journey  # noqa: PLC0415

    check_file(file)
    recorder, now_s = _opened(store), time.time()
    rows = journey.listed(recorder, closed=every, now_s=now_s)
    from oakum import render  # noqa: PLC0415

    answer(
        output,
        file,
        table=lambda: render.incidents_table(rows, now_s=now_s),
        encoded=lambda: render.incidents_to_json(rows, place=recorder.store.place, now_s=now_s),
        html=lambda: render.incidents_html(rows, place=recorder.store.place, now_s=now_s),
    )


@app.command()
def show(
    name: IncidentArgument, *, store: StoreOption = "", output: OutputOption = Output.TABLE, file: FileOption = None
) -> None:
    """All that is known of one incident, as of now."""
    from oakum.loop import incident as journey  # noqa: PLC0415

    check_file(file)
    number = journey.number_of(name)
    story = journey.story(_opened(store), number, now_s=time.time())
    from oakum import render  # noqa: PLC0415

    answer(
        output,
        file,
        table=lambda: render.incident_view(story),
        encoded=lambda: render.story_to_json(story),
        html=lambda: render.incident_html(story),
    )


@app.command()
def summary(name: IncidentArgument, *, store: StoreOption = "") -> None:
    """Five lines, ready to paste into a chat."""
    from oakum.loop import incident as journey  # noqa: PLC0415

    number = journey.number_of(name)
    story = journey.story(_opened(store), number, now_s=time.time())
    from oakum import render  # noqa: PLC0415

    say(sys.stdout, render.incident_summary(story) + "\n")


@app.command()
def report(
    name: IncidentArgument,
    *,
    store: StoreOption = "",
    output: Annotated[Report, typer.Option("--output", "-o", help="one HTML file, Markdown or JSON")] = Report.HTML,
    file: FileOption = None,
) -> None:
    """The report, from the record alone: made again later, it is the same to the byte."""
    from oakum.loop import incident as journey  # noqa: PLC0415

    check_file(file)
    number = journey.number_of(name)
    story = journey.story(_opened(store), number, now_s=None)
    from oakum import render  # noqa: PLC0415

    made = {
        Report.HTML: lambda: render.incident_html(story),
        Report.MARKDOWN: lambda: render.incident_markdown(story),
        Report.JSON: lambda: json.dumps(render.story_to_json(story), indent=2, allow_nan=False) + "\n",
    }[output]()
    if file is None and output is Report.HTML and sys.stdout.isatty():
        file = Path(f"oakum-inc-{number}.html")
    if file is None:
        say(sys.stdout, made, instead="xmlcharrefreplace" if output is Report.HTML else "replace")
    else:
        save(file, made)


@app.command()
def note(
    name: IncidentArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="what was seen or done")],
    *,
    move: Annotated[
        Move | None, typer.Option("--move", help="it tells that the incident moved on; the text is the reason")
    ] = None,
    store: StoreOption = "",
) -> None:
    """Add a line to the timeline; with --move, the incident moves on."""
    from oakum.incident import Event  # noqa: PLC0415
    from oakum.loop import incident as journey  # noqa: PLC0415

    event = None if move is None else Event(move.value)
    number = journey.number_of(name)
    _told(journey.note(_opened(store), number, text, event=event, now_s=time.time()))


@app.command()
def escalate(
    name: IncidentArgument,
    *,
    level: Annotated[
        int | None, typer.Option("--level", min=1, max=3, help="1, 2 or 3; what the clock asks for when not given")
    ] = None,
    store: StoreOption = "",
) -> None:
    """Tell the next level; whom, says [incident] contacts of oakum.toml."""
    from oakum.loop import incident as journey  # noqa: PLC0415

    number = journey.number_of(name)
    recorder = _opened(store)
    found = journey.escalate(recorder, number, level, now_s=time.time())
    contacts = recorder.settings.contacts
    whom = contacts[found.escalation - 1] if len(contacts) >= found.escalation else "nobody is named in oakum.toml"
    from oakum.render.names import shown  # noqa: PLC0415

    say(sys.stdout, f"{found.id}: level {found.escalation}: {shown(whom)}\n")


@app.command()
def close(
    name: IncidentArgument,
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="why it is over; it stays on record")],
    store: StoreOption = "",
) -> None:
    """Close it by hand, with a reason; one that leaks again reopens."""
    from oakum.incident import Event  # noqa: PLC0415
    from oakum.loop import incident as journey  # noqa: PLC0415

    number = journey.number_of(name)
    _told(journey.move(_opened(store), number, Event.CLOSE, reason, now_s=time.time()))


@app.command()
def mute(
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="inc-12, a target, or series by id, where * is anything")
    ],
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="why this is no leak; it stays on record")],
    for_: Annotated[str, typer.Option("--for", metavar="DURATION", help="until when it holds, for example 7d")],
    store: StoreOption = "",
) -> None:
    """This is not a leak: scans show it last and do not count it; its open incidents are closed."""
    from oakum.loop import incident as journey  # noqa: PLC0415

    for_s = parse_duration(for_)
    made, closed = journey.mute(
        _opened(store),
        target,
        reason=reason,
        for_s=for_s,
        processes=wiring.machine().processes,
        now_s=time.time(),
    )
    from oakum.render.figures import moment_text  # noqa: PLC0415
    from oakum.render.names import shown  # noqa: PLC0415

    say(sys.stdout, f"{made.id}: {shown(made.scope)} is muted until {moment_text(made.until_s)}\n")
    for one in closed:
        _told(one)


@app.command()
def mutes(*, store: StoreOption = "", output: OutputOption = Output.TABLE, file: FileOption = None) -> None:
    """What is muted, by whom and until when; what was, too."""
    from oakum.loop import incident as journey  # noqa: PLC0415

    check_file(file)
    now_s = time.time()
    found = journey.mutes(_opened(store).store)
    from oakum import render  # noqa: PLC0415

    answer(
        output,
        file,
        table=lambda: render.mutes_table(found, now_s=now_s),
        encoded=lambda: render.mutes_to_json(found, now_s=now_s),
        html=lambda: render.mutes_html(found, now_s=now_s),
    )


@app.command()
def unmute(
    name: Annotated[str, typer.Argument(metavar="MUTE", help="a mute: mute-3, or 3")], *, store: StoreOption = ""
) -> None:
    """Lift a mute."""
    from oakum.loop import incident as journey  # noqa: PLC0415

    number = journey.number_of(name, "mute")
    say(sys.stdout, f"{journey.unmute(_opened(store), number, now_s=time.time()).id} is lifted\n")


@app.command()
def retain(
    *,
    keep: Annotated[
        str, typer.Option("--keep", metavar="DURATION", help="how long evidence is kept after the closing")
    ] = "30d",
    disk: Annotated[
        str, typer.Option("--disk", metavar="SIZE", help="how much all evidence together may take, for example 2GiB")
    ] = "",
    unnamed: Annotated[
        bool, typer.Option("--unnamed", help="what no record names goes too: no other record keeps evidence there")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="tell what would go; nothing does")] = False,
    store: StoreOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Remove evidence that was kept for long enough; never what an open incident names. The records stay.

    Exits 0, or 6 when the evidence still takes more than --disk.
    """
    from oakum.incident import Keeping  # noqa: PLC0415
    from oakum.loop.retain import retain as journey  # noqa: PLC0415

    if output is Output.HTML:
        raise CallerError("this has no page", why="it is a short list", next_step="oakum incident retain -o json")
    keep_s, budget_bytes = parse_duration(keep), parse_size(disk) if disk else None
    recorder = _opened(store)
    keeping = Keeping(keep_s, budget_bytes, unnamed or recorder.store.blobs_alone)
    done = journey(recorder, keeping, now_s=time.time(), dry_run=dry_run)
    from oakum.render.codec_retention import retained_to_json  # noqa: PLC0415
    from oakum.render.table_retention import retained_view  # noqa: PLC0415

    place = recorder.store.place
    answer(
        output,
        None,
        table=lambda: retained_view(done),
        encoded=lambda: retained_to_json(done, place=place),
        html=str,
    )
    raise typer.Exit(6 if done.over else 0)


def tell_left(recorder: Recorder) -> None:
    """On standard error: what commands that were cut off left behind, and what stands longer than it was meant to."""
    from oakum.loop import incident as journey  # noqa: PLC0415
    from oakum.render.names import shown  # noqa: PLC0415

    for line in journey.left(recorder, wiring.limits(), now_s=time.time()).lines:
        say(sys.stderr, f"oakum: {shown(line)}\n")


def _opened(store: str) -> Recorder:
    recorder = wiring.recorder(store)
    tell_left(recorder)
    return recorder


def _told(found: Incident) -> None:
    say(sys.stdout, f"{found.id} is {found.state.value}\n")
