"""One program on one dump: wall, CPU and memory of the whole process tree, as the kernel counts them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

SAMPLE_S = 0.02


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds and bytes. ``anon_bytes``: the peak of anonymous memory, ``rss_bytes``: with mapped files."""

    wall_s: float
    cpu_s: float
    anon_bytes: int
    rss_bytes: int


def measured(command: Sequence[str], *, times: int) -> Cost:
    """The run of median CPU time. Raises CalledProcessError when the command fails."""
    runs = [_once(command) for _ in range(times)]
    return sorted(runs, key=lambda run: run.cpu_s)[len(runs) // 2]


def _once(command: Sequence[str]) -> Cost:
    begun = time.perf_counter()
    anon = rss = 0
    spent: dict[int, float] = {}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        root = psutil.Process(process.pid)
        while process.poll() is None:
            tree = _tree(root)
            sums = [_memory(each) for each in tree]
            anon, rss = max(anon, sum(pair[0] for pair in sums)), max(rss, sum(pair[1] for pair in sums))
            for each in tree:
                spent[each.pid] = max(spent.get(each.pid, 0.0), _cpu_s(each))
            time.sleep(SAMPLE_S)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return Cost(time.perf_counter() - begun, sum(spent.values()), anon, rss)


def _tree(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []


def _memory(process: psutil.Process) -> tuple[int, int]:
    try:
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:  # noqa: PTH123
            rows = dict(line.split(":", 1) for line in file if line.startswith(("RssAnon", "VmRSS")))
    except OSError:
        return 0, 0
    return tuple(int(rows.get(name, "0 kB").split()[0]) * 1024 for name in ("RssAnon", "VmRSS"))  # type: ignore[return-value]


def _cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)
