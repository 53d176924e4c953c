"""``python -m bench.probes``: a census of a million objects of a CPython at work, writes docs/bench-probes.md."""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.judge.report.machine import ROOT, stand, told
from bench.judge.table import markdown
from oakum import heap
from oakum.heap.formats.python.objects import PythonHeap
from oakum.host import this_machine
from oakum.model.absent import Absent
from oakum.probe.python import PythonProbe
from oakum.probe.runtime import recognise

ENGINE = "src/oakum/heap/formats/python"
PROGRAM = Path(__file__).with_name("sessions.py")
SESSIONS = 250_000
KIND = "__main__.Session"

HEAD = f"""# What a census of CPython costs the process it is taken of

Written by `make bench-probes`; change nothing by hand.

The target holds {SESSIONS:,} sessions all the time, each of four objects, and replaces 2,000 of them every 10 ms with
new ones; its collector is off, so that it makes no pauses of its own. *Pause inside* is the longest time in which a
thread of the target that reads the clock every 2 ms could not; *before* is the same while nobody looked. *Error* is how
far the count of sessions is from what the target holds; *beside a stop*, how far the count of all objects is from that
of a census of the stopped target. A stop lasts as long as the copy."""
COLUMNS = (
    "way", "objects", "MB read", "pause inside ms", "before ms", "pause said ms", "copied s", "counted s", "error %",
    "beside a stop %",
)  # fmt: skip


class Target:
    """The program, ready. ``pause_s`` is its longest pause since it was asked last."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        assert process.stdin is not None
        self.pid, self._out, self._in = process.pid, process.stdout, process.stdin
        assert self._out.readline() == "ready\n"

    def pause_s(self) -> float:
        print(file=self._in, flush=True)
        return float(self._out.readline())


@contextlib.contextmanager
def target(python: str) -> Iterator[Target]:
    with subprocess.Popen(
        [python, "-I", str(PROGRAM), str(SESSIONS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Target(process)
        finally:
            process.kill()


@dataclass(frozen=True, slots=True)
class Taken:
    """One census. ``pauses_s``: inside, before, said."""

    heap: PythonHeap
    bytes_read: int
    pauses_s: tuple[float, float, float]
    copied_s: float
    counted_s: float

    @property
    def sessions(self) -> int:
        graph = self.heap.graph
        return int(np.isin(graph.kind, [at for at, name in enumerate(graph.kinds) if name == KIND]).sum())

    def row(self, way: str, exact: Taken | None) -> list[str]:
        error = 100 * abs(self.sessions - SESSIONS) / SESSIONS
        beside = "" if exact is None else f"{100 * abs(self.heap.objects / exact.heap.objects - 1):.3f}"
        pauses = [f"{1000 * pause_s:.1f}" for pause_s in self.pauses_s]
        read = f"{self.bytes_read / 1e6:.0f}"
        times = [f"{self.copied_s:.2f}", f"{self.counted_s:.2f}"]
        return [way, f"{self.heap.objects:,}", read, *pauses, *times, f"{error:.3f}", beside]


def taken(program: Target, probe: PythonProbe, *, stop: bool) -> Taken:
    program.pause_s()
    time.sleep(0.5)
    before_s = program.pause_s()
    capture = probe.capture(program.pid, stop=stop)
    inside_s = program.pause_s()
    if isinstance(capture, Absent):
        raise SystemExit(capture.why)
    begun_s = time.monotonic()
    decoded = capture.decode()
    counted_s = time.monotonic() - begun_s
    if isinstance(decoded, Absent):
        raise SystemExit(decoded.why)
    cost = capture.cost
    return Taken(decoded, cost.bytes_read, (inside_s, before_s, cost.pause_s), cost.seconds, counted_s)


def rows(python: str, times: int) -> Iterator[list[str]]:
    machine = this_machine()
    with target(python) as program:
        runtime = recognise(program.pid, machine.processes, machine.memories)
        if isinstance(runtime, Absent):
            raise SystemExit(runtime.why)
        probe = PythonProbe(machine.memories, machine.processes, machine.clock, runtime)
        exact = [taken(program, probe, stop=True) for _ in range(2)]
        for _ in range(times):
            yield taken(program, probe, stop=False).row(f"{runtime}: by type, no stop", exact[1])
        for found in exact:
            yield found.row(f"{runtime}: by holder, stopped", None)
        begun_s = time.monotonic()
        heap.compare(exact[0].heap, exact[1].heap, 1.0)
        print(f"{runtime}: two censuses compared in {time.monotonic() - begun_s:.1f} s", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.probes", description=__doc__)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page is written")
    parser.add_argument("--python", action="append", default=[], help="of the target; again for more; else this one")
    parser.add_argument("--times", type=int, default=3, help="how many censuses without a stop")
    chosen = parser.parse_args()
    heap.warm_up()
    before = stand(ENGINE)
    found = [row for python in chosen.python or [sys.executable] for row in rows(python, chosen.times)]
    chosen.docs.mkdir(parents=True, exist_ok=True)
    written = chosen.docs / "bench-probes.md"
    facts = markdown(("", ""), [list(fact) for fact in told(before, stand(ENGINE))])
    written.write_text(f"{HEAD}\n\n{facts}\n\n{markdown(COLUMNS, found)}\n", encoding="utf-8")
    print(written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
