"""Progress of work on files: each stage with its rate, and the time that is left by what this machine did before."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from oakum.cli.progress import shown_stage
from oakum.cli.streams import say
from oakum.loop.progress import Progress, Silent
from oakum.model.stage import Stage
from oakum.model.units import format_count, format_duration, format_size

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

    from oakum.model.ports import Rates
    from oakum.model.series import WorkloadSeries
    from oakum.model.verdict import Verdict

PLAIN_EVERY_S = 5.0
"""Without a terminal, a stage that goes on says a line this often, in seconds."""

LEARNT_FROM_S = 0.2
"""A shorter stage says little of the machine's rate."""


class Stages:
    """The stage that runs, and for how long it has. One whose work is known is told when it ends, others at once."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._stage = Stage("")
        self._begun_s = time.monotonic()
        self._usual = True

    def stage(self, text: str) -> None:
        self.end()
        self._stage = text if isinstance(text, Stage) else Stage(text)
        self._begun_s = time.monotonic()
        if not self._stage.kind:
            # What compiles its kernels first is slower than it will be.
            self._usual = False
            self.line(self._stage)

    def end(self) -> None:
        """What took a while tells how fast it went, here and to the next run."""
        stage, took_s = self._stage, time.monotonic() - self._begun_s
        self._stage = Stage("")
        if not stage.kind:
            return
        if self._usual and stage.work and took_s >= LEARNT_FROM_S:
            self._rates.learn(stage.kind, stage.work / took_s)
        self.line(f"{stage}: {_took(stage, took_s)}")

    def line(self, text: str) -> None:
        """One line that stays."""
        say(sys.stderr, f"oakum: {shown_stage(text)}\n")

    def ask(self, question: str) -> bool | None:
        """Work on files asks nothing."""
        del question
        return None

    def now(self) -> str:
        """The running stage, in words; "" between stages."""
        stage, took_s = self._stage, time.monotonic() - self._begun_s
        rate = self._rates.of(stage.kind) if stage.kind else None
        left = "" if not rate or not stage.work else _left(stage.work / rate - took_s)
        return f"{stage}: {took_s:.0f} s{left}" if stage else ""

    def watched(self, series: WorkloadSeries, verdict: Verdict, remaining_s: float) -> None:
        del series, verdict, remaining_s

    def standing(self, text: str) -> None:
        del text


class LiveStages(Stages):
    """On a terminal: a line that lives while a stage runs."""

    def __init__(self, rates: Rates, live: Live) -> None:
        super().__init__(rates)
        self._live = live

    def line(self, text: str) -> None:
        from rich.text import Text  # noqa: PLC0415

        self._live.console.print(Text.assemble(("·", "dim"), " ", shown_stage(text)))

    def __call__(self) -> Text:
        from rich.text import Text  # noqa: PLC0415

        return Text.assemble(("▸ ", "cyan"), shown_stage(self.now())) if self.now() else Text("")


def _took(stage: Stage, took_s: float) -> str:
    if not stage.work or took_s < LEARNT_FROM_S:
        return f"{took_s:.1f} s"
    per_s = stage.work / took_s
    return (
        f"{took_s:.1f} s, {format_size(per_s) if stage.unit == 'B' else format_count(int(per_s)) + ' ' + stage.unit}/s"
    )


def _left(left_s: float) -> str:
    if left_s < 1:
        return ", nearly done" if left_s > -1 else ""
    return f", about {f'{left_s:.0f} s' if left_s < 100 else format_duration(left_s)} left"


@contextmanager
def stages(rates: Rates, *, quiet: bool) -> Iterator[Progress]:
    """``quiet``: a program reads the answer; only a terminal is told anything then."""
    if sys.stderr.isatty():
        from rich.console import Console  # noqa: PLC0415
        from rich.live import Live  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        with Live(Text(""), console=Console(stderr=True), refresh_per_second=8, transient=True) as live:
            told = LiveStages(rates, live)
            live.get_renderable = told  # type: ignore[method-assign]
            yield told
            told.end()
        return
    if quiet:
        yield Silent()
        return
    plain, over = Stages(rates), threading.Event()
    ticks = threading.Thread(target=_tick, args=(plain, over), daemon=True)
    ticks.start()
    try:
        yield plain
        plain.end()
    finally:
        over.set()
        ticks.join()


def _tick(told: Stages, over: threading.Event) -> None:
    while not over.wait(PLAIN_EVERY_S):
        if text := told.now():
            told.line(text)
