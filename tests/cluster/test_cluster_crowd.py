"""Pods on nodes that do not exist."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from kubectl import Kubectl

from lab.cluster import crowd

pytestmark = pytest.mark.cluster

PODS = 2 * crowd.PODS_PER_DEPLOYMENT
ROOT = Path(__file__).parents[2]
OAKUM = Path(sys.executable).with_name("oakum")


@pytest.fixture
def crowded(cluster, own_cluster):
    command = [sys.executable, "-m", "lab.cluster", "crowd", "--name", own_cluster, str(PODS)]
    subprocess.run(command, cwd=ROOT, check=True)
    yield Kubectl(crowd.NAMESPACE)
    cluster.run("delete", "namespace", crowd.NAMESPACE, "--wait=false")


def test_a_crowd_runs_on_nodes_that_do_not_exist_whose_kubelets_tell_and_some_of_it_is_killed_now_and_then(crowded):
    pods = json.loads(crowded.run("get", "pods", "-o", "json"))["items"]
    assert len(pods) == PODS
    assert {pod["status"]["phase"] for pod in pods} == {"Running"}
    assert {pod["spec"]["nodeName"] for pod in pods} == {"fake-0"}
    command = [OAKUM, "scan", "kube://", "--namespace", crowd.NAMESPACE, "-o", "json"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert {row["id"].split("/")[2]: row["replicas"]["pods"] for row in told["series"]} == {
        "service-0": crowd.PODS_PER_DEPLOYMENT,
        "service-1": crowd.PODS_PER_DEPLOYMENT,
    }
    assert all(row["level"] > 0 for row in told["series"]), told["absent"]
    doomed = [pod for pod in pods if pod["metadata"]["labels"].get("oakum.lab/ends") == "killed"]
    assert len(doomed) == crowd.PODS_PER_DEPLOYMENT
