"""Pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from oakum.kube.decode import settings
from oakum.kube.decode.fields import (
    count,
    flag,
    known_flag,
    moment,
    moment_if_set,
    owners,
    quantity,
    table,
    tables,
    text,
    texts,
)
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_pod import Container, Pod, Role, Running, State, Terminated, Waiting

_PROBES: Final = {"livenessProbe": "liveness", "readinessProbe": "readiness", "startupProbe": "startup"}
_LISTS: Final = (
    ("initContainers", "initContainerStatuses", Role.INIT),
    ("containers", "containerStatuses", Role.MAIN),
    ("ephemeralContainers", "ephemeralContainerStatuses", Role.EPHEMERAL),
)


def pod(body: Mapping[str, Any]) -> Pod:
    meta, spec, status = table(body, "metadata"), table(body, "spec"), table(body, "status")
    return Pod(
        namespace=text(meta, "namespace"),
        name=text(meta, "name"),
        uid=text(meta, "uid"),
        version=text(meta, "resourceVersion"),
        created_s=moment(meta, "creationTimestamp"),
        deleted_s=_deleted(meta),
        labels=texts(table(meta, "labels")),
        owners=owners(meta),
        node=text(spec, "nodeName"),
        phase=text(status, "phase"),
        reason=text(status, "reason"),
        message=text(status, "message"),
        qos=text(status, "qosClass"),
        containers=tuple(_containers(spec, status)),
        limit_bytes=quantity(table(spec, "resources", "limits"), "memory"),
        shares_processes=flag(spec, "shareProcessNamespace"),
        addresses=() if flag(spec, "hostNetwork") else tuple(_addresses(status)),
    )


def _addresses(status: Mapping[str, Any]) -> Iterator[str]:
    yield from dict.fromkeys(
        address for each in (*tables(status, "podIPs"), {"ip": text(status, "podIP")}) if (address := text(each, "ip"))
    )


def _deleted(meta: Mapping[str, Any]) -> float | Absent | None:
    """When it was asked for. The API tells when the grace that comes first is over, and how long it is."""
    over_s, grace_s = moment_if_set(meta, "deletionTimestamp"), count(meta, "deletionGracePeriodSeconds", unset=0)
    return over_s - grace_s if isinstance(over_s, float) and isinstance(grace_s, int) else over_s


def _containers(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Iterator[Container]:
    for listed, told, role in _LISTS:
        statuses = {text(each, "name"): each for each in tables(status, told)}
        for each in tables(spec, listed):
            yield _container(each, statuses.get(text(each, "name")), role)


def _container(spec: Mapping[str, Any], told: Mapping[str, Any] | None, role: Role) -> Container:
    if role is Role.INIT and spec.get("restartPolicy") == "Always":
        role = Role.SIDECAR
    status = told or {}
    wanted, actual = table(spec, "resources"), table(status, "resources")
    return Container(
        name=text(spec, "name"),
        role=role,
        image=text(status, "image") or text(spec, "image"),
        state=state(table(status, "state")),
        last=_last(table(status, "lastState")),
        restarts=count(status, "restartCount"),
        request_bytes=quantity(table(wanted, "requests"), "memory"),
        limit_bytes=quantity(table(wanted, "limits"), "memory"),
        actual_limit_bytes=quantity(table(actual, "limits"), "memory") if actual else _NOT_TOLD,
        ready=known_flag(status, "ready"),
        image_id=text(status, "imageID"),
        container_id=_bare(text(status, "containerID")),
        probes=frozenset(short for name, short in _PROBES.items() if table(spec, name)),
        program=settings.program(spec),
        memory_flags=settings.memory_flags(spec),
        variables=settings.variables(spec),
    )


_NOT_TOLD: Final = Absent(
    "the limit that the node has set", AbsentKind.NOT_YET, "the node tells it since Kubernetes 1.33"
)


def state(body: Mapping[str, Any]) -> State:
    """A container without a word of its state waits, says the API; that nothing was told is another thing."""
    if "terminated" in body:
        return _terminated(table(body, "terminated"))
    if "running" in body:
        return Running(moment(table(body, "running"), "startedAt"))
    if "waiting" in body:
        waiting = table(body, "waiting")
        return Waiting(text(waiting, "reason"), text(waiting, "message"))
    return Absent("its state", AbsentKind.NOT_YET, "its node has not told it yet")


def _last(body: Mapping[str, Any]) -> Terminated | None:
    return _terminated(table(body, "terminated")) if "terminated" in body else None


def _terminated(body: Mapping[str, Any]) -> Terminated:
    signal = count(body, "signal", unset=0)
    return Terminated(
        reason=text(body, "reason"),
        exit_code=count(body, "exitCode"),
        started_s=moment(body, "startedAt"),
        finished_s=moment(body, "finishedAt"),
        signal=signal if isinstance(signal, int) else 0,
        message=text(body, "message"),
        container_id=_bare(text(body, "containerID")),
    )


def _bare(name: str) -> str:
    """``containerd://ID``: without the runtime's name, as cgroups have it."""
    return name.rpartition("://")[2]
