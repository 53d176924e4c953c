"""``oakum investigate deploy/…`` from a machine that is not the node: by exec, and by an ephemeral container.

Both workloads are looked at side by side, once for all tests.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from planted import EXPECTED, pod_of

pytestmark = pytest.mark.cluster

OAKUM = Path(sys.executable).with_name("oakum")
WATCH = "12s"
WAYS = {
    "python-sessions": ("--exec",),
    "distroless-sessions": ("--no-exec", "--image", "oakum.lab/python:1"),
}


def elsewhere(command):
    """Where this machine is the node, no pod's cgroup is seen: so it is another one for all that Oakum knows."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return command
    hides = 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"'
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", hides, "sh", *command]


@pytest.fixture(scope="module")
def looked(namespace):
    for name in WAYS:
        namespace.apply(name)
    running = {}
    for name, options in WAYS.items():
        namespace.ready(f"app={name}")
        command = [OAKUM, "investigate", f"deploy/{namespace.namespace}/{name}", "--for", WATCH, "-o", "json", *options]
        running[name] = subprocess.Popen(elsewhere(command), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    told = {}
    for name, process in running.items():
        out, err = process.communicate(timeout=150)
        assert out, err
        told[name] = json.loads(out)
    yield told
    for name in WAYS:
        namespace.run("delete", "deployment", name, "--wait=false", "--grace-period=0", "--force")


@pytest.mark.parametrize("name", WAYS)
def test_the_holder_is_named_as_on_the_node_and_what_crossed_is_told(looked, name):
    row, told = EXPECTED[name], looked[name]
    assert told["verdict"]["verdict"] == row["verdict"], (told["verdict"]["reasons"], told["absent"])
    assert row["holder"][0] in told["causes"][0]["holder"]
    assert "sessions.py" in told["causes"][0]["where"]
    (carried,) = [each["facts"] for each in told["evidence"] if each["id"] == "transport"]
    assert carried["transport"] == ("exec" if "--exec" in WAYS[name] else "ephemeral container")
    assert carried["unpacked_bytes"] >= carried["received_bytes"] // 2 > 1 << 20
    (price,) = [each["facts"] for each in told["evidence"] if each["id"] == "preflight"]
    assert price["bytes_to_read"] / price["carried_bytes_per_s"] == pytest.approx(price["takes_s"])
    assert "/kubepods" not in json.dumps(told["plan"])


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
