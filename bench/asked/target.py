"""A program that tells its own longest pause."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CALM_S = 0.3


@dataclass(frozen=True, slots=True)
class Cost:
    """``pause_s``, ``cpu_s``: inside the target; ``seconds``: from the question to the answer."""

    pause_s: float
    cpu_s: float
    seconds: float


class Target:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        assert process.stdin is not None
        self.pid, self._out, self._in = process.pid, process.stdout, process.stdin
        if not self._out.readline().startswith("ready"):
            raise SystemExit("the target did not start")

    def pause_s(self) -> float:
        """Since it was asked last."""
        print(file=self._in, flush=True)
        return float(self._out.readline())

    def cost(self, ask: Callable[[], object]) -> Cost:
        time.sleep(CALM_S)
        self.pause_s()
        before_s, begun_s = self._cpu_s(), time.monotonic()
        ask()
        seconds = time.monotonic() - begun_s
        cpu_s = self._cpu_s() - before_s
        return Cost(self.pause_s(), cpu_s, seconds)

    def _cpu_s(self) -> float:
        """Of the threads that are there, by the scheduler."""
        found = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(path.read_text(encoding="ascii").split()[0]) for path in found) / 1e9


@contextmanager
def target(command: Sequence[str]) -> Iterator[Target]:
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield Target(process)
        finally:
            process.kill()
