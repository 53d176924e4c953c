"""The options of ``oakum scan`` that are about a Prometheus server, and how it is scanned."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from oakum import wiring
from oakum.model.errors import CallerError
from oakum.model.source import MetricsSource
from oakum.model.units import parse_duration, parse_size

if TYPE_CHECKING:
    from oakum.loop.progress import Progress
    from oakum.loop.scan_prometheus import HistorySettings
    from oakum.model.metrics import QueryBudget
    from oakum.model.scan import Scan

WINDOW = "24h"
AT_ONCE = 4
BUDGET = "10min"
MAX_BYTES = "4GiB"

WindowOption = Annotated[str, typer.Option("--window", metavar="DURATION", help="Prometheus: how far back to read")]
StepOption = Annotated[
    str,
    typer.Option(
        "--step", metavar="DURATION", help="Prometheus: time between samples [default: as scraped]", show_default=False
    ),
]
NamespaceOption = Annotated[
    list[str] | None,
    typer.Option("--namespace", "-n", metavar="NAME", help="kube, Prometheus: this one alone; several for Prometheus"),
]
LabelOption = Annotated[
    list[str] | None,
    typer.Option("--label", "-l", metavar="MATCHER", help="Prometheus: e.g. 'pod=~\"cart-.*\"'; may be repeated"),
]
AtOnceOption = Annotated[
    int, typer.Option("--at-once", min=1, max=32, help="Prometheus: requests under way side by side")
]
BudgetOption = Annotated[
    str, typer.Option("--budget", metavar="DURATION", help="Prometheus: stop asking after so long, and say so")
]
BytesOption = Annotated[
    str, typer.Option("--max-bytes", metavar="SIZE", help="Prometheus: stop asking after so much, and say so")
]
SchedulerOption = Annotated[
    str,
    typer.Option(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="Prometheus: read and judge by the workers of this Dask cluster",
        show_default=False,
    ),
]

RemoteReadOption = Annotated[
    bool,
    typer.Option(
        "--remote-read/--no-remote-read",
        help="Prometheus: take its chunks as they are where it offers them, or have it evaluate everything",
    ),
]


def budget_of(at_once: int, seconds: str, most: str, *, remote_read: bool = True) -> QueryBudget:
    """Raises CallerError for what is no duration or no size."""
    from oakum.model.metrics import QueryBudget  # noqa: PLC0415

    return QueryBudget(at_once, parse_duration(seconds), parse_size(most), remote_read)


def refuse_without_server(given: Mapping[str, object]) -> None:
    """Options that are about a server, without one. Raises CallerError for the first that was given."""
    for option, value in given.items():
        if value:
            raise CallerError(
                f"{option} is about a Prometheus server",
                why="none is among the sources",
                next_step="oakum scan http://127.0.0.1:9090 --help",
            )


def scanned(source: MetricsSource, *, settings: HistorySettings, scheduler: str, progress: Progress) -> Scan:
    from oakum.loop.scan_prometheus import scan_prometheus  # noqa: PLC0415

    policy = wiring.policy()
    return scan_prometheus(
        str(source),
        wiring.prometheus(source, settings.budget),
        settings=settings,
        policy=policy,
        now_s=time.time(),
        progress=progress,
        elsewhere=wiring.fleet(scheduler, source, settings.budget, policy),
    )
