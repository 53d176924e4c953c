"""docs/bench-prometheus.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.judge.table import markdown
from bench.prometheus.fleet import LEAK_EVERY
from bench.prometheus.measured import MOST_BYTES, Run

HEAD = f"""# What a scan of a Prometheus costs

Written by `make bench-prometheus`; change nothing by hand.

Generated containers in 40 namespaces, each a workload of its own, {{hours}} h of `container_memory_rss` at 1 min, with
limits, starts and owners: one of {LEAK_EVERY:,} leaks, a third are sawtooths, the rest is flat with noise. They are in
a real Prometheus of this machine, which shares its cores with who asks. Each row is a process of its own: the whole
command with `-o json`, imports and all, once kernels are compiled (docs/bench-speed.md). The peer is
prometheus-api-client with a pandas data frame and a fitted slope, once as one query and once namespace by namespace;
its worst, as many as were planted, count as found. It asks for gzip, as its HTTP library does; Oakum does not, unless
that is said. No process may have more than {MOST_BYTES >> 30} GiB. Where others used the cores meanwhile, the seconds
of processor tell more.
"""
PACKED = "Oakum, answers packed by gzip"
COLUMNS = (
    "who",
    "containers",
    "seconds",
    "CPU s",
    "peak MiB",
    "server CPU s",
    "server MiB",
    "load before",
    "leaks found",
    "others named",
)
STAGED = """Of the largest scan, seconds of processor of the threads that do it; a clock on each stage costs some
itself. The rest is HTTP, unpacking, the event loop and imports."""
COSTS = "From the same scan, divided by its {:,} series; asking for labels took {:.1f} s of its {:.1f} s."
FILES = """{:,} series of `make bench-speed`, in Parquet files of 1,000 series of 1,440 samples with limits, read,
judged and ranked by `oakum scan FILE… -o json`: {}."""
TARGETS = (("seconds for 10,000 containers × 24 h at 1 min", 90.0), ("peak MiB of that", 1024.0))
WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Found:
    """``right``, ``wrong``: what was named as a leak and was planted, and was not. ``stages``: what ``stages`` told."""

    run: Run
    containers: int
    answered: bool
    right: int = 0
    wrong: int = 0
    planted: int = 0
    stages: dict[str, Any] | None = None


def page(
    facts: Sequence[tuple[str, str]],
    found: Sequence[Found],
    hours: int,
    in_files: tuple[Run, Mapping[str, int]] | None = None,
) -> str:
    """``in_files``: a scan of files, and how many series had which verdict."""
    staged = [row for row in found if row.stages is not None]
    largest = max(staged, key=lambda row: row.containers, default=None)
    parts = [
        HEAD.format(hours=hours).strip(),
        markdown(("", ""), [list(fact) for fact in facts]),
        "## Asked for, and reached",
        markdown(("", "asked for", "measured", "reached"), _targets(found, hours)),
        "## Runs",
        markdown(COLUMNS, [_row(row) for row in found if row.answered]),
        "\n".join(_failed(row) for row in found if not row.answered),
        *(_staged(largest) if largest is not None else ()),
        *(_in_files(*in_files) if in_files is not None else ()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _row(row: Found) -> list[str]:
    run = row.run
    named = [f"{row.right} of {row.planted}", str(row.wrong)] if row.planted else ["", ""]
    return [
        run.name,
        f"{row.containers:,}",
        f"{run.seconds:.1f}",
        f"{run.cpu_s:.1f}",
        f"{run.peak_mib:,.0f}",
        f"{run.server_cpu_s:.1f}",
        f"{run.server_mib:,.0f}",
        f"{run.load:.1f}",
        *named,
    ]


def _failed(row: Found) -> str:
    run = row.run
    return (
        f"- {run.name}, {row.containers:,} containers: no answer; ended with {run.exit} after {run.seconds:.0f} s and"
        f" {run.peak_mib:,.0f} MiB: `{run.said[:160] or 'it said nothing'}`"
    )


def _targets(found: Sequence[Found], hours: int) -> list[list[str]]:
    """By the slowest and the largest of the scans that were asked for."""
    fitting = [row for row in found if row.containers >= WHOLE and row.planted and row.run.name.startswith("Oakum")]
    fitting = [row for row in fitting if row.run.name != PACKED]
    if not fitting or hours < 24:
        return [[title, f"≤ {most:,g}", "–", "not measured"] for title, most in TARGETS]
    values = (max(row.run.seconds for row in fitting), max(row.run.peak_mib for row in fitting))
    rows = [
        [title, f"≤ {most:,g}", f"{value:,.0f}", "yes" if value <= most else "no"]
        for (title, most), value in zip(TARGETS, values, strict=True)
    ]
    least, wrong = min(row.right for row in fitting), max(row.wrong for row in fitting)
    planted = fitting[0].planted
    rows.append(["leaks found", f"{planted}", f"{least}", "yes" if least == planted else "no"])
    rows.append(["others named", "0", f"{wrong}", "no" if wrong else "yes"])
    return rows


def _staged(row: Found) -> list[str]:
    assert row.stages is not None
    told, count = row.stages, row.stages["series"]
    spent = sorted(told["stages"].items(), key=lambda each: -each[1])
    spent.append(("the rest", told["cpu_s"] - sum(told["stages"].values())))
    stages = [
        [name, f"{seconds:.1f}", f"{seconds / told['cpu_s']:.0%}", f"{1e6 * seconds / count:,.0f}"]
        for name, seconds in spent
    ]
    costs = [
        ["samples", f"{told['samples'] / count:,.0f}"],
        ["bytes that the server sent", f"{told['bytes'] / count:,.0f}"],
        ["of these for labels and owners", f"{told['stock']['bytes'] / count:,.0f}"],
        ["requests", f"{told['requests'] / count:.3f}"],
        ["ms of our processor", f"{1e3 * told['cpu_s'] / count:.2f}"],
        ["ms of the server's processor", f"{1e3 * row.run.server_cpu_s / count:.2f}"],
        ["ms of the clock", f"{1e3 * told['seconds'] / count:.2f}"],
        ["bytes of the answer", f"{told['answer_bytes'] / count:,.0f}"],
    ]
    return [
        "## Where the time goes",
        STAGED,
        markdown((f"{count:,} series", "seconds", "share", "µs per series"), stages),
        "## What one series costs",
        COSTS.format(count, told["stock"]["seconds"], told["seconds"]),
        markdown(("for each series", ""), costs),
    ]


def _in_files(run: Run, counts: Mapping[str, int]) -> list[str]:
    count = sum(counts.values())
    if not count:
        return ["## Files", _failed(Found(run, 0, False))]
    told = ", ".join(f"{number:,} {name}" for name, number in sorted(counts.items()))
    row = [f"{run.seconds:.1f}", f"{run.cpu_s:.1f}", f"{run.peak_mib:,.0f}", f"{1e6 * run.cpu_s / count:,.0f}"]
    return [
        "## Files",
        FILES.format(count, told),
        markdown(
            ("who", "seconds", "CPU s", "peak MiB", "CPU µs per series", "load before"),
            [[run.name, *row, f"{run.load:.1f}"]],
        ),
    ]
