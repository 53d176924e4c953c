"""How a command that holds something is ended from outside: as by Ctrl-C, so that it lets go of it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """By SIGTERM (a service manager) and SIGHUP (a terminal that is closed) as by Ctrl-C: what is known is stored,
    what was opened in a target is closed, what was made elsewhere is deleted.

    One that is ignored (nohup) stays so.
    """
    before = {number: signal.getsignal(number) for number in _ENDING}
    for number in _ENDING:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """A second one does not disturb: a shell and the kernel both tell that a terminal is gone."""
    del number, frame
    for other in _ENDING:
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt
