"""``python -m bench.prometheus.remote``: a day of a fleet's memory as servers hold it, and as they evaluate it.

By remote read from a real Prometheus, by its export from a real VictoriaMetrics. Both ways read the same shards,
alternately, and must give the same arrays.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

import anyio
import numpy as np

from bench.prometheus import fleet
from lab.metrics.planted import Row, World
from lab.metrics.servers import filled, victoria_metrics
from oakum.model.metrics import Matcher, MetricsServer, QueryBudget, Samples, Selected, Span
from oakum.prometheus import server
from oakum.prometheus.remote.source import MOST_EXPORTED, MOST_SAMPLES

ROOT = Path(__file__).parents[2]
METRICS = ("container_memory_rss", "container_memory_working_set_bytes", "container_memory_cache")
NAMESPACES = 40
WARM = 4
"""Shards that are read before the clock starts."""


@dataclass(frozen=True)
class Run:
    seconds: float
    ours_s: float
    theirs_s: float
    bytes: int
    requests: int
    samples: int
    digest: int


HEAD = """# Remote read, measured

Written by `python -m bench.prometheus.remote`; change nothing by hand.

{containers:,} containers over {hours} h, a sample every {every} s, {metrics} metrics: {samples:,} samples, backfilled
into real servers on the same machine, one after the other, with as many labels as cAdvisor gives. Memory comes in
pages, and nearly every sample differs from the one before: for chunks the dearest case. Both ways read the same shards
alternately, {at_once} requests at once, and gave the same arrays. Bytes are as they were sent: the servers pack JSON
with gzip. Times are medians of {times} runs, after the kernels were loaded (half a second, once). Where others used the
cores meanwhile, the CPU time is the better figure.

|  |  |
| --- | ---: |
| when | {when} UTC |
| on | {cores} cores, Linux {linux} |
| with | Python {python}, {servers} |
| noise | load {before:.1f} before, {after:.1f} after |

## Prometheus

| samples in a step | way | seconds | our CPU s | the server's CPU s | MB sent | requests | samples told |
| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |
"""
TAIL = """
Remote read sends all samples, query_range the last of each step: with {limit:.0f} of them in a step more bytes come,
but the server works a tenth or less, and that is what it is to be spared. So remote read is used up to {limit:.0f}
samples in a step (`MOST_SAMPLES`); beyond that the server evaluates.

## VictoriaMetrics

Its cache of results is switched off: the same question is never asked twice here.

| samples in a step | way | seconds | our CPU s | the server's CPU s | MB sent | requests | samples told |
| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |
"""
LAST = """
An export is text too, but all of a series on one line: it is read faster, and is as long. So it is used up to
{exported} samples in a step (`MOST_EXPORTED`).
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.prometheus.remote", description=__doc__)
    parser.add_argument("--containers", type=int, default=500)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--every", type=int, default=60, help="seconds between two samples")
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 2, 4, 8], help="samples in a step")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    parser.add_argument("--data", help="not used: the fleet is generated")
    chosen = parser.parse_args()
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="oakum-bench-") as folder:
        text = Path(folder) / "fleet.om"
        samples = write(text, chosen.containers, chosen.hours, chosen.every)
        with filled(Path(folder), text) as (address, pid):
            about = anyio.run(_about, address)
            rows = [line for many in chosen.steps for line in _compared(address, pid, chosen, many)]
        with victoria_metrics(Path(folder), Fleet(chosen), "-search.disableCache") as address:
            others = _compared(address, _pid(folder), chosen, 1, "export")
    head = HEAD.format(
        **vars(chosen),
        metrics=len(METRICS),
        samples=samples,
        when=datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        cores=os.cpu_count(),
        linux=platform.release(),
        python=platform.python_version(),
        servers=f"{about}, {_version()}",
        before=before,
        after=os.getloadavg()[0],
    )
    (chosen.docs / "bench-remote-read.md").write_text(
        "".join([head, *rows, TAIL.format(limit=MOST_SAMPLES), *others, LAST.format(exported=MOST_EXPORTED)]),
        encoding="utf-8",
    )
    return 0


async def _about(address: str) -> str:
    async with server(address, environment={}, table={}, budget=QueryBudget()) as live:
        return str(await live.about())


def _compared(address: str, pid: int, chosen: argparse.Namespace, many: int, way: str = "remote read") -> list[str]:
    """Rows of the table: each way, and how many times the one is of the other."""
    end_s = float(fleet.END_S)
    step_s = float(many * chosen.every)
    span = Span(end_s - chosen.hours * 3600 + step_s, end_s, step_s)
    found: dict[bool, list[Run]] = {True: [], False: []}
    for remote in (True, False) * chosen.times:
        found[remote].append(anyio.run(_read, address, pid, span, remote, chosen.at_once))
    if len({run.digest for runs in found.values() for run in runs}) > 1:
        raise SystemExit(f"with {many} samples in a step both ways do not give the same")
    chunks, evaluated = (_middle(found[remote]) for remote in (True, False))
    rows = [
        f"| {many} | {name} | {run.seconds:.2f} | {run.ours_s:.2f} | {run.theirs_s:.2f} | {run.bytes / 1e6:.2f} |"
        f" {run.requests} | {run.samples:,} |\n"
        for name, run in ((way, chunks), ("query_range", evaluated))
    ]
    rows.append(
        f"| {many} | query_range ÷ {way} | {evaluated.seconds / chunks.seconds:.1f} |"
        f" {evaluated.ours_s / chunks.ours_s:.1f} |"
        f" {evaluated.theirs_s / max(chunks.theirs_s, 0.01):.0f} | {evaluated.bytes / chunks.bytes:.2f} | | |\n"
    )
    print("".join(rows), end="", flush=True)
    return rows


