"""A closer look at what grows: judged with its load taken out, beside its heap, and with its node as the boundary.

Only what may leak is looked at so: the figures of services cost a server far more than those of containers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from oakum.judge import judge, rollout_of
from oakum.model.errors import DataError, OakumError
from oakum.model.metrics import MetricsServer
from oakum.model.scan import ScanRow
from oakum.model.series import Floats, Metric, Series, WorkloadSeries
from oakum.model.units import format_share, format_size
from oakum.model.verdict import Verdict, VerdictName
from oakum.sense.prometheus.names import PodKey
from oakum.sense.prometheus.node_memory import NodeMemory, nodes_of
from oakum.sense.prometheus.per_pod import Figure, PerPod, heap_series, loaded, one_after_the_other
from oakum.sense.prometheus.reading import Member
from oakum.sense.prometheus.stock import Inventory

ACCUSED = frozenset({VerdictName.LEAK, VerdictName.SUSPECT})

LEAST_HEAP = 8
"""Samples of a heap of which something is said."""

MOST = 500
"""Members of one shard that are looked at: where more grow at once, it is the metric that is wrong, or the cluster."""


async def closer(
    server: MetricsServer, stock: Inventory, members: Sequence[Member], rows: Sequence[ScanRow]
) -> list[ScanRow]:
    """``rows``: of ``members``, one for each. What is refused or too dear is told with the rows that miss it."""
    accused = [number for number, (_, verdict) in enumerate(rows) if verdict.name in ACCUSED][:MOST]
    if not accused or not stock.beside.used:
        return list(map(_rolled, rows))
    asked = PerPod(server, stock.choice.leak.labels, stock.span, stock.every_s)
    pods = [pod for number in accused for pod in members[number].pods]
    loads, heaps, pressures = dict[PodKey, Figure](), dict[PodKey, Figure](), dict[PodKey, Figure]()
    nodes = dict[PodKey, NodeMemory]()
    refused = ""
    try:
        loads = await asked.loads(stock.beside, pods)
        heaps = await asked.heaps(stock.beside, pods)
        pressures = await asked.pressures(stock.beside, [members[number].pods[-1] for number in accused])
        unlimited = {members[number].pods[-1] for number in accused if rows[number][1].limit is None}
        nodes = await nodes_of(server, stock.choice, stock.beside, unlimited, stock.span)
    except OakumError as exc:
        refused = f"not all was asked of its requests, heap and node: {exc.brief}"
    found = list(rows)
    for number in accused:
        known = members[number].pods
        told = _Told(
            one_after_the_other([loads[pod] for pod in known if pod in loads]),
            heaps.get(known[-1]),
            pressures.get(known[-1]),
            nodes.get(known[-1]),
            refused,
        )
        found[number] = _again(*rows[number], told, stock.span.step_s)
    return list(map(_rolled, found))


def _rolled(row: ScanRow) -> ScanRow:
    """With the rollout that its growth began with, where it is known."""
    series, verdict = row
    rollout = rollout_of(series, verdict)
    return row if rollout is None else (series, replace(verdict, reasons=(*verdict.reasons, str(rollout))))


@dataclass(frozen=True, slots=True)
class _Told:
    """Of one member. ``refused``: why the rest is not known, "" where nothing was refused."""

    load: Figure | None
    heap: Figure | None
    pressure: Figure | None
    node: NodeMemory | None
    refused: str


def _again(series: WorkloadSeries, before: Verdict, told: _Told, step_s: float) -> ScanRow:
    """What was said already beside the judge's own words stays."""
    level = float(series.lifetimes[-1].value[-1])
    lives = tuple(replace(life, load=_load(life, told.load, step_s)) for life in series.lifetimes)
    known = lives[-1].load is not None
    node_limit = None if told.node is None else told.node.limit(level)
    reasons = list(before.reasons)
    if known or node_limit is not None:
        own = judge(series).reasons
        series = replace(series, lifetimes=lives if known else series.lifetimes, node_limit=node_limit)
        before = judge(series)
        reasons = [*before.reasons, *(said for said in reasons if said not in own)]
    if known and told.load is not None:
        reasons.append(_served(lives[-1], told.load))
    if told.heap is not None:
        reasons += _heap(series, told.heap)
    if told.pressure is not None:
        share = float(told.pressure.points.value[-1])
        reasons.append(f"its pod waited for memory {format_share(share)} of the last minutes ({told.pressure.metric})")
    if told.node is not None and before.name in ACCUSED:
        reasons.append(f"it has no limit; {told.node}")
    if told.refused:
        reasons.append(told.refused)
    return series, replace(before, reasons=tuple(reasons))


def _load(life: Series, load: Figure | None, step_s: float) -> Floats | None:
    return None if load is None else loaded(life, load.points, step_s)


def _served(life: Series, load: Figure) -> str:
    assert life.load is not None
    low, high = float(life.load.min()), float(life.load.max())
    return f"it served {low:.3g} to {high:.3g} requests per second ({load.metric})"


def _heap(whole: WorkloadSeries, heap: Figure) -> Iterator[str]:
    series = heap_series(whole, heap)
    if series.samples < LEAST_HEAP:
        return
    try:
        verdict = judge(series)
    except DataError:
        return
    value = series.lifetimes[-1].value
    left = "what collections leave of its heap" if heap.kind is Metric.POST_GC else "its heap"
    went = f"{left} went from {format_size(float(value[0]))} to {format_size(float(value[-1]))} ({heap.metric})"
    if verdict.name in ACCUSED:
        yield f"{went}: what grows is in the heap"
    elif verdict.name is VerdictName.HEALTHY:
        yield f"{went}, and does not leak: what grows is outside of it"
