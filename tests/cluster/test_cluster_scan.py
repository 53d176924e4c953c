"""``oakum scan kube://`` on a real cluster: what is used, and each kill once while its API server is killed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from kubectl import Kubectl
from planted import kernel_kills, pod_of

from oakum import wiring
from oakum.loop.progress import Silent
from oakum.loop.scan_cluster import ClusterScan, scan_cluster
from oakum.model.source import ClusterSource

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]
OAKUM = Path(sys.executable).with_name("oakum")
WATCH_S = 25.0


@pytest.fixture(scope="module")
def shop(namespace):
    """A crash loop, and one that is well."""
    found = Kubectl(f"{namespace.namespace}-scan")
    namespace.run("create", "namespace", found.namespace)
    for name in ("hasty", "steady"):
        found.apply(name)
    yield found
    namespace.run("delete", "namespace", found.namespace, "--wait=false")


def test_one_look_tells_what_containers_use_and_what_was_killed(shop):
    shop.ready("app=steady")
    shop.until("a kill and a restart", lambda: any(restarts(shop)))

    def looked():
        command = [OAKUM, "scan", "kube://", "--namespace", shop.namespace, "-o", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        # A kubelet knows of a container what it measured last: of a new one nothing yet.
        return told if told["series"][-1]["level"] else None

    hasty, steady = shop.until("what is used", looked)["series"]
    assert hasty["id"] == f"deploy/{shop.namespace}/hasty/app"
    # The cluster keeps the last end, and that of a run which is not yet followed by another.
    assert hasty["oom_kills"] in {1, 2}
    assert hasty["replicas"]["restarts"] >= 1
    assert (steady["id"], steady["replicas"]["running"]) == (f"deploy/{shop.namespace}/steady/app", 1)
    assert 0 < steady["level"] < steady["limit"]


def restarts(shop):
    statuses = [pod["status"].get("containerStatuses", []) for pod in shop.pods("app=hasty")]
    return [status["restartCount"] for each in statuses for status in each]


class Crashes(Silent):
    """Once a kill is known, the API server is killed, and comes back when the kernel has killed once more."""

    def __init__(self, pod):
        self.pod, self.thread = pod, None

    def standing(self, text):
        if self.thread is None and re.search(r", [1-9]\d* kills for memory known", text):
            self.thread = threading.Thread(target=self.crash)
            self.thread.start()

    def crash(self):
        component("end")
        before, until_s = len(kernel_kills(self.pod)), time.monotonic() + 30
        while len(kernel_kills(self.pod)) == before and time.monotonic() < until_s:
            time.sleep(0.2)
        component("resume")


def component(verb):
    subprocess.run([sys.executable, "-m", "lab.cluster", verb, "kube-apiserver"], cwd=ROOT, check=True, timeout=90)


def test_each_kill_of_the_kernel_is_told_once_though_the_api_server_is_killed_meanwhile(own_cluster, shop):
    pod = pod_of(shop, "hasty")
    crashes = Crashes(pod)
    found = scan_cluster(
        ClusterSource(),
        cluster=wiring.cluster(None),
        clock=wiring.machine().clock,
        settings=ClusterScan(WATCH_S, shop.namespace),
        progress=crashes,
    )
    kernel = len(kernel_kills(pod))
    assert crashes.thread is not None
    crashes.thread.join()
    told = found.replicas[f"deploy/{shop.namespace}/hasty/app"]
    unseen = sum(int(absent.what.split()[1]) for absent in found.absent if "earlier runs ended" in absent.what)
    assert told.kills >= 3
    # The last end may be told with its restart still to come, and the kernel's last kill may not be told yet.
    assert told.kills + unseen - told.restarts in {0, 1}
    assert kernel - told.kills - unseen in {0, 1}
