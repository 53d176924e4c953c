"""Progress on standard error: a live panel on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO, cast

from oakum.cli.streams import say
from oakum.loop.progress import Progress

if TYPE_CHECKING:
    from rich.live import Live

    from oakum.model.series import WorkloadSeries
    from oakum.model.verdict import Verdict

PLAIN_EVERY_S = 5.0
"""Where the panel cannot be drawn, the watch says a line this often, in seconds."""


class Lines:
    """One line per stage, and a line of the watch every few seconds."""

    def __init__(self) -> None:
        self._said_at = 0.0

    def stage(self, text: str) -> None:
        say(sys.stderr, f"oakum: {shown_stage(text)}\n")

    def ask(self, question: str) -> bool | None:
        """Standard error is no terminal: nobody would see the question."""
        del question
        return None

    def watched(self, series: WorkloadSeries, verdict: Verdict, remaining_s: float) -> None:
        now = time.monotonic()
        if now - self._said_at < PLAIN_EVERY_S:
            return
        self._said_at = now
        from oakum.render import watch_line  # noqa: PLC0415

        self.stage(watch_line(series, verdict, remaining_s))

    def standing(self, text: str) -> None:
        """A log would be full of it."""
        del text


class Panel:
    """The curve, the verdict as it firms up, and the forecast counting down."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._stage = ""

    def stage(self, text: str) -> None:
        self._stage = text
        from rich.text import Text  # noqa: PLC0415

        # A Text is not read as markup: a holder's name or a path may hold brackets.
        self._live.console.print(Text.assemble(("·", "dim"), " ", shown_stage(text)))

    def ask(self, question: str) -> bool | None:
        """Only a clear yes is one. The panel rests meanwhile."""
        if not sys.stdin.isatty():
            return None
        self._live.stop()
        try:
            answer = self._live.console.input(f"  {shown_stage(question)} [y/N] ", markup=False)
        except EOFError:
            return None
        finally:
            self._live.start()
        return answer.strip().lower() in {"y", "yes"}

    def watched(self, series: WorkloadSeries, verdict: Verdict, remaining_s: float) -> None:
        from oakum.render import live_panel  # noqa: PLC0415

        self._live.update(live_panel(series, verdict, self._stage, remaining_s=remaining_s))

    def standing(self, text: str) -> None:
        from rich.text import Text  # noqa: PLC0415

        self._live.update(Text(shown_stage(text), style="dim", no_wrap=True, overflow="ellipsis"))


class Terminal:
    """Standard error; once it is closed, what is said there is said to nobody."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def shown_stage(text: str) -> str:
    """Stages name holders and paths, and those may hold terminal escapes."""
    from oakum.render.names import shown  # noqa: PLC0415

    return shown(text)


@contextmanager
def progress(per_s: float = 8.0) -> Iterator[Progress]:
    """The progress that fits standard error; the panel is gone when the answer is printed.

    ``per_s``: how often the panel is drawn.
    """
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415

    console = Console(file=cast("TextIO", Terminal(sys.stderr)))
    with Live(console=console, refresh_per_second=per_s, transient=True) as live:
        yield Panel(live)
