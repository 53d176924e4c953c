"""Two looks at a cluster of our own: what changed is told by its workloads, whatever their pods are called."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from clusters import fake_cluster
from test_contract_cluster_scan import MIB, Shop, killed

from oakum.loop.scan_kept import Comparing, Wish, on_record
from oakum.model.policy import Policy
from oakum.model.source import parse_source
from oakum.store import open_store
from oakum.store.place import FilePlace


@pytest.fixture
def shop(tmp_path):
    with fake_cluster(tmp_path) as world:
        yield Shop(world)


@pytest.fixture
def recorded(tmp_path):
    """What is said of a scan of a context; it is kept as ``keep_as``."""

    def told(found, context="", **wish):
        comparing = Comparing.of([parse_source(f"kube://{context}")], host="h", policy=Policy(), wish=Wish(**wish))
        answer, failed = on_record(found, comparing, lambda: open_store(FilePlace(tmp_path / "oakum.db"), blobs=""))
        assert failed is None
        return answer.since

    return told


def changes(since):
    return [(change.name.value, change.id) for change in since.changes]


def earlier(found, days):
    """As if it had been made so many days ago."""
    window = replace(
        found.window, start_s=found.window.start_s - days * 86_400, end_s=found.window.end_s - days * 86_400
    )
    return replace(found, generated_at_s=found.generated_at_s - days * 86_400, window=window)


def test_a_rollout_is_no_change_and_a_kill_since_then_is_one(shop, recorded):
    shop.deployment("calm")
    shop.deployment("leaky", restartCount=1, lastState=killed(3 * 86_400))
    shop.deployment("over")
    recorded(earlier(shop.scanned(), 1), keep_as="nightly")
    assert changes(recorded(shop.scanned(), diff=True)) == []
    # New pods with new names; one was killed an hour ago; one workload is no longer there, another one came.
    for name in ("calm-5d9-0", "leaky-5d9-0", "over-5d9-0"):
        del shop.state.objects["pods", "shop", name]
    shop.deployment("new")
    labels = {"app": "leaky", "pod-template-hash": "5d9"}
    below = [row for (kind, _, _), row in shop.state.objects.items() if kind == "replicasets"]
    owners = {row["metadata"]["name"]: row for row in below}
    for name, status in (("calm", {}), ("leaky", {"restartCount": 1, "lastState": killed(3600)})):
        meta = owners[f"{name}-5d9"]["metadata"]
        owner = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "name": meta["name"],
            "uid": meta["uid"],
            "controller": True,
        }
        shop.pod(f"{name}-5d9-next", labels={**labels, "app": name}, owner=owner, **status)
        shop.uses(f"{name}-5d9-next", "one", 40 * MIB)
    since = recorded(shop.scanned(), diff=True)
    assert changes(since) == [
        ("killed", "deploy/shop/leaky/app"),
        ("appeared", "deploy/shop/new/app"),
        ("gone", "deploy/shop/over/app"),
    ]
    assert since.changes[0].now.last_kill_s == pytest.approx(time.time() - 3600, abs=60)
    assert since.source.startswith("kube http"), "its server, not the name of a context"


def test_another_name_of_the_same_cluster_is_the_same_source_and_a_part_of_it_is_not(shop, recorded):
    shop.deployment("calm")
    recorded(shop.scanned(), "prod", keep_as="nightly")
    assert changes(recorded(shop.scanned(), "", diff=True)) == []
    comparing = Comparing.of(
        [parse_source("kube://")], namespaces=["shop"], host="h", policy=Policy(), wish=Wish(diff=True)
    )
    assert comparing.origin_of(shop.scanned()).endswith(" -n shop")


def test_a_node_that_is_silent_makes_nothing_gone(shop, recorded):
    shop.deployment("calm")
    shop.deployment("over")
    recorded(shop.scanned(), keep_as="nightly")
    del shop.state.objects["pods", "shop", "over-5d9-0"]
    assert changes(recorded(shop.scanned(), diff=True)) == [("gone", "deploy/shop/over/app")]
    shop.state.stats.pop("one")
    found = shop.scanned()
    since = recorded(found, diff=True)
    assert found.partial
    assert changes(since) == []
    assert since.notes == ("nothing is called gone: this scan is partial",)
