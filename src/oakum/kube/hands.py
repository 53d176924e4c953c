"""Port ClusterHands, for a real API server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from oakum.kube.api import Api, PatchKind
from oakum.kube.decode.fields import digest, flag, quantity, table, tables, text
from oakum.kube.decode.pod import pod as decode_pod
from oakum.kube.faults import answered
from oakum.kube.inverse import holds, inverse
from oakum.kube.resources import NODES, PODS, WORKLOADS, Resource
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_hands import Changed
from oakum.model.cluster_node import ClusterNode
from oakum.model.cluster_pod import Pod
from oakum.model.cluster_workload import Workload
from oakum.model.errors import CallerError, OakumError, RefusedError, TargetError

RESTARTED: Final = "kubectl.kubernetes.io/restartedAt"
ROLLS: Final = frozenset({"deploy", "sts", "ds"})
SCALED: Final = frozenset({"deploy", "sts"})
IN_PLACE: Final = "1.33"

TRIES: Final = 5
"""So often a change is written, where others write to the object at the same time."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """One object as somebody saw it. ``part``: the subresource that is written; ``look``: how it is looked at.

    ``as_seen``: whether it still asks for what was seen, whatever its state has become.
    """

    resource: Resource
    namespace: str
    name: str
    uid: str
    title: str
    look: str
    as_seen: Callable[[Mapping[str, Any]], bool]
    part: str = ""

    def path(self, part: str = "") -> str:
        return self.resource.path(self.namespace, self.name, part)


class LiveHands:
    """``LiveCluster.hands``."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def evict(self, pod: Pod, *, dry: bool = False) -> Changed:
        spot, owner = _pod(pod), pod.controller
        before = {"uid": pod.uid, "node": pod.node, "owner": f"{owner.kind} {owner.name}" if owner else ""}
        gone = Changed(pod.title, before, did=False, dry=dry, version="")
        try:
            body = await self._body(spot)
        except TargetError as exc:
            if answered(exc) == 404:
                return gone
            raise
        meta = table(body, "metadata")
        if text(meta, "uid") != pod.uid or meta.get("deletionTimestamp") is not None:
            return gone
        asked = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod.name, "namespace": pod.namespace},
            "deleteOptions": {"preconditions": {"uid": pod.uid}, **({"dryRun": ["All"]} if dry else {})},
        }
        call = PODS.call("create", pod.namespace, pod.name, "eviction")
        try:
            await self._api.create(spot.path("eviction"), call, asked, dry=dry)
        except OakumError as exc:
            # Whoever has that name now is another pod, or nobody.
            if answered(exc) in {404, 409} and not await self._there(spot):
                return Changed(pod.title, before, did=True, dry=dry, version="")
            raise
        return Changed(pod.title, before, did=True, dry=dry, version="")

    async def patch(self, workload: Workload, change: Mapping[str, object], *, dry: bool = False) -> Changed:
        if (
            not change
            or set(change) - {"spec", "metadata"}
            or not all(isinstance(each, Mapping) for each in change.values())
        ):
            raise CallerError(
                f"this is no change of {workload.title}",
                why="a change is a table of what is to be below spec or metadata, and of nothing else",
            )
        return await self._patched(_workload(workload), change, dry=dry)

    async def restart(self, workload: Workload, *, at_s: float, dry: bool = False) -> Changed | Absent:
        if workload.kind not in ROLLS:
            why = f"a {workload.kind} has no rollout: its pods run to their end"
            return Absent(f"a restart of {workload.title}", AbsentKind.NOT_APPLICABLE, why)
        told = datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        change = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: told}}}}}
        return await self._patched(_workload(workload), change, dry=dry, rolls=True)

    async def scale(self, workload: Workload, replicas: int, *, dry: bool = False) -> Changed | Absent:
        if workload.kind not in SCALED:
            why = f"a {workload.kind} has no number of replicas of its own"
            return Absent(f"the scale of {workload.title}", AbsentKind.NOT_APPLICABLE, why)
        if replicas < 0:
            raise CallerError(f"{workload.title} cannot have {replicas} replicas", why="0 is the least")
        spot = _workload(workload, part="scale")
        done = await self._patched(spot, {"spec": {"replicas": replicas}}, dry=dry)
        return _with(done, table(done.before, "spec"))

    async def resize(
        self, pod: Pod, container: str, *, limit_bytes: int, request_bytes: int | None = None, dry: bool = False
    ) -> Changed | Absent:
        if pod.container(container) is None:
            raise TargetError(f"{pod.title} has no container {container}", next_step=f"kubectl get {_kubectl(pod)}")
        resources: dict[str, object] = {"limits": {"memory": str(limit_bytes)}}
        if request_bytes is not None:
            resources["requests"] = {"memory": str(request_bytes)}
        change = {"spec": {"containers": [{"name": container, "resources": resources}]}}
        try:
            done = await self._patched(_pod(pod, "resize", container), change, dry=dry)
        except TargetError as exc:
            # The pod itself was found just now.
            if answered(exc) != 404 or not await self._there(_pod(pod)):
                raise
            why = f"this cluster is older than Kubernetes {IN_PLACE}"
            what = f"a limit of {pod.title}/{container} in place"
            return Absent(what, AbsentKind.NOT_APPLICABLE, why, "another limit in its workload, which starts new pods")
        (was,) = tables(table(done.before, "spec"), "containers")
        limits, requests = table(was, "resources", "limits"), table(was, "resources", "requests")
        before: dict[str, object] = {"limit_bytes": _size(limits)}
        return _with(done, before | ({"request_bytes": _size(requests)} if request_bytes is not None else {}))

    async def cordon(self, node: ClusterNode, *, cordoned: bool = True, dry: bool = False) -> Changed:
        look = f"kubectl get node {node.name}"

        def as_seen(body: Mapping[str, Any]) -> bool:
            return flag(table(body, "spec"), "unschedulable") == node.cordoned

        spot = _Spot(NODES, "", node.name, node.uid, f"node/{node.name}", look, as_seen)
        # What is not set is False, and the API leaves it out.
        done = await self._patched(spot, {"spec": {"unschedulable": True if cordoned else None}}, dry=dry)
        return _with(done, {"cordoned": flag(table(done.before, "spec"), "unschedulable")})

    async def _patched(self, spot: _Spot, change: Mapping[str, Any], *, dry: bool, rolls: bool = False) -> Changed:
        """Whoever tells of an object's state makes versions of it all the time: only what was seen of it must stay."""
        before: dict[str, Any] = {}
        for tried in range(1, TRIES + 1):
            body = await self._body(spot)
            _check(spot, body, rolls=rolls)
            whole = await self._scale(spot) if spot.part == "scale" else body
            if holds(change, whole):
                # A first try may have come through although its answer did not: what was before it undoes it.
                before = before or inverse(change, whole)
                return Changed(spot.title, before, did=tried > 1, dry=dry, version=_version(body))
            before = inverse(change, whole)
            if not spot.as_seen(body):
                raise _changed(spot, "what it asks for is no longer what was seen")
            try:
                answer = await self._write(spot, change, _version(whole), dry=dry)
            except OakumError as exc:
                if answered(exc) != 409 or tried == TRIES:
                    raise
                continue
            return Changed(spot.title, before, did=True, dry=dry, version=_version(answer))
        raise AssertionError("the last try returns or raises")

    async def _write(self, spot: _Spot, change: Mapping[str, Any], version: str, *, dry: bool) -> Mapping[str, Any]:
        precondition = {"uid": spot.uid, "resourceVersion": version}
        asked = {**change, "metadata": {**change.get("metadata", {}), **precondition}}
        kind = PatchKind.MERGE if spot.part == "scale" else PatchKind.STRATEGIC
        call = spot.resource.call("patch", spot.namespace, spot.name, spot.part)
        return table(await self._api.patch(spot.path(spot.part), call, asked, kind, dry=dry))

    async def _body(self, spot: _Spot) -> Mapping[str, Any]:
        return table(await self._api.get(spot.path(), spot.resource.call("get", spot.namespace, spot.name)))

    async def _scale(self, spot: _Spot) -> Mapping[str, Any]:
        call = spot.resource.call("get", spot.namespace, spot.name, "scale")
        body = table(await self._api.get(spot.path("scale"), call))
        # Go leaves out a zero.
        return {**body, "spec": {"replicas": 0, **table(body, "spec")}}

    async def _there(self, spot: _Spot) -> bool:
        try:
            return text(table(await self._body(spot), "metadata"), "uid") == spot.uid
        except TargetError as exc:
            if answered(exc) != 404:
                raise
            return False


