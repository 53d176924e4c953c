"""Which workload a pod belongs to."""

from __future__ import annotations

import pytest

from oakum.kube.decode.pod import pod
from oakum.kube.decode.workload import workload
from oakum.sense.owners import Owners


def owner(kind, name, uid):
    return {"kind": kind, "name": name, "uid": uid, "controller": True}


def made(*owners, labels=None):
    meta = {"namespace": "shop", "name": "cart-5d9-x", "uid": "p", "ownerReferences": list(owners)}
    return pod({"metadata": {**meta, "labels": labels or {}}})


def between(kind, name, uid, *owners):
    return workload(
        kind, {"metadata": {"namespace": "shop", "name": name, "uid": uid, "ownerReferences": list(owners)}}
    )


BELOW = (
    between("replicaset", "cart-5d9", "r", owner("Deployment", "cart", "d")),
    between("replicaset", "canary-77c", "a", owner("Rollout", "canary", "o")),
    between("replicaset", "alone-1", "s"),
    between("job", "nightly-291", "j", owner("CronJob", "nightly", "c")),
)


@pytest.mark.parametrize(
    ("found", "title"),
    [
        (made(owner("ReplicaSet", "cart-5d9", "r")), "deploy/shop/cart"),
        (made(owner("ReplicaSet", "canary-77c", "a")), "rollout/shop/canary"),
        (made(owner("ReplicaSet", "alone-1", "s"), labels={"pod-template-hash": "1"}), "replicaset/shop/alone-1"),
        (made(owner("Job", "nightly-291", "j")), "cronjob/shop/nightly"),
        (made(owner("StatefulSet", "hub", "h")), "sts/shop/hub"),
        (made(owner("DaemonSet", "agent", "g")), "ds/shop/agent"),
        (made(owner("Node", "lab", "n")), "pod/shop/cart-5d9-x"),
        (made(), "pod/shop/cart-5d9-x"),
    ],
)
def test_a_pod_is_followed_to_the_top_of_its_owners(found, title):
    assert Owners(BELOW).top(found).title == title


def test_of_a_replicaset_that_nobody_listed_its_pods_label_tells_the_deployment():
    labels = {"pod-template-hash": "8f4"}
    assert Owners(BELOW).top(made(owner("ReplicaSet", "big-cart-8f4", "new"), labels=labels)).title == (
        "deploy/shop/big-cart"
    )
    assert Owners().top(made(owner("ReplicaSet", "odd", "new"), labels=labels)).title == "replicaset/shop/odd"
    assert Owners().top(made(owner("ReplicaSet", "odd", "new"))).title == "replicaset/shop/odd"
