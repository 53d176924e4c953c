"""The clusters that the contract of the port Cluster is tried on: an API server of our own, and a real one.

Both are written to over HTTP in the same way; what differs is how they are stopped and started.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import yaml
from kube_server import TOKEN, KubeServer, kube_server

from oakum.kube.config import find_access
from oakum.kube.credentials import tls
from oakum.kube.live import LiveCluster, connected
from oakum.kube.pace import PaceSettings
from oakum.kube.watching import WatchSettings

QUICK = WatchSettings(lasts_s=5, first_wait_s=0.02, longest_wait_s=0.5, patience_s=60)


@dataclass
class ClusterWorld:
    """``kubeconfig``: whose user may do all. ``restart``: the API server ends at once, and comes back."""

    kubeconfig: Path
    stop: Callable[[], None]
    start: Callable[[], None]
    namespace: str
    fake: KubeServer | None = None

    def open(self, **settings) -> AbstractAsyncContextManager[LiveCluster]:
        access = find_access({"KUBECONFIG": str(self.kubeconfig)}, Path("/nowhere"))
        return connected(access, pace=PaceSettings(**{"per_s": 500.0, "burst": 500, **settings}), watch=QUICK)

    def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        """Writes as its administrator."""
        access = find_access({"KUBECONFIG": str(self.kubeconfig)}, Path("/nowhere"))
        headers = {"Content-Type": "application/json"}
        token = TOKEN if self.fake is not None else access.login.token
        if token:
            headers["Authorization"] = f"Bearer {token}"
        content = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(access.place.server + path, content, headers, method=method)
        context = tls(access) if access.place.server.startswith("https") else None
        with urllib.request.urlopen(request, timeout=20, context=context) as answer:
            return json.load(answer)

    def pods(self, name: str = "") -> str:
        return f"/api/v1/namespaces/{self.namespace}/pods" + (f"/{name}" if name else "")

    def make_pod(self, name: str, *, labels: dict[str, str] | None = None, owner: dict | None = None) -> dict:
        """One that no scheduler takes: its state is what the test says."""
        container = {"name": "app", "image": "shop/cart:1", "resources": {"limits": {"memory": "256Mi"}}}
        meta = {"name": name, "labels": labels or {}, **({"ownerReferences": [owner]} if owner else {})}
        spec = {"containers": [container], "schedulerName": "nobody", "automountServiceAccountToken": False}
        return self.ask("POST", self.pods(), {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})

    def tell(self, name: str, **status) -> dict:
        """As a kubelet would: the container's status."""
        pod = self.ask("GET", self.pods(name))
        app = {"name": "app", "ready": True, "restartCount": 0, "image": "shop/cart:1", "imageID": "", **status}
        pod["status"] = {"phase": "Running", "containerStatuses": [app]}
        return self.ask("PUT", f"{self.pods(name)}/status", pod)

    def delete_pod(self, name: str) -> None:
        self.ask("DELETE", self.pods(name), {"gracePeriodSeconds": 0})

    def make_deployment(self, name: str) -> dict:
        labels = {"app": name}
        spec = {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": "shop/cart:1"}], "schedulerName": "nobody"},
            },
        }
        body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}
        made = self.ask("POST", f"/apis/apps/v1/namespaces/{self.namespace}/deployments", body)
        if self.fake is not None:
            self._grow(made, spec)
        return made

    def _grow(self, deployment: dict, spec: dict) -> None:
        """What the controller manager does."""
        name = deployment["metadata"]["name"]
        meta = {"name": f"{name}-1", "labels": {"app": name}, "ownerReferences": [owner(deployment, "Deployment")]}
        body = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta, "spec": spec}
        below = self.ask("POST", f"/apis/apps/v1/namespaces/{self.namespace}/replicasets", body)
        for letter in "ab":
            self.make_pod(f"{name}-1-{letter}", labels={"app": name}, owner=owner(below, "ReplicaSet"))

    def make_job(self, name: str) -> dict:
        """One that starts nothing."""
        containers = [{"name": "app", "image": "shop/cart:1"}]
        template = {"spec": {"containers": containers, "restartPolicy": "Never", "schedulerName": "nobody"}}
        body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}}
        return self.ask(
            "POST",
            f"/apis/batch/v1/namespaces/{self.namespace}/jobs",
            {**body, "spec": {"suspend": True, "template": template}},
        )

    def make_budget(self, name: str, labels: dict[str, str]) -> dict:
        """All of those pods must stay."""
        spec = {"maxUnavailable": 0, "selector": {"matchLabels": labels}}
        body = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec}
        return self.ask("POST", f"/apis/policy/v1/namespaces/{self.namespace}/poddisruptionbudgets", body)

    def make_node(self) -> str:
        """Of no kubelet; named as the test's namespace, and to be removed with it."""
        self.ask("POST", "/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": self.namespace}})
        return self.namespace

    def pods_of(self, name: str) -> list[str]:
        """Both replicas, once they are made."""
        until_s = time.monotonic() + 60
        while True:
            items = self.ask("GET", f"{self.pods()}?labelSelector=app%3D{name}")["items"]
            if len(items) == 2:
                return sorted(item["metadata"]["name"] for item in items)
            assert time.monotonic() < until_s, "no controller made the replicas"
            time.sleep(0.05)


def owner(body: dict, kind: str) -> dict:
    meta = body["metadata"]
    return {"apiVersion": "apps/v1", "kind": kind, "name": meta["name"], "uid": meta["uid"], "controller": True}


def kubeconfig(path: Path, server: str, token: str = TOKEN, **cluster) -> Path:
    told = {
        "current-context": "lab",
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "tester"}}],
        "clusters": [{"name": "lab", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "tester", "user": {"token": token}}],
    }
    path.write_text(yaml.safe_dump(told))
    return path


async def off(call, *arguments, **named):
    """In a thread: what the world writes may not hold up what Oakum reads."""
    return await anyio.to_thread.run_sync(lambda: call(*arguments, **named))


async def next_of(changes):
    with anyio.fail_after(30):
        return await anext(changes)


@contextmanager
def fake_cluster(folder: Path) -> Iterator[ClusterWorld]:
    with kube_server() as server:
        file = kubeconfig(folder / "kubeconfig", server.url)
        yield _prepared(ClusterWorld(file, server.stop, server.start, f"t-{uuid.uuid4().hex[:8]}", server))


def real_cluster(file: Path, stop: Callable[[], None], start: Callable[[], None]) -> ClusterWorld:
    """An API server that runs already; a namespace of the test's own is made in it."""
    return _prepared(ClusterWorld(file, stop, start, f"t-{uuid.uuid4().hex[:8]}"))


def _prepared(world: ClusterWorld) -> ClusterWorld:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": world.namespace}}
    world.ask("POST", "/api/v1/namespaces", body)
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
    try:
        world.ask("POST", f"/api/v1/namespaces/{world.namespace}/serviceaccounts", account)
    except urllib.error.HTTPError as exc:
        # A controller manager was quicker.
        if exc.code != 409:
            raise
    return world
