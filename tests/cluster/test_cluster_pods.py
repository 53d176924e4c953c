"""The house itself: what a real kubelet and a real kernel do, before anything of Oakum is asked."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from contextlib import contextmanager

import pytest

pytestmark = pytest.mark.cluster

IMAGES = {
    "python": (["python3", "-c", "import sys; print(sys.version)"], "3."),
    "node": (["node", "-p", "process.version"], "v"),
    "jvm": (["java", "--version"], "openjdk"),
    "native": (["/app/leak"], "handled"),
    "distroless": (["/usr/bin/python3", "-c", "import ssl, sqlite3, sys; print(sys.version)"], "3."),
}


def container(name: str, command: list[str]) -> dict:
    return {
        "name": name,
        "image": f"oakum.lab/{name}:1",
        "imagePullPolicy": "Never",
        "command": command,
        "resources": {"requests": {"memory": "16Mi"}, "limits": {"memory": "128Mi"}},
    }


@contextmanager
def forwarded(namespace, pod: str, port: int):
    """The URL of a pod's port."""
    command = namespace.command("port-forward", f"pod/{pod}", f":{port}", "--address=127.0.0.1")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as forward:
        try:
            local = re.search(r"127\.0\.0\.1:(\d+)", forward.stdout.readline())
            yield f"http://127.0.0.1:{local[1]}/"
        finally:
            forward.terminate()


def kernel_lines(pod_uid: str) -> list[str]:
    said = subprocess.run(["dmesg"], capture_output=True, text=True, errors="replace", check=True).stdout
    return [line for line in said.splitlines() if "oom-kill:" in line and pod_uid in line]


def killed(container_status: dict) -> dict | None:
    """How it ended, whether or not it was started again."""
    for state in (container_status.get("lastState", {}), container_status.get("state", {})):
        if "terminated" in state:
            return state["terminated"]
    return None


def test_the_cluster_is_a_current_kubernetes_whose_nodes_are_ready(cluster):
    version = json.loads(cluster.run("version", "-o", "json"))["serverVersion"]
    assert (int(version["major"]), int(re.match(r"\d+", version["minor"])[0])) >= (1, 33)
    nodes = json.loads(cluster.run("get", "nodes", "-o", "json"))["items"]
    assert nodes
    for node in nodes:
        (ready,) = (row["status"] for row in node["status"]["conditions"] if row["type"] == "Ready")
        assert ready == "True"


def test_every_image_starts_its_runtime(namespace):
    containers = [container(name, command) for name, (command, _) in IMAGES.items()]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "images"},
        "spec": {"containers": containers, "restartPolicy": "Never", "terminationGracePeriodSeconds": 0},
    }
    namespace.run("apply", "-f", "-", stdin=json.dumps(pod))
    for name, (_, expected) in IMAGES.items():
        said = namespace.until(
            f"word of {name}", lambda name=name: namespace.tried("logs", "images", "-c", name).stdout
        )
        assert said.startswith(expected)


def test_a_distroless_container_has_neither_shell_nor_tar(namespace):
    namespace.apply("distroless-sessions")
    pod = namespace.ready("app=distroless-sessions")
    for program in ("sh", "/bin/sh", "tar", "cat"):
        done = namespace.tried("exec", pod, "--", program)
        assert done.returncode != 0
        assert "no such file" in done.stderr or "not found" in done.stderr
    namespace.run("delete", "deployment", "distroless-sessions", "--wait=false")


def test_a_leaking_deployment_is_killed_at_its_limit_and_started_again(namespace, own_cluster):
    namespace.apply("hasty")

    def restarted():
        for pod in namespace.pods("app=hasty"):
            for status in pod["status"].get("containerStatuses", []):
                if status["restartCount"] >= 1 and killed(status):
                    return pod, killed(status)
        return None

    pod, ended = namespace.until("restart", restarted)
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)
    uid = pod["metadata"]["uid"]
    container_id = ended["containerID"].removeprefix("containerd://")
    lines = [line for line in kernel_lines(uid) if container_id in line]
    assert len(lines) == 1
    assert "constraint=CONSTRAINT_MEMCG" in lines[0]
    group = f"/oakum-{own_cluster}/kubepods/burstable/pod{uid}"
    # Where a pod has one container, both have one limit, and version 1 names the pod's.
    assert re.search(rf"oom_memcg={group}(/{container_id})?,", lines[0])
    assert f"task_memcg={group}/{container_id}," in lines[0]
    namespace.run("delete", "deployment", "hasty", "--wait=false")


def test_exec_logs_and_port_forward_reach_a_pod(namespace, steady):
    assert namespace.run("exec", steady, "--", "sh", "-c", "echo $((6 * 7))") == "42\n"
    with forwarded(namespace, steady, 8000) as url:
        assert urllib.request.urlopen(f"{url}asked", timeout=10).read() == b"steady\n"
    namespace.until("line in its log", lambda: "/asked" in namespace.run("logs", steady))


def test_an_ephemeral_container_sees_the_processes_of_its_target(namespace, steady):
    look = "import os; print(open('/proc/1/cmdline').read().split(chr(0))[-2], os.getpid() > 1)"
    options = ["--image=oakum.lab/python:1", "--image-pull-policy=Never", "--target=app", "--container=look", "--quiet"]
    namespace.run("debug", steady, "--profile=general", *options, "--", "python3", "-c", look)
    said = namespace.until("word of it", lambda: namespace.tried("logs", steady, "-c", "look").stdout)
    assert said == "/app/steady.py True\n"
    pod = namespace.get("pods", steady)
    assert [one["name"] for one in pod["spec"]["ephemeralContainers"]] == ["look"]


def test_a_limit_is_raised_in_place_without_a_restart(namespace, steady):
    resources = {"name": "app", "resources": {"limits": {"memory": "112Mi"}}}
    patch = json.dumps({"spec": {"containers": [resources]}})
    namespace.run("patch", "pod", steady, "--subresource=resize", "--patch", patch)

    def resized():
        (status,) = namespace.get("pods", steady)["status"]["containerStatuses"]
        return status if status["resources"]["limits"]["memory"] == "112Mi" else None

    assert namespace.until("answer to the resize", resized)["restartCount"] == 0


def test_a_pod_reaches_the_api_server_as_its_own_service_account(namespace, steady):
    program = (
        "import json, os, ssl, urllib.request as u\n"
        "home = '/var/run/secrets/kubernetes.io/serviceaccount/'\n"
        "context = ssl.create_default_context(cafile=home + 'ca.crt')\n"
        "url = f\"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}\"\n"
        "body = json.dumps({'apiVersion': 'authentication.k8s.io/v1', 'kind': 'SelfSubjectReview'}).encode()\n"
        "head = {'Authorization': 'Bearer ' + open(home + 'token').read(), 'Content-Type': 'application/json'}\n"
        "asked = u.Request(url + '/apis/authentication.k8s.io/v1/selfsubjectreviews', body, head)\n"
        "print(json.load(u.urlopen(asked, context=context))['status']['userInfo']['username'])\n"
    )
    said = namespace.run("exec", steady, "--", "python3", "-c", program)
    assert said.strip() == f"system:serviceaccount:{namespace.namespace}:default"
