"""Port Cluster, for a real API server."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, TypeVar

from oakum.kube import channels
from oakum.kube.api import Api, PatchKind
from oakum.kube.config import Access
from oakum.kube.decode import node as nodes
from oakum.kube.decode import workload as workloads
from oakum.kube.decode.fields import table, text
from oakum.kube.decode.pod import pod as decode_pod
from oakum.kube.faults import Call, Expired, answered
from oakum.kube.hands import LiveHands
from oakum.kube.listing import listed
from oakum.kube.nearest import unknown
from oakum.kube.pace import PaceSettings
from oakum.kube.resources import (
    AUTOSCALERS,
    BOUNDS,
    BUDGETS,
    EVENTS,
    NAMESPACES,
    NODES,
    POD_METRICS,
    PODS,
    PRIORITIES,
    QUOTAS,
    REVIEWS,
    SERVICES,
    SLICES,
    VERTICAL,
    WORKLOADS,
    Resource,
)
from oakum.kube.services import behind, port_of
from oakum.kube.visiting import visiting
from oakum.kube.watching import Watching, WatchSettings
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import (
    Backend,
    Calls,
    Conversation,
    Executed,
    Listing,
    Permission,
    Place,
    Question,
    Seen,
    Tunnel,
)
from oakum.model.cluster_node import ClusterNode, ContainerUsage, Event, NodeUsage
from oakum.model.cluster_pod import ContainerName, Owner, Pod, Visitor
from oakum.model.cluster_workload import (
    KINDS,
    Autoscaler,
    Bounds,
    Budget,
    Priority,
    Quota,
    VerticalAutoscaler,
    Workload,
)
from oakum.model.errors import CallerError, InternalError, OakumError, RefusedError, TargetError

T = TypeVar("T")

NO_LOG: Final = b"unable to retrieve container logs"
"""A kubelet whose runtime has lost a log says so in the log's place, with a 200."""

UNTOLD: Final = frozenset({404, 405, 501})
"""A node that is no kubelet (a virtual one) answers so where it has no such figures."""

FAULTY: Final = frozenset({500, 502, 503, 504})
"""So the API server answers for a node that it does not reach."""

TALLEST: Final = 4
"""A chain of owners is followed so far: Pod, ReplicaSet, Deployment, and what an operator puts above."""


