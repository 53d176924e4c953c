"""docs/bench-heap.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.heap.figures import Apart, Counted, Row
from bench.heap.peers import PEERS
from bench.judge.table import markdown

HEAD = """# What analysing a heap dump costs

Written by `make bench-heap`; change nothing by hand. `ARGS=--large` adds the largest dumps; `DATA=FOLDER` keeps the
fetched tools.

The dumps are of two leaking shops, `lab/java/shop` and `lab/node/shop`, each with four planted leaks, stopped between
two requests; the dense one holds lists of small linked objects (`lab/java/Many.java`). Every figure is of a whole
process with its children: wall clock, CPU (user and system), the most memory that was resident at once (pages of mapped
files too), and the part of it that is no file. Medians where there are several runs. `cores: 1` binds the process to
one core. Warm: the kernels were compiled by a run before; cold: an empty cache. The files are in the page cache. Where
others used the cores meanwhile, the CPU time is the better figure. Oakum's answer has suspects, classes, large objects
and waste; what the others do is said in the table of tools."""
RULES = """Rules of difference:

- The JVM's histogram and its dump are two safepoints: what `jcmd` itself makes between them differs (`byte[]`, `String`
  and a few more).
- `java.lang.Class` is left out: mirrors of classes that the JVM archived and never loaded are counted by it and are in
  no dump.
- Retained sizes are compared with MAT's engine on a dump with wide references and class words, because that of 2015
  knows no narrow ones. Even so its own sizes are others than the JVM's: it pads the fields of each class of a hierarchy
  by itself, ends the header of an array 4 bytes too soon, and gives a class only its statics. So the same objects may
  be retained with other bytes: the number of retained objects is what must agree.
- That engine counts some dozens of objects more as held: caches of `java.lang.invoke`, most of which only soft or weak
  references reach.
- memlab's figures are by the snapshot's own sizes. A root that the runtime draws above all others is left out."""
TIMES = ("dump", "tool", "cores", "kernels", "runs", "wall s", "CPU s", "peak MiB", "of it no file MiB", "named first")
RATES = ("dump", "cores", "objects/s", "references/s", "bytes per object, no file", "speed-up by the second core")
CHECKS = (
    "held by roots",
    "objects: theirs",
    "ours",
    "bytes: theirs",
    "ours",
    "largest compared",
    "equal retained objects",
    "equal retained bytes",
    "bytes furthest apart",
)
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Made:
    """One dump as it was measured. ``objects``, ``references``: by Oakum's answer; 0 where it gave none."""

    size: str
    runtime: str
    file_bytes: int
    objects: int
    references: int


@dataclass(frozen=True, slots=True)
class Checked:
    """One comparison of retained sizes: of which dump, with whom."""

    name: str
    objects: tuple[int, int]
    bytes: tuple[int, int]
    apart: Apart


@dataclass(slots=True)
class Found:
    """All that a run of the bench found, as far as it went."""

    dumps: list[Made] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    counted: Counted | None = None
    checked: list[Checked] = field(default_factory=list)


def page(facts: Sequence[tuple[str, str]], found: Found) -> str:
    parts = [
        HEAD,
        markdown(("", ""), [list(fact) for fact in facts]),
        "## Dumps",
        markdown(("dump", "file MiB", "objects", "references"), [_dump(made) for made in found.dumps]),
        "## Time and memory",
        markdown(TIMES, [_time(row) for row in found.rows]),
        "## Rates of Oakum, kernels warm",
        markdown(RATES, rates(found)),
        "## Is it right?",
        _histogram(found.counted),
        markdown(CHECKS, [_checked(one) for one in found.checked]),
        RULES,
        "## Tools",
        markdown(("tool", "what it does"), [[peer.name, peer.does] for peer in PEERS]),
        "Not measured:",
        "\n".join(f"- {what}: {why}" for what, why in found.missing),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def rates(found: Found) -> list[list[str]]:
    """One row for each dump and number of cores that Oakum answered on."""
    ours = [row for row in found.rows if row.case.tool == "Oakum" and row.case.kernels == "warm" and not row.failed]
    lines = []
    for row in ours:
        made = next((one for one in found.dumps if (one.size, one.runtime) == row.case.dump), None)
        if made is None or not made.objects:
            continue
        alone = next((one for one in ours if one.case.dump == row.case.dump and one.case.cores == 1), None)
        lines.append(
            [
                _name(*row.case.dump),
                str(row.case.cores),
                f"{made.objects / row.wall_s:,.0f}",
                f"{made.references / row.wall_s:,.0f}",
                f"{row.anon_bytes / made.objects:,.0f}",
                f"{alone.wall_s / row.wall_s:.2f}" if alone is not None and row.case.cores > 1 else "",
            ]
        )
    return lines


def _name(size: str, runtime: str) -> str:
    return f"{runtime}, {size}"


def _dump(made: Made) -> list[str]:
    counts = [f"{made.objects:,}", f"{made.references:,}"] if made.objects else ["–", "–"]
    return [_name(made.size, made.runtime), f"{made.file_bytes / MIB:,.0f}", *counts]


def _time(row: Row) -> list[str]:
    head = [_name(*row.case.dump), row.case.tool, str(row.case.cores), row.case.kernels, str(row.runs)]
    figures = [
        f"{row.wall_s:.2f}",
        f"{row.cpu_s:.2f}",
        f"{row.peak_bytes / MIB:,.0f}",
        f"{row.anon_bytes / MIB:,.0f}",
    ]
    return [*head, *figures, (row.failed or row.first or "nothing").replace("|", "\\|")]


def _histogram(counted: Counted | None) -> str:
    if counted is None:
        return "The JVM's histogram was not had."
    rows = [
        [
            "objects",
            *(f"{count:,}" for count in (counted.theirs[0], counted.ours[0])),
            _off(counted.theirs[0], counted.ours[0]),
        ],
        [
            "bytes",
            *(f"{size:,}" for size in (counted.theirs[1], counted.ours[1])),
            _off(counted.theirs[1], counted.ours[1]),
        ],
    ]
    classes = f"Classes with the same count and bytes: {counted.same} of {counted.classes}."
    differing = f" The others, most bytes first: {', '.join(f'`{name}`' for name in counted.differing[:8])}."
    table = markdown(("all objects of the small dump", "the JVM's histogram", "Oakum", "difference"), rows)
    return f"{table}\n\n{classes}{differing if counted.differing else ''}"


def _off(theirs: int, ours: int) -> str:
    return f"{100 * (ours / theirs - 1):+.3f} %" if theirs else "–"


def _checked(one: Checked) -> list[str]:
    worst = f"{100 * one.apart.largest:.3f} % ({one.apart.name})" if one.apart.largest else "0"
    counts = (one.apart.compared, one.apart.same_objects, one.apart.same_bytes)
    figures = [f"{value:,}" for value in (*one.objects, *one.bytes)]
    return [one.name, *figures, *map(str, counts), worst]
