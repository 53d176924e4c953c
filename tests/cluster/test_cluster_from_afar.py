"""``oakum investigate deploy/…`` from a machine that is not the node: by exec, beside it, from its node.

All are looked at side by side, once for all tests.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from planted import EXPECTED, pod_of

from oakum.host.afar.agent import command, program
from oakum.host.afar.keeper import FIRST_WITHIN_S, keeper
from oakum.kube import cluster as open_cluster
from oakum.loop.node_pod import swept
from oakum.model.node_pod import SELECTOR, NodePod

pytestmark = pytest.mark.cluster

OAKUM = Path(sys.executable).with_name("oakum")
WATCH = "12s"
IMAGE = "oakum.lab/python:1"
WAYS = {
    "exec": ("python-sessions", ("--exec",)),
    "ephemeral container": ("distroless-sessions", ("--no-exec", "--image", IMAGE)),
    "node pod": ("distroless-sessions", ("--no-exec", "--node-pod", IMAGE)),
}
SELECT = ("get", "pods", "-l", SELECTOR, "-o", "name")


def elsewhere(command):
    """Where this machine is the node, no pod's cgroup is seen: so it is another one for all that Oakum knows."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return command
    hides = 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"'
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", hides, "sh", *command]


@pytest.fixture(scope="module")
def looked(namespace):
    names = sorted({name for name, _ in WAYS.values()})
    for name in names:
        namespace.apply(name)
        namespace.ready(f"app={name}")
    running = {}
    for way, (name, options) in WAYS.items():
        command = [OAKUM, "investigate", f"deploy/{namespace.namespace}/{name}", "--for", WATCH, "-o", "json", *options]
        # A record is of one Oakum at a time for each workload.
        more = ["--no-incident", "--node-pod-namespace", namespace.namespace] if "--node-pod" in options else []
        running[way] = subprocess.Popen(elsewhere([*command, *more]), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    told = {}
    for way, process in running.items():
        out, err = process.communicate(timeout=150)
        assert out, err
        told[way] = json.loads(out)
    yield told
    for name in names:
        namespace.run("delete", "deployment", name, "--wait=false", "--grace-period=0", "--force")


@pytest.mark.parametrize("way", WAYS)
def test_the_holder_is_named_as_on_the_node_and_what_crossed_is_told(looked, way):
    row, told = EXPECTED[WAYS[way][0]], looked[way]
    assert told["verdict"]["verdict"] == row["verdict"], (told["verdict"]["reasons"], told["absent"])
    assert row["holder"][0] in told["causes"][0]["holder"]
    assert "sessions.py" in told["causes"][0]["where"]
    (carried,) = [each["facts"] for each in told["evidence"] if each["id"] == "transport"]
    assert carried["transport"] == way
    assert carried["unpacked_bytes"] >= carried["received_bytes"] // 2 > 1 << 20
    (price,) = [each["facts"] for each in told["evidence"] if each["id"] == "preflight"]
    assert price["bytes_to_read"] / price["carried_bytes_per_s"] == pytest.approx(price["takes_s"])
    assert "/kubepods" not in json.dumps(told["plan"])


def test_what_was_read_of_it_is_in_no_log_of_its_node(namespace, looked):
    assert looked
    pod = pod_of(namespace, "distroless-sessions")
    (container,) = [each["name"] for each in pod["spec"]["ephemeralContainers"]]
    assert namespace.run("logs", pod["metadata"]["name"], "-c", container) == ""


def test_no_pod_of_ours_is_left_on_the_node(namespace, looked):
    assert looked
    namespace.until("end of it", lambda: not namespace.run(*SELECT).strip())


def test_a_pod_on_a_node_ends_by_itself_once_oakum_is_gone_and_the_next_one_removes_it(namespace, steady):
    """As after a crash: the connection ends, and nobody deletes it."""
    # Who was there for less than a second may not have been seen: then it is not waited for as long as that.
    keeps = tuple(word.replace(f"else {FIRST_WITHIN_S}", "else 15") for word in keeper(300))
    node = namespace.get("pod", steady)["spec"]["nodeName"]
    name = f"oakum-left-{namespace.namespace[-8:]}"
    left = NodePod(namespace.namespace, name, node, IMAGE, keeps, f"pod/{namespace.namespace}/x", 300)

    def on_cluster(journey):
        async def run():
            async with open_cluster(environment=os.environ, home=Path("/nowhere")) as cluster:
                with anyio.fail_after(60):
                    return await journey(cluster)

        return anyio.run(run)

    async def lost(cluster):
        async with cluster.converse(left.container, command()) as conversation:
            await conversation.send(program() + b"0 hello\n")
            assert b"protocol" in await conversation.receive()

    def phase(wanted):
        return namespace.get("pod", name)["status"].get("phase") == wanted

    on_cluster(lambda cluster: cluster.make_node_pod(left))
    namespace.until("start of it", lambda: phase("Running"))
    assert on_cluster(lambda cluster: swept(cluster, left.namespace)) == []
    on_cluster(lost)
    namespace.until("end of it", lambda: phase("Succeeded"))
    assert on_cluster(lambda cluster: swept(cluster, left.namespace)) == [left.title]
    namespace.until("end of it", lambda: left.name not in namespace.run(*SELECT))


def test_nothing_of_it_runs_on_and_the_ephemeral_container_has_ended(namespace, looked):
    def ended():
        pod = pod_of(namespace, "distroless-sessions")
        (status,) = pod["status"].get("ephemeralContainerStatuses", [])
        return status["state"].get("terminated")

    assert looked
    assert namespace.until("end of it", ended)["exitCode"] == 0
    pod = pod_of(namespace, "python-sessions")["metadata"]["name"]
    look = "import os; print([p for p in os.listdir('/proc') if p.isdigit() and int(p) not in (1, os.getpid())])"
    assert namespace.run("exec", pod, "--", "python3", "-c", look).strip() == "[]"
