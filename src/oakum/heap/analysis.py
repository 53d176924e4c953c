"""One dump, from its bytes to what a person wants to know."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from oakum.heap.dump import Dump
from oakum.heap.formats.core import is_core
from oakum.heap.formats.detect import read_dump
from oakum.heap.formats.jeprof import is_jeprof, read_jeprof
from oakum.heap.formats.pprof import is_pprof, read_profile
from oakum.heap.formats.pprof.views import profile_report
from oakum.heap.graph import HeapGraph
from oakum.heap.held import Held, held, loosely_held
from oakum.heap.histogram import Histogram, histogram
from oakum.heap.means import ALL, Means
from oakum.heap.paths import shortest, telling_steps
from oakum.heap.suspects import holder_name, identity, suspects
from oakum.heap.tree import Children
from oakum.model.heap import Big, Block, ClassRow, HeapReport, Tally
from oakum.model.stage import Stage
from oakum.model.units import format_size

Told = Callable[[str], None]
"""Called with one line as each stage begins."""

MOST_BIG = 20
CHAIN_SHARE = 0.9
"""What is kept by one object nearly alone, through a chain of others, is told once: at the chain's head."""

TREE_DEPTH = 12
TREE_SHARE = 0.01
TREE_WIDTH = 12
UNREACHABLE_SHARE = 0.2


def analyze(data: NDArray[np.uint8], *, file: str, told: Told, means: Means = ALL) -> HeapReport:
    """``data``: uint8[b], the whole file. Raises DataError for what cannot be read."""
    told(reading(data))
    if is_pprof(data[:256].tobytes()):
        return profile_report(read_profile(data), file=file)
    if is_jeprof(data[:20].tobytes()):
        return profile_report(read_jeprof(data, means.files), file=file)
    if is_core(data[:20].tobytes()):
        from oakum.heap.formats.core.report import core_report, read_core  # noqa: PLC0415  (loads its kernels)

        return core_report(read_core(data, files=means.files, told=told), file=file)
    dump = read_dump(data, means)
    return report(dump, file=file, told=told, means=means)


def reading(data: NDArray[np.uint8], of: str = "") -> Stage:
    """``of``: the file, where there are several. Formats are read at rates of their own: by their first bytes."""
    text = f"reading {format_size(data.size)}{of and ' of '}{of}"
    return Stage(text, work=float(data.size), unit="B", kind=f"reading {data[:4].tobytes().hex()}")


def dominating(graph: HeapGraph) -> Stage:
    text = f"dominators of {graph.nodes:,} objects, {graph.edges:,} references"
    return Stage(text, work=graph.nodes + graph.edges, unit="references", kind="dominators")


def report(dump: Dump, *, file: str, told: Told, means: Means = ALL) -> HeapReport:
    told(dominating(dump.graph))
    return report_of(dump, held(dump.graph, means), file=file, told=told)


def report_of(dump: Dump, found: Held, *, file: str, told: Told) -> HeapReport:
    graph = dump.graph
    children = Children(found.tree)
    told(Stage("histogram, suspects, waste", work=graph.nodes, unit="objects", kind=f"telling {dump.format}"))
    table = histogram(found)
    parent = telling_steps(found)
    reached = found.reached
    loose = loosely_held(graph, reached)
    live = Tally(int(table.count.sum()), int(table.shallow.sum()))
    dead = Tally(int(table.dead_count.sum()), int(table.dead_shallow.sum()))
    total = Tally(live.objects + dead.objects, live.bytes + dead.bytes)
    ranked, biggest = suspects(dump, found, children, parent), _biggest(dump, found, parent)
    # As large as any column: waste has a use for its room.
    del parent
    return HeapReport(
        file=file,
        format=dump.format,
        runtime=dump.runtime,
        total=total,
        references=graph.edges,
        reachable=live,
        unreachable=dead,
        loose=Tally(int(loose.sum()), int(graph.size[loose].sum(dtype=np.int64))),
        classes=_classes(table),
        suspects=ranked,
        biggest=biggest,
        waste=dump.waste(reached),
        tree=_tree(dump, found, children),
        partial=dump.partial,
        warnings=(*dump.warnings, *(() if dump.partial else _unreachable(dead, total))),
    )


def _unreachable(dead: Tally, total: Tally) -> tuple[str, ...]:
    if dead.bytes < UNREACHABLE_SHARE * total.bytes:
        return ()
    held_by_none = f"{format_size(dead.bytes)} of {format_size(total.bytes)} are not held by any root"
    return (f"{held_by_none}: garbage that was not collected yet, no leak; nothing below counts them",)


def _classes(table: Histogram) -> tuple[ClassRow, ...]:
    order = np.argsort(-table.retained, kind="stable")
    return tuple(
        ClassRow(table.names[row], int(table.count[row]), int(table.shallow[row]), int(table.retained[row]))
        for row in order.tolist()
        if table.count[row]
    )


def _biggest(dump: Dump, held: Held, parent: NDArray[np.int32]) -> tuple[Big, ...]:
    tree, retained = held.tree, held.retained
    numbers = _largest(retained, 50 * MOST_BIG)
    above = tree.idom[numbers]
    only = number_of_only_root(held)
    above = np.where(above == only, 0, above)
    heads = numbers[
        (numbers > 0) & (numbers != only) & ((above == 0) | (retained[numbers] < CHAIN_SHARE * retained[above]))
    ]
    found = []
    for number in heads[np.argsort(-retained[heads], kind="stable")][:MOST_BIG].tolist():
        node = int(tree.vertex[number])
        name = holder_name(dump, shortest(parent, node, held.root))
        found.append(
            Big(
                dump.label(node),
                name,
                int(held.graph.size[node]),
                int(retained[number]),
                identity(dump, int(held.graph.address[node])),
            )
        )
    return tuple(found)


def _largest(retained: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Numbers of the largest, about ``most`` of them. A threshold first: few stand out, and a sort of all is dear."""
    share = 1000
    numbers = np.flatnonzero(retained >= int(retained[0]) // share)
    while numbers.size < most and share < 100_000:
        share *= 10
        numbers = np.flatnonzero(retained >= int(retained[0]) // share)
    return numbers[np.argsort(-retained[numbers], kind="stable")][:most]


def number_of_only_root(held: Held) -> int:
    """A runtime that draws one root above all others: it holds everything and says nothing. -1 where there is none."""
    roots = held.graph.roots
    return int(held.tree.order[roots[0][0]]) if len(roots) == 1 and roots[0].size == 1 else -1


def _tree(dump: Dump, held: Held, children: Children) -> Block:
    least = max(1, int(int(held.retained[0]) * TREE_SHARE))

    def block(number: int, depth: int) -> Block:
        below = children.of(number)
        size = held.retained[below]
        large = below[size >= least]
        large = large[np.argsort(-held.retained[large], kind="stable")][:TREE_WIDTH]
        drawn = tuple(block(int(child), depth + 1) for child in large) if depth < TREE_DEPTH else ()
        name = dump.label(int(held.tree.vertex[number])) if depth else "all that roots hold"
        return Block(name, int(held.retained[number]), drawn)

    return block(max(number_of_only_root(held), 0), 0)
