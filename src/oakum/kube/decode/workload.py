"""Workloads and what bounds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from oakum.kube.decode.fields import count, digest, flag, moment, owners, quantity, selector, table, tables, text, texts
from oakum.kube.quantity import parse_quantity
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import GITOPS
from oakum.model.cluster_workload import (
    Autoscaler,
    Bounds,
    Budget,
    Priority,
    Quota,
    Recommendation,
    Template,
    VerticalAutoscaler,
    Workload,
)

_REPLICAS: Final = {
    "ds": ("desiredNumberScheduled", "numberReady", "updatedNumberScheduled"),
    "job": ("parallelism", "ready", "ready"),
}


def workload(kind: str, body: Mapping[str, Any]) -> Workload:
    meta, spec, status = table(body, "metadata"), table(body, "spec"), table(body, "status")
    wanted, ready, updated = _REPLICAS.get(kind, ("replicas", "readyReplicas", "updatedReplicas"))
    template = table(spec, "jobTemplate", "spec", "template") if kind == "cronjob" else table(spec, "template")
    labels = texts(table(meta, "labels"))
    return Workload(
        kind=kind,
        namespace=text(meta, "namespace"),
        name=text(meta, "name"),
        uid=text(meta, "uid"),
        version=text(meta, "resourceVersion"),
        created_s=moment(meta, "creationTimestamp"),
        owners=owners(meta),
        wanted=count(status if kind == "ds" else spec, wanted, unset=None if kind == "ds" else 1),
        ready=count(status, ready, unset=0),
        updated=count(status, updated, unset=0),
        settled=_settled(meta, status),
        selector=selector(table(spec, "selector")),
        labels=labels,
        containers=tuple(_templates(table(template, "spec"))),
        managers=tuple(_managers({**labels, **texts(table(meta, "annotations"))})),
        asks=digest(spec),
    )


def _settled(meta: Mapping[str, Any], status: Mapping[str, Any]) -> bool | Absent:
    told, seen = count(meta, "generation"), count(status, "observedGeneration")
    if isinstance(told, Absent):
        return told
    return seen if isinstance(seen, Absent) else seen >= told


def _templates(spec: Mapping[str, Any]) -> Iterator[Template]:
    for listed in ("initContainers", "containers"):
        for each in tables(spec, listed):
            resources = table(each, "resources")
            yield Template(
                text(each, "name"),
                text(each, "image"),
                quantity(table(resources, "requests"), "memory"),
                quantity(table(resources, "limits"), "memory"),
            )


def _managers(marks: Mapping[str, str]) -> Iterator[str]:
    found = {tool for mark, tool in GITOPS.items() if mark in marks}
    if marks.get("app.kubernetes.io/managed-by") == "Helm":
        found.add("Helm")
    yield from sorted(found)


def autoscaler(body: Mapping[str, Any]) -> Autoscaler:
    meta, spec, status = table(body, "metadata"), table(body, "spec"), table(body, "status")
    target = table(spec, "scaleTargetRef")
    return Autoscaler(
        text(meta, "namespace"),
        text(meta, "name"),
        text(target, "kind"),
        text(target, "name"),
        count(spec, "minReplicas", unset=1),
        count(spec, "maxReplicas"),
        count(status, "currentReplicas"),
        tuple(_metrics(spec)),
    )


def _metrics(spec: Mapping[str, Any]) -> Iterator[str]:
    for each in tables(spec, "metrics"):
        for source in ("resource", "containerResource"):
            if name := text(table(each, source), "name"):
                yield name
        for source in ("pods", "object", "external"):
            if name := text(table(each, source, "metric"), "name"):
                yield name


def vertical_autoscaler(body: Mapping[str, Any]) -> VerticalAutoscaler:
    meta, spec = table(body, "metadata"), table(body, "spec")
    target = table(spec, "targetRef")
    return VerticalAutoscaler(
        text(meta, "namespace"),
        text(meta, "name"),
        text(target, "kind"),
        text(target, "name"),
        # Recreate by another name, until it is told otherwise.
        text(table(spec, "updatePolicy"), "updateMode") or "Auto",
        tuple(
            Recommendation(
                text(each, "containerName"),
                quantity(table(each, "target"), "memory"),
                quantity(table(each, "upperBound"), "memory"),
            )
            for each in tables(table(body, "status", "recommendation"), "containerRecommendations")
        ),
    )


def budget(body: Mapping[str, Any]) -> Budget:
    meta, status = table(body, "metadata"), table(body, "status")
    return Budget(
        text(meta, "namespace"),
        text(meta, "name"),
        selector(table(body, "spec", "selector")),
        count(status, "disruptionsAllowed"),
        count(status, "currentHealthy"),
        count(status, "desiredHealthy"),
    )


def quota(body: Mapping[str, Any]) -> Quota:
    meta, status = table(body, "metadata"), table(body, "status")
    hard, used = table(status, "hard") or table(body, "spec", "hard"), table(status, "used")
    return Quota(
        text(meta, "namespace"),
        text(meta, "name"),
        {name: quantity(hard, name) for name in hard if "memory" in name},
        {name: quantity(used, name) for name in used if "memory" in name},
    )


def bounds(body: Mapping[str, Any]) -> Iterator[Bounds]:
    """One object bounds several kinds of things."""
    meta = table(body, "metadata")
    for each in tables(table(body, "spec"), "limits"):
        if text(each, "type") in {"Container", "Pod"}:
            yield Bounds(
                text(meta, "namespace"),
                text(meta, "name"),
                text(each, "type"),
                quantity(table(each, "min"), "memory"),
                quantity(table(each, "max"), "memory"),
                quantity(table(each, "default"), "memory"),
                quantity(table(each, "defaultRequest"), "memory"),
                _ratio(table(each, "maxLimitRequestRatio").get("memory")),
            )


def _ratio(told: object) -> float | Absent | None:
    if told is None:
        return None
    # In thousandths, so that 1.5 stays 1.5.
    parsed = parse_quantity(f"{told}k") if str(told)[-1:].isdigit() else None
    if parsed is None:
        return Absent("maxLimitRequestRatio", AbsentKind.UNREADABLE, f"{str(told)[:80]!r} is not understood")
    return parsed / 1000


def priority(body: Mapping[str, Any]) -> Priority:
    return Priority(text(table(body, "metadata"), "name"), count(body, "value"), flag(body, "globalDefault"))