def _check(spot: _Spot, body: Mapping[str, Any], *, rolls: bool) -> None:
    if text(table(body, "metadata"), "uid") != spot.uid:
        raise _changed(spot, "another object has its name now")
    if not rolls:
        return
    spec = table(body, "spec")
    if flag(spec, "paused"):
        raise RefusedError(
            f"{spot.title} is not restarted",
            why="its rollout is paused: a restart would wait until somebody resumes it",
            next_step=spot.look.replace("get", "rollout resume", 1),
        )
    if text(table(spec, "updateStrategy"), "type") == "OnDelete":
        raise RefusedError(
            f"{spot.title} is not restarted",
            why="its update strategy is OnDelete: its pods stay until each is evicted by hand",
            next_step=spot.look,
        )


def _changed(spot: _Spot, why: str) -> RefusedError:
    return RefusedError(
        f"{spot.title} was changed since it was looked at", why=why, next_step=f"{spot.look}    # then plan anew"
    )


def _with(done: Changed, before: Mapping[str, object]) -> Changed:
    return Changed(done.title, before, did=done.did, dry=done.dry, version=done.version)


def _workload(workload: Workload, part: str = "") -> _Spot:
    resource = WORKLOADS[workload.kind]
    look = f"kubectl get {resource.plural} {workload.name} -n {workload.namespace}"

    def as_seen(body: Mapping[str, Any]) -> bool:
        return digest(table(body, "spec")) == workload.asks

    return _Spot(resource, workload.namespace, workload.name, workload.uid, workload.title, look, as_seen, part)


def _pod(pod: Pod, part: str = "", container: str = "") -> _Spot:
    seen = pod.container(container)

    def as_seen(body: Mapping[str, Any]) -> bool:
        now = decode_pod(body).container(container)
        return (
            seen is not None
            and now is not None
            and (now.limit_bytes, now.request_bytes) == (seen.limit_bytes, seen.request_bytes)
        )

    return _Spot(PODS, pod.namespace, pod.name, pod.uid, pod.title, f"kubectl get {_kubectl(pod)}", as_seen, part)


def _kubectl(pod: Pod) -> str:
    return f"pod {pod.name} -n {pod.namespace}"


def _version(body: Mapping[str, Any]) -> str:
    return text(table(body, "metadata"), "resourceVersion")


def _size(resources: Mapping[str, Any]) -> int | None:
    found = quantity(resources, "memory")
    return found if isinstance(found, int) else None
