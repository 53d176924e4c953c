"""The contract of the port Cluster, on a real API server: that of KUBECONFIG."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests" / "fakes"), str(ROOT / "tests" / "contract")]

import test_contract_cluster as contract  # noqa: E402  (the path is set just above)
from clusters import real_cluster  # noqa: E402
from test_contract_cluster import *  # noqa: E402, F403  (every test of it)

pytestmark = [pytest.mark.anyio, pytest.mark.cluster]

KILLS = "test_nothing_is_lost_or_doubled_when_the_api_server_is_killed_and_comes_back"


def component(verb: str) -> None:
    """The lab's API server is killed, or started again."""
    subprocess.run([sys.executable, "-m", "lab.cluster", verb, "kube-apiserver"], cwd=ROOT, check=True, timeout=90)


def resume(kubeconfig: Path) -> None:
    component("resume")
    ready = ["kubectl", "--kubeconfig", str(kubeconfig), "get", "--raw", "/readyz"]
    until_s = time.monotonic() + 90
    while subprocess.run(ready, capture_output=True, check=False, timeout=30).returncode:
        assert time.monotonic() < until_s, "the API server does not come back"
        time.sleep(0.1)


@pytest.fixture
def world(request):
    named = os.environ.get("KUBECONFIG")
    if not named:
        pytest.skip("no KUBECONFIG; make lab-cluster sets it")
    if request.function.__name__ == KILLS and not os.environ.get("OAKUM_LAB_CLUSTER"):
        pytest.skip("this cluster is not the lab's own: its API server is not killed")
    made = real_cluster(Path(named), lambda: component("end"), lambda: resume(Path(named)))
    yield made
    made.ask("DELETE", f"/api/v1/namespaces/{made.namespace}", {})


def test_every_test_of_the_contract_is_here():
    wanted = {name for name in dir(contract) if name.startswith("test_")}
    assert wanted <= set(globals())
