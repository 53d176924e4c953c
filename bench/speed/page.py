"""docs/bench-speed.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.judge.table import markdown
from bench.speed.fleet import CHUNK, SAMPLES, SEED, SHAPES, STEP_S
from bench.speed.measured import Measured, Started

HEAD = f"""# What judging costs

Written by `make bench-speed`; change nothing by hand.

Generated series (seed {SEED}) of {SAMPLES:,} samples, {STEP_S:g} s apart, in turn: {", ".join(SHAPES)}.
They are made in chunks of {CHUNK:,} while the clock stands; the peak holds one chunk, whose columns take
{CHUNK * SAMPLES * 16 >> 20} MiB, and what the method needs, over all its processes. Every row is a process of its own,
warm: compiled, imported, asked once before. `columns` gives figures, `verdicts` whole answers with their reasons, both
on compiled code; `one by one` is interpreted, so that one answer never waits for a compiler. Two cores are two threads
of these, or a pool of two processes that are sent the series. Slow methods are asked about the first series of the same
fleet. PrecogMF is our own form of it in numpy; its authors report 0.33 s per answer. Where others used the cores
meanwhile, the CPU time is the better figure.
"""
COMPILING = """Seconds in a new process: importing, then the first and the second answer. Cold: no kernel was compiled
before; warm: the cache that the cold run left."""
COLUMNS = (
    "method",
    "series",
    "cores",
    "seconds",
    "µs per series",
    "CPU µs per series",
    "series per second",
    "peak MiB",
    "at rest MiB",
)
TARGETS = (
    ("µs per series in columns, one core", 1000.0),
    ("µs per series with words, one core", 1000.0),
    ("seconds for 100,000 series with words, two cores", 120.0),
    ("peak MiB for 100,000 series with words, two cores", 1536.0),
    ("seconds to compile, once", 15.0),
)


def page(facts: Sequence[tuple[str, str]], rows: Sequence[Measured | str], starts: Mapping[str, Started]) -> str:
    """``rows``: a text is something that was not measured, and why."""
    found = [row for row in rows if isinstance(row, Measured)]
    missing = [f"- {row}" for row in rows if isinstance(row, str)]
    parts = [
        HEAD.strip(),
        markdown(("", ""), [list(fact) for fact in facts]),
        "## Asked for, and reached",
        markdown(("", "asked for", "measured", "reached"), _targets(found, starts)),
        "## Throughput and memory",
        markdown(
            COLUMNS,
            [_row(row) for row in found],
        ),
        "\n".join(missing),
        "## Compiling",
        COMPILING,
        markdown(
            ("cache", "import", "one series, first", "second", "eight together, first", "second"),
            [_start(name, start) for name, start in starts.items()],
        ),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _row(row: Measured) -> list[str]:
    return [
        row.method,
        f"{row.series:,}",
        str(row.cores),
        f"{row.seconds:.2f}",
        f"{row.each_us:,.0f}",
        f"{1e6 * row.cpu_s / row.series:,.0f}",
        f"{row.series / row.seconds:,.0f}",
        f"{row.peak_mib:,.0f}",
        f"{row.resting_mib:,.0f}",
    ]


def _start(name: str, start: Started) -> list[str]:
    values = (start.import_s, start.first_s, start.second_s, start.batch_first_s, start.batch_second_s)
    return [name, *(f"{value:.4f}" for value in values)]


def _targets(rows: Sequence[Measured], starts: Mapping[str, Started]) -> list[list[str]]:
    columns, words = _largest(rows, "Oakum, columns", 1), _largest(rows, "Oakum, verdicts", 1)
    fleet = _largest(rows, "Oakum, verdicts", 2)
    whole = fleet if fleet is not None and fleet.series == 100_000 else None
    cold = starts.get("cold")
    values = (
        None if columns is None else columns.each_us,
        None if words is None else words.each_us,
        None if whole is None else whole.seconds,
        None if whole is None else whole.peak_mib,
        None if cold is None else cold.batch_first_s,
    )
    return [_target(title, most, value) for (title, most), value in zip(TARGETS, values, strict=True)]


def _target(title: str, most: float, value: float | None) -> list[str]:
    if value is None:
        return [title, f"≤ {most:,g}", "–", "not measured"]
    return [
        title,
        f"≤ {most:,g}",
        f"{value:,.3g}" if value < 100 else f"{value:,.0f}",
        "yes" if value <= most else "no",
    ]


def _largest(rows: Sequence[Measured], method: str, cores: int) -> Measured | None:
    fitting = [row for row in rows if row.method == method and row.cores == cores]
    return max(fitting, key=lambda row: row.series, default=None)
