"""A real Kubernetes, by KUBECONFIG: the lab's own (``make lab-cluster``) or the user's. See docs/lab-cluster.md."""

from __future__ import annotations

import os
import shutil
import sys
import uuid
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from kubectl import Kubectl  # noqa: E402
from planted import ROWS  # noqa: E402
from scraped import begun  # noqa: E402

SCRAPED = "test_cluster_prometheus.py"


@pytest.fixture(scope="session")
def cluster():
    if not os.environ.get("KUBECONFIG"):
        pytest.skip("no KUBECONFIG; make lab-cluster sets it")
    found = Kubectl("default")
    found.run("get", "--raw", "/readyz")
    return found


@pytest.fixture(scope="session")
def namespace(cluster):
    """One for all tests of a run, gone with all that is in it."""
    name = f"oakum-test-{uuid.uuid4().hex[:8]}"
    cluster.run("create", "namespace", name)
    found = Kubectl(name)
    found.until("service account", lambda: found.get("serviceaccounts", "default"))
    yield found
    cluster.run("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="session")
def own_cluster():
    """The name of the lab's cluster, where this machine is its node."""
    name = os.environ.get("OAKUM_LAB_CLUSTER")
    if not name:
        pytest.skip("the node is not this machine")
    return name


@pytest.fixture(scope="session")
def steady(namespace):
    """A pod that answers HTTP and leaks nothing; shared by all who only ask it."""
    namespace.apply("steady")
    return namespace.ready("app=steady")


@pytest.fixture(scope="session")
def scraped(own_cluster, namespace, tmp_path_factory):
    """What a Prometheus scrapes, from the first test of a run on."""
    with begun(namespace, own_cluster, tmp_path_factory.mktemp("scraped")) as found:
        yield found


@pytest.fixture(scope="session", autouse=True)
def scraping_begins(request):
    """Its tests come last: their samples gather meanwhile."""
    known = os.environ.get("KUBECONFIG") and os.environ.get("OAKUM_LAB_CLUSTER") and shutil.which("prometheus")
    if known and any(item.path.name == SCRAPED for item in request.session.items):
        request.getfixturevalue("scraped")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name == SCRAPED)


def pytest_terminal_summary(terminalreporter, config):
    rows = config.stash.get(ROWS, [])
    if rows:
        head = ("workload", "verdict", "OOM verdict", "at the limit of", "cause", "as planted", "s")
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        terminalreporter.section("planted workloads, as oakum investigate told of them")
        for row in (head, *rows):
            terminalreporter.write_line("  ".join(map(str.ljust, row, widths)).rstrip())
