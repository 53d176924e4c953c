"""``oakum verify``."""

from __future__ import annotations

from typing import Annotated

import typer

from oakum import wiring
from oakum.cli.output import Output, OutputOption, StoreOption, answer
from oakum.model.errors import CallerError
from oakum.model.units import parse_duration


def verify(
    target: Annotated[str, typer.Argument(metavar="INCIDENT|TARGET", help="inc-N, pid/N or cgroup/PATH")],
    *,
    watch_for: Annotated[
        str,
        typer.Option("--for", metavar="DURATION", help="how long to watch; by default the quick check"),
    ] = "",
    on: Annotated[str, typer.Option("--on", metavar="TARGET", help="what runs now, where its command changed")] = "",
    store: StoreOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Is it really fixed? No kill, no restart, flat, under load, with room; samples of earlier runs count.

    Exits 0 when the quick check or the closing window is passed, 1 when it is not fixed, 5 when that is not known yet.
    """
    from oakum.cli.progress import progress  # noqa: PLC0415
    from oakum.loop import verify as journey  # noqa: PLC0415
    from oakum.model.verification import Outcome  # noqa: PLC0415

    if output is Output.HTML:
        raise CallerError("a verification has no page", next_step="oakum incident report inc-N")
    watch_s = parse_duration(watch_for) if watch_for else None
    if watch_s is not None and watch_s < 1:
        raise CallerError("nothing is seen in less than a second", next_step="oakum verify … --for 1h")
    with progress() as told, wiring.bench(store, told) as bench:
        found = journey.verify(target, bench=bench, watch_s=watch_s, on=on)
    from oakum.render.codec_verify import verification_to_json  # noqa: PLC0415
    from oakum.render.table_verify import verification_view  # noqa: PLC0415

    answer(output, None, table=lambda: verification_view(found), encoded=lambda: verification_to_json(found), html=str)
    codes = {Outcome.FAILED: 1, Outcome.INCONCLUSIVE: 5}
    raise typer.Exit(codes.get(found.outcome, 0))
