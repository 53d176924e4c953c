"""What an installation tells beside memory: requests, heaps and nodes. It is asked of containers that grow alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import OakumError
from oakum.model.metrics import MetricsServer, Selected, Span
from oakum.model.series import Metric
from oakum.sense.prometheus.promql import Matcher

REQUESTS: Final = (
    "http_server_requests_seconds_count",
    "http_server_request_duration_seconds_count",
    "http_request_duration_seconds_count",
    "http_requests_total",
    "http_server_requests_total",
    "grpc_server_handled_total",
    "istio_requests_total",
)
"""Counters of what a service has served, best first: of Micrometer, of OpenTelemetry's conventions, of the usual names
of client libraries, of go-grpc-prometheus, of a mesh's proxy."""

_SERVED: Final = {"istio_requests_total": (Matcher("reporter", "=", "destination"),)}
"""Where the one who asks counts as well."""


@dataclass(frozen=True, slots=True)
class Heap:
    """A gauge of a runtime. ``metric``: whether it is what is left after a collection, or all that is used."""

    selected: Selected
    metric: Metric


HEAPS: Final = (
    Heap(Selected("jvm_gc_live_data_size_bytes", ()), Metric.POST_GC),
    Heap(Selected("jvm_memory_used_after_last_gc_bytes", (Matcher("jvm_memory_type", "=", "heap"),)), Metric.POST_GC),
    Heap(
        Selected("jvm_memory_pool_collection_used_bytes", (Matcher("pool", "=~", ".*(Old|Tenured).*"),)), Metric.POST_GC
    ),
    Heap(Selected("go_gc_heap_live_bytes", ()), Metric.POST_GC),
    Heap(Selected("nodejs_heap_space_size_used_bytes", (Matcher("space", "=", "old"),)), Metric.HEAP_USED),
    Heap(Selected("jvm_memory_used_bytes", (Matcher("area", "=", "heap"),)), Metric.HEAP_USED),
    Heap(Selected("jvm_memory_bytes_used", (Matcher("area", "=", "heap"),)), Metric.HEAP_USED),
    Heap(Selected("go_memstats_heap_alloc_bytes", ()), Metric.HEAP_USED),
    Heap(Selected("nodejs_heap_size_used_bytes", ()), Metric.HEAP_USED),
)
"""Best first: of Micrometer, OpenTelemetry and the Java client; of Go's runtime/metrics; of prom-client. The client
of CPython tells counts of collections alone."""

PRESSURES: Final = ("container_pressure_memory_waiting_seconds_total",)
"""PSI of each container, as kubelets tell it where the kernel counts it: by default since Kubernetes 1.34."""

_OF_CONTAINERS: Final = (Matcher("container", "!=", ""), Matcher("container", "!=", "POD"))

TOTAL, AVAILABLE = "node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes"
SWAP, SWAP_FREE = "node_memory_SwapTotal_bytes", "node_memory_SwapFree_bytes"
WAITING: Final = "node_pressure_memory_waiting_seconds_total"
NAMED, OF_POD, CAPACITY = "node_uname_info", "kube_pod_info", "kube_node_status_capacity"
NODES: Final = (TOTAL, AVAILABLE, SWAP, SWAP_FREE, WAITING, NAMED, OF_POD, CAPACITY)
"""Of node-exporter, and of kube-state-metrics, which says where each pod runs."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Of the lists above those that there are, in their order. ``refused``: why none is known."""

    requests: tuple[Selected, ...] = ()
    heaps: tuple[Heap, ...] = ()
    pressures: tuple[Selected, ...] = ()
    nodes: tuple[str, ...] = ()
    refused: str = ""

    @property
    def used(self) -> tuple[str, ...]:
        heaps = (heap.selected.metric for heap in self.heaps)
        asked = (each.metric for each in (*self.requests, *self.pressures))
        return (*asked, *heaps, *self.nodes)

    def missing(self, *, unlimited: bool) -> list[Absent]:
        """What would tell more of the containers that grow. ``unlimited``: one of them has no limit."""
        if self.refused:
            return [Absent("requests, heaps and nodes", AbsentKind.UNREADABLE, self.refused)]
        found = []
        if not self.requests:
            why = f"there is none of {', '.join(REQUESTS[:4])}, …: growth that follows traffic is not told apart"
            found.append(Absent("request rates", AbsentKind.NOT_APPLICABLE, why, "scrape the services' own metrics"))
        if unlimited and not {TOTAL, CAPACITY} & set(self.nodes):
            why = f"there is neither {TOTAL} nor {CAPACITY}: no forecast where there is no limit"
            found.append(Absent("memory of nodes", AbsentKind.NOT_APPLICABLE, why, "run node-exporter"))
        return found


NOTHING: Final = Beside()


async def beside(server: MetricsServer, whole: Span) -> Beside:
    """By names alone. What is refused here costs the scan nothing."""
    known = (*REQUESTS, *(heap.selected.metric for heap in HEAPS), *PRESSURES, *NODES)
    try:
        names = set(await server.label_values("__name__", [f'{{__name__=~"{"|".join(known)}"}}'], whole))
    except OakumError as exc:
        return Beside(refused=exc.brief)
    return Beside(
        tuple(Selected(name, _SERVED.get(name, ())) for name in REQUESTS if name in names),
        tuple(heap for heap in HEAPS if heap.selected.metric in names),
        tuple(Selected(name, _OF_CONTAINERS) for name in PRESSURES if name in names),
        tuple(name for name in NODES if name in names),
    )
