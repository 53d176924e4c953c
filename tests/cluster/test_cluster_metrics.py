"""``oakum scan kube://`` by who may not ask kubelets, on a real API server that serves metrics.k8s.io.

The lab has no metrics-server: a resource of that very group and name stands for it, and holds what one would tell.
"""

from __future__ import annotations

import json
import time

import pytest
from kubectl import Kubectl
from test_cluster_roles import Account

from oakum.explain.fleet import NO_ANON
from oakum.model.rights import Capability

pytestmark = pytest.mark.cluster

GROUP, MIB = "metrics.k8s.io", 1 << 20
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {
        "name": f"pods.{GROUP}",
        "annotations": {"api-approved.kubernetes.io": "unapproved, for a test alone"},
    },
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": "pods", "kind": "PodMetrics"},
        "versions": [
            {
                "name": "v1beta1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


@pytest.fixture(scope="module")
def shop(namespace):
    found = Kubectl(f"{namespace.namespace}-metrics")
    namespace.run("create", "namespace", found.namespace)
    found.apply("steady")
    yield found
    namespace.run("delete", "namespace", found.namespace, "--wait=false")


@pytest.fixture(scope="module")
def account(own_cluster, shop, tmp_path_factory):
    """It may read this namespace, and so no node."""
    made = Account(shop, tmp_path_factory.mktemp("read"), Capability.READ, within=True)
    yield made
    made.remove()


@pytest.fixture
def served(shop):
    shop.run("apply", "-f", "-", stdin=json.dumps(DEFINITION))
    shop.until("the resource", lambda: shop.tried("get", f"pods.{GROUP}").returncode == 0)
    pod = shop.ready("app=steady")
    told = {
        "apiVersion": f"{GROUP}/v1beta1",
        "kind": "PodMetrics",
        "metadata": {"name": pod},
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "window": "15s",
        "containers": [{"name": "app", "usage": {"cpu": "2m", "memory": f"{84 * 1024}Ki"}}],
    }
    shop.run("apply", "-f", "-", stdin=json.dumps(told))
    yield pod
    shop.run("delete", "crd", f"pods.{GROUP}")


def scanned(account, shop):
    return account.told("scan", "kube://", "--namespace", shop.namespace)


def absent(found, words):
    return [each for each in found["absent"] if words in each["what"]]


def test_a_cluster_without_it_says_that_nothing_tells_memory_and_what_would(account, shop):
    shop.ready("app=steady")
    found = scanned(account, shop)
    (why,) = absent(found, "by metrics.k8s.io")
    assert (why["kind"], why["get"]) == ("not-applicable", "install metrics-server")
    assert absent(found, "what containers use on 1 of 1 nodes")
    assert found["series"][0]["level"] is None


def test_what_it_tells_is_a_working_set_and_is_called_so(account, shop, served):
    found = scanned(account, shop)
    (row,) = found["series"]
    assert (row["metric"], row["level"], row["labels"]["pod"]) == ("working_set", 84 * MIB, served)
    assert NO_ANON in row["reasons"]
    (why,) = absent(found, "anonymous memory of containers on 1 of 1 nodes")
    assert why["kind"] == "not-permitted"
    assert not absent(found, "what containers use")
