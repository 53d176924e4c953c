"""What an installation has, and which of it is asked: every install drops other metrics and other labels."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from oakum.model.absent import Absent, AbsentKind
from oakum.model.series import Metric
from oakum.sense.prometheus.promql import Matcher

NAMED: Final = (
    "container_memory_.*|container_spec_memory_limit_bytes|container_start_time_seconds|kube_pod_.*|kube_.*_owner"
)
"""A regular expression of the metrics that are of use here."""

LEAK: Final = (
    ("container_memory_rss", Metric.RSS),
    ("container_memory_working_set_bytes", Metric.WORKING_SET),
    ("container_memory_usage_bytes", Metric.USAGE),
)
"""Best first: anonymous memory; that with active page cache; all that is charged, page cache too."""

_LIMITS: Final = (
    ("kube_pod_container_resource_limits", (Matcher("resource", "=", "memory"),)),
    ("kube_pod_container_resource_limits_memory_bytes", ()),
    ("container_spec_memory_limit_bytes", ()),
)


_CLUSTER: Final = ("cluster", "cluster_name", "k8s_cluster")
CLUSTERS: Final = (
    *_CLUSTER,
    "kubernetes_cluster",
    "k8s_cluster_name",
    "kube_cluster",
    "cluster_id",
    "clusterID",
    "clusterId",
    "clusterName",
    "prometheus",
)
"""Labels that may tell one cluster from another, best first; all but the first few only where they have many values."""


TERMINATED: Final = "kube_pod_container_status_last_terminated_reason"
RESTARTS: Final = "kube_pod_container_status_restarts_total"
STARTED: Final = "container_start_time_seconds"
WORKING_SET: Final = "container_memory_working_set_bytes"
POD_OWNER, SET_OWNER, JOB_OWNER = "kube_pod_owner", "kube_replicaset_owner", "kube_job_owner"


@dataclass(frozen=True, slots=True)
class LabelNames:
    """Which labels of a metric say whom it is about. ``cluster``: "" where one server holds one cluster."""

    namespace: str = "namespace"
    pod: str = "pod"
    container: str = "container"
    cluster: str = ""


_PLAIN: Final = LabelNames()
_OLD: Final = LabelNames(pod="pod_name", container="container_name")
"""Of cAdvisor in Kubernetes before 1.16."""

_MOVED: Final = LabelNames("exported_namespace", "exported_pod", "exported_container")
"""Of kube-state-metrics where it is scraped without honorLabels: the plain names are then its own pod's."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A metric, what it must be narrowed by, and its labels."""

    metric: str
    matchers: tuple[Matcher, ...]
    labels: LabelNames


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked. ``leak``: what leaks are judged on; the rest is None where the installation does not have it.

    ``run``: the label of ``leak`` and ``started`` that tells one run of a container from the next, "" where none does.
    ``state``: the labels of kube-state-metrics.
    """

    leak: Asked
    metric: Metric
    run: str
    state: LabelNames
    limit: Asked | None
    working_set: Asked | None
    started: Asked | None
    killed: Asked | None
    restarts: Asked | None
    owners: tuple[str, ...]
    absent: tuple[Absent, ...]

    @property
    def used(self) -> tuple[str, ...]:
        """The names of all that is asked, each once."""
        asked = (self.leak, self.limit, self.working_set, self.started, self.killed, self.restarts)
        return tuple(dict.fromkeys([*(each.metric for each in asked if each is not None), *self.owners]))


def leak_metric(names: Collection[str]) -> tuple[str, Metric] | None:
    """What leaks are judged on: (name, kind), None where the installation tells of no container."""
    return next(((name, metric) for name, metric in LEAK if name in names), None)


def state_metric(names: Collection[str]) -> str | None:
    """One that kube-state-metrics tells of each container or pod, to learn its labels; None without it."""
    return next((name for name in (RESTARTS, TERMINATED, _LIMITS[0][0], POD_OWNER) if name in names), None)


def chosen(
    names: Collection[str],
    labels: Collection[str],
    state_labels: Collection[str],
    *,
    telling: str = "",
    state_telling: str = "",
) -> Choice | None:
    """``names``: metrics that there are; ``labels``: of the leak metric; ``state_labels``: of the state metric.

    ``telling``, ``state_telling``: the label of each that tells many clusters apart, "" where there is one cluster.
    None where containers have no name.
    """
    leak = leak_metric(names)
    own = next((each for each in (_PLAIN, _OLD) if {each.namespace, each.pod, each.container} <= set(labels)), None)
    if leak is None or own is None:
        return None
    known = [label for label in _CLUSTER if label in labels and (not state_labels or label in state_labels)]
    telling = telling or (state_telling if state_telling in labels else "")
    cluster = telling or next(iter(known), "")
    own = replace(own, cluster=cluster)
    moved = _MOVED.pod in state_labels
    state = replace(_MOVED if moved else _PLAIN, cluster=cluster if cluster in state_labels else "")
    whole = (Matcher(own.container, "!=", ""), Matcher(own.container, "!=", "POD"), Matcher(own.pod, "!=", ""))
    run = next((label for label in ("id", "name") if label in labels), "")

    def of_container(name: str) -> Asked | None:
        return Asked(name, whole, own) if name in names else None

    def of_state(name: str, *matchers: Matcher) -> Asked | None:
        return Asked(name, matchers, state) if name in names else None

    lost = bool(state_labels) and not state.cluster and bool(telling or state_telling)
    limit = next(
        (
            of_container(name) if name.startswith("container_") else of_state(name, *narrowed)
            for name, narrowed in _LIMITS
            if name in names and (name.startswith("container_") or not lost)
        ),
        None,
    )
    return Choice(
        leak=Asked(leak[0], whole, own),
        metric=leak[1],
        run=run,
        state=state,
        limit=limit,
        working_set=of_container(WORKING_SET) if leak[1] is Metric.RSS else None,
        started=of_container(STARTED),
        killed=of_state(TERMINATED, Matcher("reason", "=", "OOMKilled")),
        restarts=of_state(RESTARTS) if not run else None,
        owners=tuple(name for name in (POD_OWNER, SET_OWNER, JOB_OWNER) if name in names),
        absent=(*_absent(names, leak, limit, run), *([_lost(telling, state_telling)] if lost else [])),
    )


def _absent(names: Collection[str], leak: tuple[str, Metric], limit: Asked | None, run: str) -> list[Absent]:
    found = []
    if leak[1] is not Metric.RSS:
        why = f"there is no container_memory_rss here: {leak[0]} is judged, which holds page cache too"
        found.append(Absent("anonymous memory", AbsentKind.NOT_APPLICABLE, why, "keep container_memory_rss (cAdvisor)"))
    if limit is None:
        tried = ", ".join(name for name, _ in _LIMITS)
        found.append(
            Absent("memory limits", AbsentKind.NOT_APPLICABLE, f"there is none of {tried}", "run kube-state-metrics")
        )
    if TERMINATED not in names:
        why = f"there is no {TERMINATED}: an OOM kill is told as a restart"
        found.append(Absent("how containers ended", AbsentKind.NOT_APPLICABLE, why, "run kube-state-metrics"))
    if POD_OWNER not in names:
        why = f"there is no {POD_OWNER}: each pod stands for itself"
        found.append(Absent("workloads", AbsentKind.NOT_APPLICABLE, why, "run kube-state-metrics"))
    if not run and STARTED not in names and RESTARTS not in names:
        why = f"the series have no label id, and there is neither {STARTED} nor {RESTARTS}"
        found.append(Absent("restarts", AbsentKind.NOT_APPLICABLE, why, "keep the label id (cAdvisor)"))
    return found


def _lost(telling: str, state_telling: str) -> Absent:
    """Of the metrics of kube-state-metrics, where it is not known which of many clusters they are about."""
    has = f"memory tells clusters apart by {telling}" if telling else "memory has no label that tells clusters apart"
    other = f"by {state_telling}" if state_telling else "by no label"
    return Absent(
        "owners, limits and ends of many clusters",
        AbsentKind.UNREADABLE,
        f"{has}, kube-state-metrics {other}: what it tells is of no use, or of another cluster",
        "give both the same label of the cluster, or ask for one cluster: --label NAME=VALUE",
    )
