"""``oakum heap``: ``analyze``, ``diff``, ``paths``, ``redact`` of dumps; ``capture``, ``histogram`` of who runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from oakum import wiring
from oakum.cli.output import FileOption, Output, OutputOption, StoreOption, answer, check_file
from oakum.model.errors import CallerError, DataError, OakumError
from oakum.model.target import parse_target
from oakum.model.units import parse_duration, parse_size

if TYPE_CHECKING:
    from oakum.loop.heap import Bench
    from oakum.model.budget import Budget
    from oakum.model.capture import Capture

app = typer.Typer(help="What is in a heap dump, and who holds it.", no_args_is_help=True, rich_markup_mode=None)

MemoryOption = Annotated[
    str,
    typer.Option("--memory", metavar="SIZE", help="take no more memory than this (mapped files are not counted)"),
]

IdentityOption = Annotated[
    str, typer.Option("--identity", metavar="FILE", help="the secret key that opens a sealed dump (age, ssh)")
]

SealOption = Annotated[
    list[str] | None,
    typer.Option(
        "--seal-to",
        metavar="RECIPIENT",
        help="seal the file so that only this one can open it: age1…, ssh-…; may be given again",
        show_default=False,
    ),
]

InspectOption = Annotated[
    bool | None,
    typer.Option(
        "--inspect/--no-inspect",
        help="JVM: it may be attached to (SIGQUIT); Node.js: its inspector may be opened (SIGUSR1); Ruby:"
        " its helper may be asked; or must not; on a terminal you are asked",
    ),
]

MaxPauseOption = Annotated[
    str, typer.Option("--max-pause", metavar="DURATION", help="nothing that could stop the target for longer")
]

DeadlineOption = Annotated[
    str,
    typer.Option(
        "--deadline",
        metavar="DURATION",
        help="a liveness probe ends the target after so long without an answer: nothing that could take longer",
        show_default=False,
    ),
]

FreshOption = Annotated[bool, typer.Option("--fresh", help="work it out again, though an answer was kept")]


@app.callback()
def heap() -> None:
    """What is in a heap dump, and who holds it."""


@app.command()
def analyze(
    dump: Annotated[str, typer.Argument(metavar="FILE", help="a heap dump, plain, gzip or zstd; - is standard input")],
    *,
    baseline: Annotated[
        str, typer.Option("--baseline", metavar="OLD", help="an older dump: what it held already is no suspect")
    ] = "",
    identity: IdentityOption = "",
    memory: MemoryOption = "",
    fresh: FreshOption = False,
    top: Annotated[int, typer.Option("--top", min=1, help="table: rows of each part")] = 10,
    output: OutputOption = Output.TABLE,
    file: FileOption = None,
) -> None:
    """Leak suspects with the path that holds them, classes, the largest objects, and waste.

    Exits 0 once analysed, 4 when the dump is broken (what could be read is printed, marked partial).
    """
    from oakum.loop import heap as journey  # noqa: PLC0415

    check_file(file)
    with _bench(memory, fresh=fresh, identity=identity, output=output) as bench:
        found = journey.analyze(dump, bench=bench, baseline=baseline)
    from oakum import render  # noqa: PLC0415

    answer(
        output,
        file,
        table=lambda: render.heap_view(found, top=top),
        encoded=lambda: render.heap_to_json(found),
        html=lambda: render.heap_html(found),
    )
    if found.partial:
        raise _broken(dump, found.warnings)


@app.command()
def diff(
    dumps: Annotated[list[str], typer.Argument(metavar="FILE...", help="dumps of one program, the oldest first")],
    *,
    identity: IdentityOption = "",
    memory: MemoryOption = "",
    fresh: FreshOption = False,
    top: Annotated[int, typer.Option("--top", min=1, help="table: rows of each part")] = 10,
    output: OutputOption = Output.TABLE,
    file: FileOption = None,
) -> None:
    """What grew between two or more dumps of one program, and who holds it.

    Exits 0 once compared, 4 when a dump is broken (what could be read is compared, marked partial).
    """
    from oakum.loop import heap as journey  # noqa: PLC0415

    check_file(file)
    with _bench(memory, fresh=fresh, identity=identity, output=output) as bench:
        found = journey.diff(dumps, bench=bench)
    from oakum import render  # noqa: PLC0415

    answer(
        output,
        file,
        table=lambda: render.heap_diff_view(found, top=top),
        encoded=lambda: render.heap_diff_to_json(found),
        html=lambda: render.heap_diff_html(found),
    )
    if found.partial:
        raise _broken("a dump", found.warnings)


@app.command()
def capture(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="pid/N or cgroup/PATH")],
    *,
    file: Annotated[
        str,
        typer.Option(
            "--output",
            "--file",
            "-f",
            metavar="FILE",
            help="where it is written, not yet there; - is standard output; but for CPython .zst and .gz are packed",
        ),
    ],
    stop: Annotated[
        bool,
        typer.Option("--stop", help="CPython: let it stand still while its memory is copied: exact, but a pause"),
    ] = False,
    inspect: InspectOption = None,
    max_pause: MaxPauseOption = "15s",
    deadline: DeadlineOption = "",
    max_bytes: Annotated[
        str,
        typer.Option("--max-bytes", metavar="SIZE", help="no dump that could be larger, unpacked", show_default=False),
    ] = "",
    worker: Annotated[
        str,
        typer.Option(
            "--worker",
            metavar="NAME",
            help="Node.js: the heap of this worker thread, by number or name, or largest; else the main thread's",
            show_default=False,
        ),
    ] = "",
    raw: Annotated[
        bool,
        typer.Option(
            "--raw", "--no-redact", help="write the program's texts as they are, which may be secrets; it is recorded"
        ),
    ] = False,
    seal_to: SealOption = None,
    incident: Annotated[
        str,
        typer.Option(
            "--incident",
            metavar="ID",
            help="a copy becomes evidence of this incident, and expires with it",
            show_default=False,
        ),
    ] = "",
    store: StoreOption = "",
    output: Annotated[
        Output, typer.Option("--format", "-o", help="table for people, json for programs")
    ] = Output.TABLE,
) -> None:
    """Take a dump of a running CPython, JVM, Node.js or Ruby; pause, size, memory and risk are said first.

    A CPython is not stopped. A JVM and Node.js are signalled and stopped for the time of the dump, after a yes: it is
    spooled at full speed, they run on, and then its texts are filled. Of a Ruby that loaded Oakum's helper, a copy
    writes it. The smallest of the pauses that are given wins.
    Exits 0 once written, 3 when the target cannot be captured or it would be too dear, 6 when the disk refuses.
    """
    wanted = parse_target(target)
    _no_page(output, "capture")
    budget = _budget(max_pause, deadline, max_bytes)
    from oakum.cli.progress import progress  # noqa: PLC0415
    from oakum.loop.capture import capture as journey  # noqa: PLC0415
    from oakum.loop.capturing.settings import Settings  # noqa: PLC0415
    from oakum.loop.terms import Terms  # noqa: PLC0415

    settings = Settings(
        stop, raw, wiring.seal_recipients(seal_to or ()), Terms(inspect, budget), worker, incident, store
    )
    put = _putting(incident, file, store) if incident else None
    with progress() as told:
        taken = journey(wanted, file, machine=wiring.machine(), settings=settings, progress=told)
    failed = None
    if put is not None:
        try:
            taken = put(taken)
        except OakumError as exc:
            failed = exc
    from oakum import render  # noqa: PLC0415

    answer(
        output,
        None,
        table=lambda: render.capture_view(taken),
        encoded=lambda: render.capture_to_json(taken),
        html=str,
        stream=sys.stderr if file == "-" else sys.stdout,
    )
    if failed is not None:
        raise failed


@app.command()
def histogram(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="pid/N or cgroup/PATH")],
    *,
    inspect: InspectOption = None,
    max_pause: MaxPauseOption = "15s",
    deadline: DeadlineOption = "",
    top: Annotated[int, typer.Option("--top", min=1, help="table: so many classes")] = 20,
    output: OutputOption = Output.TABLE,
) -> None:
    """How many objects of each class a running JVM has: the cheapest that it tells of its heap, without a dump.

    It is signalled and asked after a yes. Exits 0 once counted, 3 when it cannot be asked or it would be too dear.
    """
    wanted = parse_target(target)
    _no_page(output, "histogram")
    budget = _budget(max_pause, deadline)
    from oakum.cli.progress import progress  # noqa: PLC0415
    from oakum.loop.histogram import histogram as journey  # noqa: PLC0415
    from oakum.loop.terms import Terms  # noqa: PLC0415

    with progress() as told:
        found = journey(wanted, machine=wiring.machine(), terms=Terms(inspect, budget), progress=told)
    from oakum.render.codec_histogram import histogram_to_json  # noqa: PLC0415
    from oakum.render.table_histogram import histogram_view  # noqa: PLC0415

    answer(
        output,
        None,
        table=lambda: histogram_view(found, top=top),
        encoded=lambda: histogram_to_json(found),
        html=str,
    )


@app.command()
def helper(
    runtime: Annotated[str, typer.Argument(metavar="RUNTIME", help="of which runtime: ruby")],
) -> None:
    """Print the file that a service loads to answer for its heap: Ruby has no way of its own to be asked from outside.

    Exits 0 once printed, 2 for a runtime that needs none.
    """
    if runtime != "ruby":
        raise CallerError(
            f"there is no helper for {runtime!r}",
            why="CPython, Node.js, the JVM and Go are asked by ways of their own",
            next_step="oakum heap helper ruby > oakum_heap.rb",
        )
    from oakum.loop.ruby_helper import ruby_helper  # noqa: PLC0415

    typer.echo(ruby_helper(), nl=False)


@app.command()
def redact(
    dump: Annotated[
        str, typer.Argument(metavar="IN", help="a heap dump, plain, packed or sealed; - is standard input")
    ],
    out: Annotated[
        str, typer.Argument(metavar="OUT", help="not yet there; .zst and .gz are packed; - is standard output")
    ],
    *,
    key: Annotated[
        str,
        typer.Option(
            "--key", metavar="FILE", help="keep the key here, or use the one that is: fillers are the same then"
        ),
    ] = "",
    seal_to: SealOption = None,
    identity: IdentityOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Fill a dump's texts with hashes of the same length: what leaks is still told, what it says is gone.

    HPROF files, V8 snapshots and Ruby dumps. Exits 0 once written, 4 when the dump is broken or cut off: nothing is
    written then.
    """
    _no_page(output, "redact")
    from oakum.loop.redact import Settings  # noqa: PLC0415
    from oakum.loop.redact import redact as journey  # noqa: PLC0415

    settings = Settings(key, wiring.seal_recipients(seal_to or ()), identity)
    from oakum.cli.stages import stages  # noqa: PLC0415

    with stages(wiring.rates(), quiet=output is Output.JSON) as told:
        made = journey(dump, out, machine=wiring.machine(), settings=settings, progress=told)
    from oakum.render.codec_redaction import redaction_to_json  # noqa: PLC0415
    from oakum.render.table_redaction import redaction_view  # noqa: PLC0415

    answer(
        output,
        None,
        table=lambda: redaction_view(made),
        encoded=lambda: redaction_to_json(made),
        html=str,
        stream=sys.stderr if out == "-" else sys.stdout,
    )


