"""Each planted workload does what lab/cluster/workloads/expected.toml says of it, eight times as fast as it would."""

from __future__ import annotations

import json

import pytest
from kubectl import WORKLOADS
from planted import EXPECTED, ended, kernel_kills, pod_of, status_of

pytestmark = pytest.mark.cluster

HURRY = "8"
ALONE = [name for name, row in EXPECTED.items() if "manifest" not in row]
ENDING = [name for name in ALONE if "ends" in EXPECTED[name]]
KILLED_FOR_MEMORY = [name for name in ALONE if "limit" in EXPECTED[name]]


def start(namespace, manifest):
    """As it stands in the manifest, and with HURRY in its environment."""
    for path in WORKLOADS.glob(f"{manifest}.yaml"):
        hurried = namespace.run("set", "env", "--local", "-f", str(path), f"HURRY={HURRY}", "-o", "yaml")
        namespace.run("apply", "-f", "-", stdin=hurried)


@pytest.fixture(scope="module")
def workloads(namespace):
    """All that disturb nobody, at once: their tests share the wait."""
    for name in ALONE:
        start(namespace, name)
    yield namespace
    for name in ALONE:
        namespace.run("delete", "-f", str(WORKLOADS / f"{name}.yaml"), "--wait=false", "--grace-period=0", "--force")


@pytest.mark.parametrize("name", ENDING)
def test_a_container_ends_as_expected(workloads, name):
    terminated = ended(workloads, name)
    assert {"reason": terminated["reason"], "exit_code": terminated["exitCode"]} == EXPECTED[name]["ends"]


@pytest.mark.parametrize("name", KILLED_FOR_MEMORY)
def test_the_kernel_killed_at_the_limit_that_is_expected(workloads, own_cluster, name):
    pod = pod_of(workloads, name)
    kills = workloads.until(f"kill in {name}", lambda: kernel_kills(pod))
    for limit, victim in kills:
        assert limit in {victim, victim.rpartition("/")[0]}


@pytest.mark.parametrize("name", sorted(set(ALONE) - set(KILLED_FOR_MEMORY)))
def test_where_no_limit_was_met_the_kernel_killed_nothing(workloads, own_cluster, name):
    if "ends" in EXPECTED[name]:
        ended(workloads, name)
    assert kernel_kills(pod_of(workloads, name)) == []


def test_a_child_is_killed_and_the_kubelet_counts_no_restart(workloads, own_cluster):
    pod = pod_of(workloads, "child-killed")
    workloads.until("two kills of children", lambda: len(kernel_kills(pod)) >= 2)
    assert status_of(workloads, "child-killed")["restartCount"] == 0
    assert "ended by signal 9" in workloads.run("logs", pod["metadata"]["name"])


def test_the_neighbour_of_a_leaking_sidecar_is_never_ended(workloads):
    ended(workloads, "sidecar-shipper")
    (neighbour,) = (
        status
        for status in pod_of(workloads, "sidecar-shipper")["status"]["containerStatuses"]
        if status["name"] != "shipper"
    )
    assert neighbour["restartCount"] == 0


def test_the_healthy_one_is_full_and_stays(workloads):
    pod = pod_of(workloads, "healthy-full")
    name, node = pod["metadata"]["name"], pod["spec"]["nodeName"]
    workloads.until("full cache", lambda: "full with" in workloads.run("logs", name))

    def share():
        """Of the limit, as the kubelet measures it every ten seconds."""
        summary = json.loads(workloads.run("get", "--raw", f"/api/v1/nodes/{node}/proxy/stats/summary"))
        for one in summary["pods"]:
            if one["podRef"]["name"] == name and "containers" in one:
                found = one["containers"][0]["memory"]["workingSetBytes"] / (160 * 1024**2)
                return found if found > 0.8 else None
        return None

    assert 0.8 < workloads.until("figures of the kubelet", share) < 0.95
    assert status_of(workloads, "healthy-full")["restartCount"] == 0