class LiveCluster:
    """Open it with ``connected``."""

    def __init__(self, api: Api, watch_settings: WatchSettings | None = None) -> None:
        self._api, self._watch_settings = api, watch_settings
        self.hands = LiveHands(api)

    @property
    def place(self) -> Place:
        return self._api.access.place

    @property
    def calls(self) -> Calls:
        return self._api.calls

    async def version(self) -> str:
        return text(await self._api.get("/version", Call("get", "version")), "gitVersion")

    async def namespaces(self) -> Listing[str]:
        return await listed(self._api, NAMESPACES, lambda body: [text(table(body, "metadata"), "name")])

    async def may(self, questions: Sequence[Question]) -> Sequence[Permission]:
        return [await self._may(each) for each in questions]

    async def _may(self, question: Question) -> Permission:
        resource, _, part = question.resource.partition("/")
        asked = {
            "verb": question.verb,
            "group": question.group,
            "resource": resource,
            "subresource": part,
            "namespace": question.namespace,
            "name": question.name,
        }
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {name: value for name, value in asked.items() if value}},
        }
        status = table(await self._api.post(REVIEWS.path(), REVIEWS.call("create"), body), "status")
        return Permission(question, status.get("allowed") is True, text(status, "reason"))

    async def pods(self, namespace: str = "", *, selector: str = "", node: str = "") -> Listing[Pod]:
        fields = f"spec.nodeName={node}" if node else ""
        found = await listed(
            self._api, PODS, lambda body: [decode_pod(body)], namespace=namespace, selector=selector, fields=fields
        )
        if not found.items and namespace:
            await self._check_namespace(namespace)
        return found

    async def pod(self, namespace: str, name: str) -> Pod:
        return decode_pod(await self._one(PODS, namespace, name))

    async def workloads(self, kind: str, namespace: str = "") -> Listing[Workload]:
        found = await listed(
            self._api, _workload(kind), lambda body: [workloads.workload(kind, body)], namespace=namespace
        )
        if not found.items and namespace:
            await self._check_namespace(namespace)
        return found

    async def workload(self, kind: str, namespace: str, name: str) -> Workload:
        return workloads.workload(kind, await self._one(_workload(kind), namespace, name))

    async def top(self, pod: Pod) -> Workload | Absent:
        found: Workload | None = None
        owner = pod.controller
        for _ in range(TALLEST):
            if owner is None or owner.kind not in KINDS:
                break
            try:
                above = await self.workload(KINDS[owner.kind], pod.namespace, owner.name)
            except TargetError as exc:
                if answered(exc) != 404:
                    raise
                break
            # The same name may have been made again since.
            if above.uid != owner.uid:
                break
            found, owner = above, above.controller
        if found is not None:
            return found
        return _no_owner(pod, pod.controller)

    async def pods_of(self, workload: Workload) -> Listing[Pod]:
        found = await self.pods(workload.namespace, selector=workload.selector)
        own = {workload.uid}
        if workload.kind in {"deploy", "cronjob"}:
            below = await self.workloads("replicaset" if workload.kind == "deploy" else "job", workload.namespace)
            own = {each.uid for each in below.items if each.controller and each.controller.uid == workload.uid}
        mine = tuple(pod for pod in found.items if pod.controller is not None and pod.controller.uid in own)
        return Listing(mine, found.version, found.odd)

    async def nodes(self) -> Listing[ClusterNode]:
        return await listed(self._api, NODES, lambda body: [nodes.node(body)])

    async def node(self, name: str) -> ClusterNode:
        return nodes.node(await self._one(NODES, "", name))

    async def events(self, namespace: str = "", *, about_uid: str = "") -> Listing[Event]:
        fields = f"involvedObject.uid={about_uid}" if about_uid else ""
        return await listed(self._api, EVENTS, lambda body: [nodes.event(body)], namespace=namespace, fields=fields)

    async def autoscalers(self, namespace: str = "") -> Listing[Autoscaler]:
        return await self._each(AUTOSCALERS, workloads.autoscaler, namespace)

    async def vertical_autoscalers(self, namespace: str = "") -> Listing[VerticalAutoscaler] | Absent:
        try:
            return await self._each(VERTICAL, workloads.vertical_autoscaler, namespace)
        except TargetError as exc:
            if answered(exc) != 404:
                raise
            what = "VerticalPodAutoscalers"
            return Absent(what, AbsentKind.NOT_APPLICABLE, "this cluster has none installed")

    async def budgets(self, namespace: str = "") -> Listing[Budget]:
        return await self._each(BUDGETS, workloads.budget, namespace)

    async def quotas(self, namespace: str = "") -> Listing[Quota]:
        return await self._each(QUOTAS, workloads.quota, namespace)

    async def bounds(self, namespace: str = "") -> Listing[Bounds]:
        return await listed(self._api, BOUNDS, workloads.bounds, namespace=namespace)

    async def priorities(self) -> Listing[Priority]:
        return await self._each(PRIORITIES, workloads.priority, "")

    async def usage(self, node: str, *, within_s: float | None = None) -> NodeUsage | Absent:
        what = f"the memory that containers on node {node} use"
        try:
            body = await self._api.get(
                NODES.path("", node, "proxy/stats/summary").replace("%2F", "/"),
                NODES.call("get", "", node, "proxy"),
                # A 503 is the node's here, not the API server's: it is dead, and to ask it at once again costs others.
                patient=False,
                within_s=within_s,
            )
        except Expired as exc:
            return Absent(what, AbsentKind.NOT_APPLICABLE, f"it is no longer told there: {exc}")
        except OakumError as exc:
            if answered(exc) == 403:
                return Absent(
                    what, AbsentKind.NOT_PERMITTED, exc.why, "a role that may get nodes/proxy: oakum doctor --role read"
                )
            if (code := answered(exc)) in FAULTY:
                why = f"its kubelet does not answer the API server: {exc.why.partition(f'{code}, ')[2] or exc.why}"
                return Absent(what, AbsentKind.UNREADABLE, why, f"kubectl describe node {node}")
            kind = AbsentKind.NOT_APPLICABLE if code in UNTOLD else AbsentKind.UNREADABLE
            return Absent(what, kind, exc.brief, exc.next_step or f"kubectl get node {node}")
        return nodes.usage(body)

    async def pod_metrics(self, namespace: str = "") -> Listing[ContainerUsage] | Absent:
        what = "the working sets of containers, by metrics.k8s.io"
        try:
            return await listed(self._api, POD_METRICS, nodes.pod_metrics, namespace=namespace)
        except OakumError as exc:
            code = answered(exc)
            if code == 404:
                return Absent(what, AbsentKind.NOT_APPLICABLE, "this cluster serves none", "install metrics-server")
            if code == 403:
                return Absent(what, AbsentKind.NOT_PERMITTED, exc.why, "oakum doctor --role read | kubectl apply -f -")
            return Absent(what, AbsentKind.UNREADABLE, exc.brief, "kubectl get apiservice v1beta1.metrics.k8s.io")

    def watch_pods(self, namespace: str = "", *, selector: str = "") -> AsyncGenerator[Seen[Pod], None]:
        watching = Watching(
            self._api, PODS, decode_pod, namespace=namespace, selector=selector, settings=self._watch_settings
        )
        return watching.changes()

    def watch_events(self, namespace: str = "") -> AsyncGenerator[Seen[Event], None]:
        watching = Watching(self._api, EVENTS, nodes.event, namespace=namespace, settings=self._watch_settings)
        return watching.changes()

    async def logs(
        self,
        container: ContainerName,
        *,
        previous: bool = False,
        lines: int = 200,
        most_bytes: int | None = None,
        stamped: bool = False,
    ) -> str | Absent:
        what = f"the {'previous ' if previous else ''}log of {container}"
        asked: dict[str, str | int] = {"container": container.container, "tailLines": lines}
        if previous:
            asked["previous"] = "true"
        if most_bytes is not None:
            asked["limitBytes"] = most_bytes
        if stamped:
            asked["timestamps"] = "true"
        call = PODS.call("get", container.namespace, container.pod, "log")
        try:
            told = await self._api.text(PODS.path(container.namespace, container.pod, "log"), call, asked)
        except OakumError as exc:
            if answered(exc) == 403:
                return Absent(what, AbsentKind.NOT_PERMITTED, exc.why, exc.next_step)
            if answered(exc) != 400:
                raise
            # It has not started, or there was no run before this one.
            return Absent(what, AbsentKind.NOT_YET, exc.why)
        if told.startswith(NO_LOG):
            return Absent(what, AbsentKind.UNREADABLE, "the node's runtime has removed it already")
        return told.decode("utf-8", "replace")

    async def run(
        self,
        container: ContainerName,
        command: Sequence[str],
        *,
        within_s: float,
        given: bytes = b"",
        most_bytes: int = 16 << 20,
        heard: Callable[[bytes], None] | None = None,
    ) -> Executed | Absent:
        return await channels.run(
            self._api, container, command, within_s=within_s, given=given, most_bytes=most_bytes, heard=heard
        )

    def converse(self, container: ContainerName, command: Sequence[str]) -> AbstractAsyncContextManager[Conversation]:
        return channels.converse(self._api, container, command)

    async def visit(self, pod: Pod, visitor: Visitor) -> None:
        call = PODS.call("patch", pod.namespace, pod.name, "ephemeralcontainers")
        try:
            path = PODS.path(pod.namespace, pod.name, "ephemeralcontainers")
            await self._api.patch(path, call, visiting(pod, visitor), PatchKind.STRATEGIC, dry=False)
        except (InternalError, RefusedError) as exc:
            if answered(exc) == 409:
                raise TargetError(
                    f"{pod.title} was replaced or changed meanwhile",
                    why=exc.why,
                    next_step=f"kubectl get pod -n {pod.namespace} {pod.name}    # then the same command again",
                ) from exc
            raise TargetError(
                f"the API server does not take an ephemeral container for {pod.title}",
                why=exc.why,
                next_step=f"kubectl debug -n {pod.namespace} {pod.name} --target={visitor.target} --image=…",
            ) from exc

    def forward(self, namespace: str, pod: str, port: int) -> AbstractAsyncContextManager[Tunnel]:
        return channels.forward(self._api, namespace, pod, port)

    async def backends(self, namespace: str, service: str, port: int | None) -> Sequence[Backend]:
        body = await self._one(SERVICES, namespace, service)
        wanted = port_of(body, namespace, service, port)
        selector = f"kubernetes.io/service-name={service}"
        slices = await listed(self._api, SLICES, lambda each: [each], namespace=namespace, selector=selector)
        return behind(slices.items, wanted, namespace, service)

    async def _each(self, resource: Resource, decode: Callable[[Mapping[str, Any]], T], namespace: str) -> Listing[T]:
        def alone(body: Mapping[str, Any]) -> Iterable[T]:
            return [decode(body)]

        return await listed(self._api, resource, alone, namespace=namespace)

    async def _one(self, resource: Resource, namespace: str, name: str) -> Mapping[str, Any]:
        """Raises TargetError with the names that are nearest."""
        try:
            body = await self._api.get(resource.path(namespace, name), resource.call("get", namespace, name))
        except TargetError as exc:
            if answered(exc) != 404:
                raise
            raise await self._nearest(resource, namespace, name, exc) from exc
        return table(body)

    async def _nearest(self, resource: Resource, namespace: str, name: str, exc: TargetError) -> OakumError:
        if namespace:
            await self._check_namespace(namespace)
        try:
            there = await listed(
                self._api, resource, lambda body: [text(table(body, "metadata"), "name")], namespace=namespace
            )
        except OakumError:
            return exc
        return unknown(exc.what.removeprefix("there is no "), name, there.items, look=exc.next_step)

    async def _check_namespace(self, namespace: str) -> None:
        """A list of what is in a namespace that nobody made is empty, and no error."""
        call = NAMESPACES.call("get", "", namespace)
        try:
            await self._api.get(NAMESPACES.path("", namespace), call)
        except TargetError as exc:
            if answered(exc) == 403:
                return
            if answered(exc) != 404:
                raise
            try:
                there = (await self.namespaces()).items
            except OakumError:
                raise exc from None
            raise unknown(f"namespace {namespace}", namespace, there, look="kubectl get namespaces") from exc


@asynccontextmanager
async def connected(
    access: Access, *, pace: PaceSettings | None = None, watch: WatchSettings | None = None
) -> AsyncIterator[LiveCluster]:
    """Nothing is asked before the first call."""
    async with Api(access, pace) as api:
        yield LiveCluster(api, watch)


def _workload(kind: str) -> Resource:
    if kind not in WORKLOADS:
        raise CallerError(f"{kind!r} is no kind of workload", why=f"known are {', '.join(WORKLOADS)}")
    return WORKLOADS[kind]


def _no_owner(pod: Pod, owner: Owner | None) -> Absent:
    what = f"the workload of {pod.title}"
    if owner is None:
        return Absent(what, AbsentKind.NOT_APPLICABLE, "nobody owns it: it was made by hand")
    return Absent(what, AbsentKind.NOT_APPLICABLE, f"its owner is {owner.kind} {owner.name}, which is not followed")