@app.command()
def paths(
    dump: Annotated[str, typer.Argument(metavar="FILE", help="a heap dump, plain, gzip or zstd; - is standard input")],
    *,
    name: Annotated[str, typer.Option("--class", metavar="NAME", help="whole, or its last part if that is clear")] = "",
    object_id: Annotated[
        str, typer.Option("--object", metavar="ID", help="one object, by the id that analyze tells: @413, 0x7f3a00")
    ] = "",
    most: Annotated[
        int, typer.Option("--most", min=1, help="different ways to the object, or the class's largest")
    ] = 3,
    identity: IdentityOption = "",
    memory: MemoryOption = "",
    fresh: FreshOption = False,
    output: OutputOption = Output.TABLE,
    file: FileOption = None,
) -> None:
    """Why objects of one class, or one object, are still there: who holds them, and by which ways.

    Exits 0 once found, 2 when roots hold no such object, 4 when the dump is broken.
    """
    from oakum.loop import heap as journey  # noqa: PLC0415

    check_file(file)
    with _bench(memory, fresh=fresh, identity=identity, output=output) as bench:
        found = journey.paths(dump, name=name, object_id=object_id, most=most, bench=bench)
    from oakum.render.codec_heap import heap_paths_to_json  # noqa: PLC0415
    from oakum.render.report_heap import heap_paths_html  # noqa: PLC0415
    from oakum.render.table_heap import heap_paths_view  # noqa: PLC0415

    answer(
        output,
        file,
        table=lambda: heap_paths_view(found),
        encoded=lambda: heap_paths_to_json(found),
        html=lambda: heap_paths_html(found),
    )
    if found.partial:
        raise _broken(dump, found.warnings)


