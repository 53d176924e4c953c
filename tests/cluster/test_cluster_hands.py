"""The contract of the port ClusterHands, on a real API server: that of KUBECONFIG; and what a kubelet makes of it."""

from __future__ import annotations

import os
import sys
import urllib.error
from contextlib import suppress
from pathlib import Path

import anyio
import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests" / "fakes"), str(ROOT / "tests" / "contract")]

import test_contract_cluster_hands as contract  # noqa: E402  (the path is set just above)
from clusters import real_cluster  # noqa: E402
from test_contract_cluster_hands import *  # noqa: E402, F403  (every test of it)

from oakum.kube import cluster as open_cluster  # noqa: E402

pytestmark = [pytest.mark.anyio, pytest.mark.cluster]


@pytest.fixture
def world():
    named = os.environ.get("KUBECONFIG")
    if not named:
        pytest.skip("no KUBECONFIG; make lab-cluster sets it")
    made = real_cluster(Path(named), lambda: None, lambda: None)
    yield made
    made.ask("DELETE", f"/api/v1/namespaces/{made.namespace}", {})
    with suppress(urllib.error.HTTPError):
        made.ask("DELETE", f"/api/v1/nodes/{made.namespace}", {})


def test_every_test_of_the_contract_is_here():
    wanted = {name for name in dir(contract) if name.startswith("test_")}
    assert wanted <= set(globals())


async def test_a_kubelet_gives_a_running_container_its_new_limit_without_a_restart(namespace, steady):
    async with open_cluster(environment=dict(os.environ), home=Path.home()) as cluster:
        seen = await cluster.pod(namespace.namespace, steady)
        (app,) = seen.containers
        done = await cluster.hands.resize(seen, app.name, limit_bytes=app.limit_bytes + (16 << 20))
        with anyio.fail_after(60):
            while True:
                pod = await cluster.pod(namespace.namespace, steady)
                (now,) = pod.containers
                if now.actual_limit_bytes == app.limit_bytes + (16 << 20):
                    break
                await anyio.sleep(0.5)
        assert (now.restarts, now.container_id) == (app.restarts, app.container_id)
        back = await cluster.hands.resize(pod, app.name, limit_bytes=done.before["limit_bytes"])
    assert back.did