def _middle(runs: list[Run]) -> Run:
    return Run(*(statistics.median(getattr(run, each.name) for run in runs) for each in fields(Run)))


async def _read(address: str, pid: int, span: Span, remote: bool, at_once: int) -> Run:  # noqa: FBT001
    budget = QueryBudget(at_once=at_once, remote_read=remote)
    digest = samples = 0
    async with server(address, environment={}, table={}, budget=budget) as live:
        # The first answer also tells what the server is, and loads our kernels.
        await live.about()
        for number in range(WARM):
            await _shard(live, METRICS[0], number, span)
        begun = time.monotonic(), _ours_s(), _theirs_s(pid), live.asked.bytes, live.asked.requests

        async def one(metric: str, number: int) -> None:
            nonlocal digest, samples
            async with turns:
                for each in await _shard(live, metric, number, span):
                    samples += each.at_s.size
                    key = tuple(sorted(each.labels.items()))
                    digest ^= hash((key, each.at_s.tobytes(), each.value.tobytes()))

        turns = anyio.CapacityLimiter(at_once)
        async with anyio.create_task_group() as group:
            for metric in METRICS:
                for number in range(NAMESPACES):
                    group.start_soon(one, metric, number)
        assert bool(live.asked.chunks) is remote, live.asked.evaluated
        return Run(
            time.monotonic() - begun[0],
            _ours_s() - begun[1],
            _theirs_s(pid) - begun[2],
            live.asked.bytes - begun[3],
            live.asked.requests - begun[4],
            samples,
            digest,
        )


async def _shard(live: MetricsServer, metric: str, number: int, span: Span) -> tuple[Samples, ...]:
    matchers = (Matcher("container", "!=", ""), Matcher("namespace", "=", f"team-{number:02d}"))
    # It is told to be sampled once in a step, so that remote read is not left out where it does not pay.
    return await live.last(Selected(metric, matchers, span.step_s), span)


def write(file: Path, containers: int, hours: int, every_s: int) -> int:
    """As OpenMetrics text. How many samples there are."""
    at = _times(hours, every_s)
    moments = [f" {moment}\n" for moment in at.tolist()]
    with file.open("w", encoding="ascii") as out:
        for place, metric in enumerate(METRICS):
            out.write(f"# TYPE {metric} gauge\n")
            for number in range(containers):
                head = metric + "{" + ",".join(f'{name}="{value}"' for name, value in _labels(number).items()) + "} "
                values = map(str, _values(place * containers + number, at))
                out.write("".join([head + value + moment for value, moment in zip(values, moments, strict=True)]))
        out.write("# EOF\n")
    return len(METRICS) * containers * at.size


class Fleet(World):
    """The same, row by row."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        super().__init__()
        self.rows = self._made(chosen)  # type: ignore[assignment]

    def _made(self, chosen: argparse.Namespace) -> Iterator[Row]:
        at = _times(chosen.hours, chosen.every)
        for place, metric in enumerate(METRICS):
            for number in range(chosen.containers):
                values = _values(place * chosen.containers + number, at)
                yield Row(metric, _labels(number), list(zip(map(float, at), map(float, values), strict=True)))


def _times(hours: int, every_s: int) -> np.ndarray:
    return np.arange(fleet.END_S - hours * 3600 + every_s, fleet.END_S + 1, every_s)


def _values(number: int, at: np.ndarray) -> list[int]:
    """Memory comes in pages."""
    return (fleet._bytes(number, at) // 4096 * 4096).tolist()  # noqa: SLF001


def _labels(number: int) -> dict[str, str]:
    """As many as cAdvisor gives."""
    return {
        "namespace": f"team-{number % NAMESPACES:02d}",
        "pod": f"svc-{number:06d}-6b7f9c8d5-x2k9p",
        "container": "app",
        "id": f"/kubepods/burstable/pod{number:06d}/{number:064x}",
        "image": f"registry.example/team/svc:{number}",
        "name": f"{number:064x}",
        "node": f"node-{number % 50}",
        "instance": f"10.0.0.{number % 50}:10250",
        "job": "kubelet",
    }


def _pid(folder: str) -> int:
    """Of the server that keeps its data there."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        told = entry.read_bytes()
        if told.startswith(b"victoria-metrics") and folder.encode() in told:
            return int(entry.parent.name)
    raise SystemExit("the server that was started is not there")


def _version() -> str:
    told = subprocess.run(["victoria-metrics", "-version"], capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+\.\d+", told.stdout + told.stderr)
    return f"VictoriaMetrics {found[0] if found else ''}".strip()


def _ours_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _theirs_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    raise SystemExit(main())