@contextmanager
def _bench(memory: str, *, fresh: bool, identity: str, output: Output) -> Iterator[Bench]:
    """All that a question about dumps is answered with, and its progress on standard error."""
    from oakum.cli.stages import stages  # noqa: PLC0415
    from oakum.loop.heap import Bench, Settings  # noqa: PLC0415

    settings = Settings.of(memory_bytes=parse_size(memory) if memory else None, fresh=fresh, identity=identity)
    with stages(wiring.rates(), quiet=output is Output.JSON) as told:
        yield Bench(wiring.machine(), settings, told, wiring.answers())


def _putting(incident: str, file: str, store: str) -> Callable[[Capture], Capture]:
    """Puts a capture on record. An incident that is not there is told before the target is touched."""
    from oakum.loop.capturing.record import check_record, on_record  # noqa: PLC0415
    from oakum.loop.incident import number_of  # noqa: PLC0415

    number, recorder = number_of(incident), wiring.recorder(store)
    check_record(number, file, recorder)
    return lambda taken: on_record(taken, number, recorder, now_s=time.time())


def _budget(max_pause: str, deadline: str, max_bytes: str = "") -> Budget:
    from oakum.model.budget import Budget  # noqa: PLC0415

    return Budget(
        parse_duration(max_pause),
        parse_duration(deadline) if deadline else None,
        parse_size(max_bytes) if max_bytes else None,
    )


def _no_page(output: Output, command: str) -> None:
    if output is Output.HTML:
        raise CallerError(
            f"{command} has no page", why="it is a short list", next_step=f"oakum heap {command} … -o json"
        )


def _broken(what: str, warnings: Sequence[str]) -> DataError:
    """What was printed is a part of what a whole dump would have told."""
    return DataError(
        f"{what} is broken: what is said above is partial",
        why=warnings[0] if warnings else "",
        next_step="take the dump again",
    )
