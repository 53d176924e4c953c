"""Nodes, events, and a node's own figures (its kubelet's ``/stats/summary``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from oakum.kube.decode.fields import (
    condition,
    condition_table,
    count,
    flag,
    moment,
    quantity,
    table,
    tables,
    text,
    texts,
)
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_node import ClusterNode, ContainerUsage, Event, NodeUsage


def node(body: Mapping[str, Any]) -> ClusterNode:
    meta, status = table(body, "metadata"), table(body, "status")
    info = table(status, "nodeInfo")
    return ClusterNode(
        name=text(meta, "name"),
        uid=text(meta, "uid"),
        version=text(meta, "resourceVersion"),
        capacity_bytes=quantity(table(status, "capacity"), "memory"),
        allocatable_bytes=quantity(table(status, "allocatable"), "memory"),
        ready=_ready(status),
        pressure=condition(status, "MemoryPressure"),
        heard_s=_heard(status),
        cordoned=flag(table(body, "spec"), "unschedulable"),
        kubelet=text(info, "kubeletVersion"),
        kernel=text(info, "kernelVersion"),
        runtime=text(info, "containerRuntimeVersion"),
        labels=texts(table(meta, "labels")),
    )


def _ready(status: Mapping[str, Any]) -> bool | Absent:
    """A kubelet that is no longer heard is not ready."""
    if text(condition_table(status, "Ready"), "status") == "Unknown":
        return False
    return condition(status, "Ready")


def _heard(status: Mapping[str, Any]) -> float | Absent:
    return moment(condition_table(status, "Ready"), "lastHeartbeatTime")


def event(body: Mapping[str, Any]) -> Event:
    """In both forms: the old one counts by itself, the new one has a series."""
    meta, about, series = table(body, "metadata"), table(body, "involvedObject"), table(body, "series")
    first = moment(body, "firstTimestamp")
    if isinstance(first, Absent):
        first = moment(body, "eventTime")
    if isinstance(first, Absent):
        first = moment(meta, "creationTimestamp")
    last = moment(series, "lastObservedTime") if series else moment(body, "lastTimestamp")
    times = count(series or body, "count", unset=1)
    return Event(
        namespace=text(meta, "namespace"),
        name=text(meta, "name"),
        uid=text(meta, "uid"),
        version=text(meta, "resourceVersion"),
        reason=text(body, "reason"),
        message=text(body, "message"),
        warning=text(body, "type") == "Warning",
        about_kind=text(about, "kind"),
        about_name=text(about, "name"),
        about_uid=text(about, "uid"),
        field=text(about, "fieldPath"),
        count=times if isinstance(times, int) and times > 0 else 1,
        first_s=first,
        last_s=first if isinstance(last, Absent) else last,
        source=text(table(body, "source"), "component") or text(body, "reportingComponent"),
        details=texts(table(meta, "annotations")),
    )


def usage(body: Mapping[str, Any]) -> NodeUsage:
    own = table(body, "node")
    memory = table(own, "memory")
    return NodeUsage(
        text(own, "nodeName"),
        moment(memory, "time"),
        count(memory, "availableBytes"),
        count(memory, "workingSetBytes"),
        tuple(_containers(body)),
    )


def _containers(body: Mapping[str, Any]) -> Iterator[ContainerUsage]:
    for pod in tables(body, "pods"):
        reference = table(pod, "podRef")
        for each in tables(pod, "containers"):
            memory = table(each, "memory")
            yield ContainerUsage(
                text(reference, "namespace"),
                text(reference, "name"),
                text(reference, "uid"),
                text(each, "name"),
                moment(memory, "time"),
                count(memory, "workingSetBytes"),
                count(memory, "rssBytes"),
                count(memory, "usageBytes"),
            )


def pod_metrics(body: Mapping[str, Any]) -> Iterator[ContainerUsage]:
    """Of one ``PodMetrics`` of metrics.k8s.io, which names no uid and tells the working set alone."""
    meta = table(body, "metadata")
    untold = Absent("anonymous memory", AbsentKind.NOT_APPLICABLE, "metrics.k8s.io tells the working set alone")
    for each in tables(body, "containers"):
        used = quantity(table(each, "usage"), "memory")
        yield ContainerUsage(
            namespace=text(meta, "namespace"),
            pod=text(meta, "name"),
            pod_uid="",
            container=text(each, "name"),
            at_s=moment(body, "timestamp"),
            working_set_bytes=Absent("memory", AbsentKind.NOT_YET, "it is not told") if used is None else used,
            rss_bytes=untold,
            usage_bytes=untold,
        )
