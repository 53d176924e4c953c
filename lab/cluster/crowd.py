"""Thousands of pods on nodes that do not exist, played by kwok: for what must be quick on a large cluster."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from lab.cluster.build import Programs, kwok
from lab.cluster.component import Component, free_ports, says_ok
from lab.cluster.kubelets import GROWS
from lab.cluster.place import Place

NAME = "kwok"
KUBELETS = "kubelets"
NAMESPACE = "crowd"
PODS_PER_NODE = 500
PODS_PER_DEPLOYMENT = 50
KILLED_EVERY = 20
"""One deployment in so many has pods that are killed for memory, again and again; the next one's grow."""
LONGEST_S = 900
_STAGES = Path(__file__).parent / "kwok" / "stages.yaml"
_FAKE = {"oakum.lab/node": "fake"}


def component(place: Place) -> Component:
    """What plays them: it says of each node and pod what a kubelet would."""
    (port,) = free_ports(1)
    command = (
        kwok(),
        f"--kubeconfig={place.kubeconfig}",
        f"--config={_STAGES}",
        "--manage-all-nodes=false",
        "--manage-nodes-with-label-selector=oakum.lab/node=fake",
        "--node-lease-duration-seconds=40",
        f"--server-address=127.0.0.1:{port}",
    )
    return Component(NAME, command, lambda: says_ok(f"http://127.0.0.1:{port}/healthz"))


def kubelets(place: Place, programs: Programs) -> Component:
    """What tells for its nodes how much their containers use; for a cluster that has a kubelet, by its certificate."""
    (port,) = free_ports(1)
    certificates = place.folder / "certificates"
    command = (
        sys.executable,
        str(Path(__file__).parent / "kubelets.py"),
        str(place.kubeconfig),
        programs["kubectl"],
        str(certificates / "kubelet-server.crt"),
        str(certificates / "kubelet-server.key"),
        place.gateway,
        str(port),
    )
    return Component(KUBELETS, command, lambda: says_ok(f"http://127.0.0.1:{port}/"))


def fill(place: Place, programs: Programs, pods: int) -> None:
    """As many as asked for, or a few more: whole deployments. Returns when all run."""
    deployments = -(-pods // PODS_PER_DEPLOYMENT)
    nodes = -(-pods // PODS_PER_NODE)
    _kubectl(place, programs, "apply", "-f", "-", items=[_namespace(), *map(_node, range(nodes))])
    _kubectl(place, programs, "apply", "-f", "-", items=[_deployment(number) for number in range(deployments)])
    wait = ("wait", "--for=condition=Available", "deployment", "--all", f"--timeout={LONGEST_S}s")
    _kubectl(place, programs, "--namespace", NAMESPACE, *wait)


def _namespace() -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}


def _node(number: int) -> dict[str, object]:
    taint = {"key": "oakum.lab/node", "value": "fake", "effect": "NoSchedule"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": f"fake-{number}", "labels": _FAKE},
        "spec": {"taints": [taint]},
    }


def _deployment(number: int) -> dict[str, object]:
    name = f"service-{number}"
    faults = {0: {"oakum.lab/ends": "killed"}, 1: {GROWS: "true"}}
    ends = faults.get(number % KILLED_EVERY, {})
    resources = {"requests": {"memory": "256Mi"}, "limits": {"memory": "512Mi"}}
    spec = {
        "nodeSelector": _FAKE,
        "tolerations": [{"key": "oakum.lab/node", "operator": "Exists"}],
        "containers": [{"name": "app", "image": f"registry.example/{name}:1", "resources": resources}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "replicas": PODS_PER_DEPLOYMENT,
            "selector": {"matchLabels": {"app": name}},
            "strategy": {"rollingUpdate": {"maxUnavailable": 0}},
            "template": {"metadata": {"labels": {"app": name, **ends}}, "spec": spec},
        },
    }


def _kubectl(place: Place, programs: Programs, *arguments: str, items: list[dict[str, object]] | None = None) -> None:
    command = [programs["kubectl"], f"--kubeconfig={place.kubeconfig}", *arguments]
    text = "" if items is None else json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    subprocess.run(command, input=text, check=True, capture_output=True, text=True)
