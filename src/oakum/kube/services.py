"""From a service to the pods behind it, and their ports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from oakum.kube.decode.fields import table, tables, text
from oakum.model.cluster import Backend
from oakum.model.errors import TargetError


def port_of(body: Mapping[str, Any], namespace: str, service: str, port: int | None) -> str:
    """The name of a service's port, "" for one that has none; ``port``: its number, None for the only one there is.

    Raises TargetError where there is none of that number, or there are several.
    """
    title, spec = f"service {service} in namespace {namespace}", table(body, "spec")
    if text(spec, "type") == "ExternalName":
        raise TargetError(
            f"{title} has no pods",
            why="it is another name for a server outside of the cluster",
            next_step=f"oakum scan http://{text(spec, 'externalName')}:{port or 9090}",
        )
    there = {each.get("port"): text(each, "name") for each in tables(spec, "ports")}
    wanted = next(iter(there), None) if port is None and len(there) == 1 else port
    if wanted in there and wanted is not None:
        return there[wanted]
    ports = ", ".join(f"{number} ({name})" if name else str(number) for number, name in there.items())
    first = next(iter(there), 9090)
    raise TargetError(
        f"{title} has several ports" if port is None else f"{title} has no port {port}",
        why=f"it has {ports or 'none'}",
        next_step=f"oakum scan kube+http://{service}.{namespace}:{first}",
    )


def behind(slices: Iterable[Mapping[str, Any]], port: str, namespace: str, service: str) -> Sequence[Backend]:
    """``port``: its name. Raises TargetError where no pod is ready."""
    found: set[tuple[str, int]] = set()
    others = 0
    for each in slices:
        numbers = [row.get("port") for row in tables(each, "ports") if text(row, "name") == port]
        for endpoint in tables(each, "endpoints"):
            reference = table(endpoint, "targetRef")
            ready = table(endpoint, "conditions").get("ready") is not False
            if ready and reference.get("kind") == "Pod" and text(reference, "name"):
                found |= {(text(reference, "name"), number) for number in numbers if isinstance(number, int)}
            else:
                others += 1
    if not found:
        raise TargetError(
            f"no pod behind service {service} in namespace {namespace} is ready",
            why=f"it has {others} that {'is' if others == 1 else 'are'} not ready, or no pods"
            if others
            else "it has none",
            next_step=f"kubectl get endpointslices -n {namespace} -l kubernetes.io/service-name={service}",
        )
    return [Backend(namespace, pod, number) for pod, number in sorted(found)]
