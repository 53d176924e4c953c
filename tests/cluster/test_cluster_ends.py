"""A cluster ends whole: by Ctrl-C, and after a crash of who started it. One of its own, without a node."""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.cluster.cluster import Cluster
from lab.cluster.place import Place

pytestmark = pytest.mark.cluster

PLACE = Place("ends")
MAIN = [sys.executable, "-m", "lab.cluster"]
ROOT = Path(__file__).parents[2]


@contextmanager
def running(own_cluster):
    """``python -m lab.cluster run``, with a command that has said that it runs."""
    environment = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    command = [*MAIN, "run", "--control-plane", "--name", PLACE.name, "--", "sh", "-c", "echo up; sleep 600"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            said = list(itertools.takewhile(lambda line: line != "up\n", process.stdout))
            assert said[-1].startswith("kube-scheduler is ready"), said
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def traces() -> list[str]:
    """Whatever a cluster of this name leaves on the machine beside its folder."""
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    rules = subprocess.run(["iptables", "-t", "nat", "-S"], capture_output=True, text=True, check=True).stdout
    mounts = Path("/proc/mounts").read_text()
    groups = [str(path) for path in Path("/sys/fs/cgroup").rglob(f"oakum-{PLACE.name}*")]
    found = re.findall(rf"\b{PLACE.bridge}\b|{PLACE.folder}/\S*", links + rules + mounts)
    return [*groups, *found, *map(str, Cluster(PLACE).running())]


@pytest.fixture
def nothing_left():
    yield
    subprocess.run([*MAIN, "stop", "--name", PLACE.name], cwd=ROOT, check=True)


def test_a_cluster_whose_starter_crashed_is_ended_by_the_next_start_and_that_one_by_ctrl_c(own_cluster, nothing_left):
    with running(own_cluster) as process:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    left = Cluster(PLACE).running()
    assert [one.name for one in left] == ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]
    with running(own_cluster) as process:
        assert not any(one.alive() for one in left)
        assert len(Cluster(PLACE).running()) == len(left)
        second = subprocess.run(
            [*MAIN, "stop", "--name", PLACE.name], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert second.returncode == 2
        assert "is in use" in second.stderr
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 130
    assert traces() == []
