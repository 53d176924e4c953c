"""What each capability of Oakum needs of a cluster, verb by verb: roles, access reviews and docs are made of this."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from oakum.model.cluster import Question


class Capability(StrEnum):
    """Each holds the one before it: who acts has evidence first, and who captures has looked."""

    READ = "read"
    """To look at workloads, from outside their containers."""

    CAPTURE = "capture"
    """To look into containers: programs and ports in them, and containers beside them."""

    ACT = "act"
    """To change workloads, pods and nodes."""

    def holds(self) -> tuple[Capability, ...]:
        """Itself and those before it."""
        every = tuple(Capability)
        return every[: every.index(self) + 1]


@dataclass(frozen=True, slots=True)
class Right:
    """``cost``: what an answer lacks without it. ``danger``: what else it lets somebody do; "" for nothing."""

    capability: Capability
    name: str
    questions: tuple[Question, ...]
    cost: str
    danger: str = ""

    @property
    def title(self) -> str:
        return f"cluster, {self.capability}: {self.name}"

    def within(self, namespace: str) -> tuple[Question, ...]:
        """Asked of one namespace, "" for all; what belongs to no namespace is asked of the cluster."""
        return tuple(replace(each, namespace=namespace) if in_a_namespace(each) else each for each in self.questions)


METRICS: Final = "metrics.k8s.io"


def in_a_namespace(question: Question) -> bool:
    """Whether a role of one namespace can give it. Such a role may read its own namespace, and list none."""
    resource = question.resource.partition("/")[0]
    return resource != "nodes" and (question.verb, resource) != ("list", "namespaces")


def asked(questions: Iterable[Question]) -> str:
    """``get, list pods; get pods/log; list pods.metrics.k8s.io``."""
    told: dict[str, list[str]] = {}
    for each in questions:
        # The only one whose name another resource has too.
        named = f"{each.resource}.{each.group}" if each.group == METRICS else each.resource
        told.setdefault(named, []).append(each.verb)
    resources: dict[str, list[str]] = {}
    for resource, each_verb in told.items():
        resources.setdefault(", ".join(each_verb), []).append(resource)
    return "; ".join(f"{each_verb} {', '.join(names)}" for each_verb, names in resources.items())


def verbs(resource: str, *wanted: str, group: str = "") -> tuple[Question, ...]:
    return tuple(Question(verb, resource, group) for verb in wanted)


def rights_of(capability: Capability) -> Iterator[Right]:
    """All that it needs, those of the capabilities that it holds first."""
    held = capability.holds()
    yield from (right for right in RIGHTS if right.capability in held)


PROGRAMS: Final = Right(
    Capability.CAPTURE,
    "programs in containers",
    # Over a web socket it is a GET, and a server from 1.35 on wants both verbs.
    verbs("pods/exec", "get", "create"),
    "off its node, memory is told every 10 to 15 s only, by kubelets, and no process is looked into by its own Python",
    danger="Who may run programs in a container reads all that it reads: its mounted secrets, its account's token.",
)

BESIDE: Final = Right(
    Capability.CAPTURE,
    "ephemeral containers",
    (*verbs("pods/ephemeralcontainers", "patch"), *verbs("pods/attach", "get", "create")),
    "off its node, an image without Python is not looked into from within",
    danger="Such a container may run as root, and with all rights of its node where pod security does not forbid it.",
)

KUBELETS: Final = Right(
    Capability.READ,
    "what containers use",
    verbs("nodes/proxy", "get"),
    "how much containers hold beside their limits is not told",
    danger="It is more than reading: who may get nodes/proxy and reaches a kubelet's port can run programs in any"
    " container of that node, over a web socket. Oakum asks for /stats/summary alone.",
)

RIGHTS: Final = (
    Right(
        Capability.READ,
        "pods and workloads",
        (
            *verbs("pods", "get", "list"),
            *(
                each
                for kind in ("deployments", "replicasets", "statefulsets", "daemonsets")
                for each in verbs(kind, "get", "list", group="apps")
            ),
            *verbs("jobs", "get", "list", group="batch"),
            *verbs("cronjobs", "get", group="batch"),
        ),
        "of these nothing can be told",
    ),
    Right(
        Capability.READ,
        "namespaces",
        verbs("namespaces", "get"),
        "a namespace that nobody made is told as an empty one",
    ),
    Right(
        Capability.READ,
        "names of namespaces",
        verbs("namespaces", "list"),
        "for a namespace that is mistyped, no other is suggested",
    ),
    Right(
        Capability.READ,
        "changes as they come",
        (*verbs("pods", "watch"), *verbs("events", "watch")),
        "what comes and goes between two looks is not told, and no life of who dies within seconds of each start",
    ),
    Right(
        Capability.READ,
        "events",
        verbs("events", "list"),
        "a kill by a liveness probe is told from others by chance",
    ),
    Right(
        Capability.READ,
        "logs",
        verbs("pods/log", "get"),
        "a JVM that ended itself is not told from other exits, and nothing of what its containers say of memory",
    ),
    Right(
        Capability.READ,
        "autoscalers and quotas",
        (
            *verbs("horizontalpodautoscalers", "list", group="autoscaling"),
            *verbs("verticalpodautoscalers", "list", group="autoscaling.k8s.io"),
            *verbs("resourcequotas", "list"),
            *verbs("limitranges", "list"),
        ),
        "what scales and bounds a workload is not told",
    ),
    Right(
        Capability.READ,
        "nodes",
        verbs("nodes", "get", "list"),
        "whether a node is ready, cordoned or short of memory is not told",
    ),
    KUBELETS,
    Right(
        Capability.READ,
        "working sets, in the place of kubelets",
        verbs("pods", "list", group=METRICS),
        "where kubelets may not be asked, no memory is told at all",
    ),
    PROGRAMS,
    Right(
        Capability.CAPTURE,
        "ports of pods",
        verbs("pods/portforward", "get", "create"),
        "what listens inside a pod only is not asked, as a Prometheus that is not reached from here",
    ),
    Right(
        Capability.CAPTURE,
        "services",
        (*verbs("services", "get"), *verbs("endpointslices", "list", group="discovery.k8s.io")),
        "a Prometheus inside the cluster is not found by the name of its service",
    ),
    BESIDE,
    Right(
        Capability.ACT,
        "restarts and limits",
        tuple(Question("patch", kind, "apps") for kind in ("deployments", "statefulsets", "daemonsets")),
        "no workload is restarted in turn, nor its limits changed",
        danger="Who may patch a workload can have it mount any secret of its namespace and run as any of its accounts:"
        " for all namespaces, kube-system too, that is a cluster's administrator. Rather give it for one namespace.",
    ),
    Right(
        Capability.ACT,
        "replicas",
        tuple(
            Question(verb, f"{kind}/scale", "apps")
            for kind in ("deployments", "statefulsets")
            for verb in ("get", "patch")
        ),
        "no workload is given more or fewer replicas",
    ),
    Right(
        Capability.ACT,
        "limits in place",
        verbs("pods/resize", "patch"),
        "no limit is raised without a restart",
    ),
    Right(
        Capability.ACT,
        "evictions",
        verbs("pods/eviction", "create"),
        "no pod is moved, since none is deleted without its budgets being asked",
    ),
    Right(
        Capability.ACT,
        "disruption budgets",
        verbs("poddisruptionbudgets", "list", group="policy"),
        "a budget that forbids an eviction is told once it has refused, not before",
    ),
    Right(
        Capability.ACT,
        "cordons",
        verbs("nodes", "patch"),
        "no node is kept free of new pods",
    ),
)
"""Nothing of secrets, and no wildcard: a test says so."""
