"""What watching costs: the share of one core that Oakum takes for N processes at 1 Hz, beside psutil on the same ones.

``python -m bench.sampler [PROCESSES] [SECONDS]``. The processes sleep; each is sampled once per second. CPU is user and
system time of this process, read from the kernel before and after.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

import psutil

from oakum.host import this_machine
from oakum.sense.machine import MachineWatch


@contextlib.contextmanager
def sleepers(count: int) -> Iterator[list[int]]:
    """Processes that wait until their standard input closes."""
    started = [subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) for _ in range(count)]
    try:
        yield [process.pid for process in started]
    finally:
        for process in started:
            process.communicate()


def cpu_s() -> float:
    spent = os.times()
    return spent.user + spent.system


class Only:
    """The machine's processes, narrowed to some: both sides watch the same ones. Newcomers are looked for as always."""

    def __init__(self, processes: object, pids: Sequence[int]) -> None:
        self._processes, self._pids = processes, frozenset(pids)

    def __getattr__(self, name: str) -> object:
        return getattr(self._processes, name)

    def list(self) -> list:
        return [info for info in self._processes.list() if info.pid in self._pids]

    def pids(self) -> list[int]:
        return [pid for pid in self._processes.pids() if pid in self._pids]


def oakum_s(pids: Sequence[int], seconds: int) -> float:
    """CPU seconds of ``seconds`` ticks: processes, and the cgroups of the whole machine."""
    machine = this_machine()
    processes = Only(machine.processes, pids)
    watch = MachineWatch(processes=processes, cgroups=machine.cgroups, clock=machine.clock, interval_s=1.0)
    with watch:
        before = cpu_s()
        for _ in range(seconds):
            watch.tick()
        return cpu_s() - before


def psutil_s(pids: Sequence[int], seconds: int) -> float:
    """The plain use of psutil: open handles, ``memory_info`` of each, once per second."""
    handles = [psutil.Process(pid) for pid in pids]
    before = cpu_s()
    for _ in range(seconds):
        until = time.monotonic() + 1.0
        for handle in handles:
            handle.memory_info()
        time.sleep(max(0.0, until - time.monotonic()))
    return cpu_s() - before


def main(count: int = 100, seconds: int = 30) -> None:
    groups = len(this_machine().cgroups.list())
    with sleepers(count) as pids:
        # psutil gives resident memory; anonymous memory, the limits and newcomers are Oakum's.
        rows = [("oakum", oakum_s(pids, seconds)), ("psutil", psutil_s(pids, seconds))]
    print(f"{count} processes at 1 Hz for {seconds} s; oakum reads {groups} cgroups beside them")
    for name, spent in rows:
        each_us = spent / seconds / count * 1e6
        print(f"{name:8} {100 * spent / seconds:6.2f} % of a core  {each_us:7.1f} µs per process and sample")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
