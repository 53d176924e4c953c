"""Where the API keeps what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from oakum.kube.faults import Call


@dataclass(frozen=True, slots=True)
class Resource:
    """``group``: "" for the core; ``plural``: as in its path and in a role's rules.

    ``kept``: in the API server's store, so that its objects have uids; else it is made when it is asked for.
    """

    group: str
    version: str
    plural: str
    namespaced: bool = True
    kept: bool = True

    def path(self, namespace: str = "", name: str = "", part: str = "") -> str:
        parts = ["", "apis", self.group, self.version] if self.group else ["", "api", self.version]
        if namespace and self.namespaced:
            parts += ["namespaces", namespace]
        parts += [each for each in (self.plural, name, part) if each]
        return "/".join(quote(each, safe="") if number > 2 else each for number, each in enumerate(parts))

    def call(self, verb: str, namespace: str = "", name: str = "", part: str = "") -> Call:
        return Call(verb, f"{self.plural}/{part}" if part else self.plural, namespace, name, self.group)


NAMESPACES: Final = Resource("", "v1", "namespaces", namespaced=False)
NODES: Final = Resource("", "v1", "nodes", namespaced=False)
PODS: Final = Resource("", "v1", "pods")
EVENTS: Final = Resource("", "v1", "events")
QUOTAS: Final = Resource("", "v1", "resourcequotas")
BOUNDS: Final = Resource("", "v1", "limitranges")
AUTOSCALERS: Final = Resource("autoscaling", "v2", "horizontalpodautoscalers")
VERTICAL: Final = Resource("autoscaling.k8s.io", "v1", "verticalpodautoscalers")
BUDGETS: Final = Resource("policy", "v1", "poddisruptionbudgets")
PRIORITIES: Final = Resource("scheduling.k8s.io", "v1", "priorityclasses", namespaced=False)
SERVICES: Final = Resource("", "v1", "services")
SLICES: Final = Resource("discovery.k8s.io", "v1", "endpointslices")
POD_METRICS: Final = Resource("metrics.k8s.io", "v1beta1", "pods", kept=False)
REVIEWS: Final = Resource("authorization.k8s.io", "v1", "selfsubjectaccessreviews", namespaced=False)
SELF: Final = Resource("authentication.k8s.io", "v1", "selfsubjectreviews", namespaced=False)

WORKLOADS: Final = {
    "deploy": Resource("apps", "v1", "deployments"),
    "sts": Resource("apps", "v1", "statefulsets"),
    "ds": Resource("apps", "v1", "daemonsets"),
    "replicaset": Resource("apps", "v1", "replicasets"),
    "job": Resource("batch", "v1", "jobs"),
    "cronjob": Resource("batch", "v1", "cronjobs"),
}
"""By the kind that targets and ``Workload.kind`` name."""
