"""``oakum scan kube://`` where kubelets may not be asked: metrics.k8s.io tells working sets, and it is said so."""

from __future__ import annotations

import time

import pytest
from test_contract_cluster_scan import MIB, Once, busy, ids, reasons, shop, started

from oakum.explain.fleet import NO_ANON
from oakum.model.absent import AbsentKind
from oakum.model.series import Metric

__all__ = ["busy", "shop"]


def stamp(ago_s=0.0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - ago_s))


def metrics(*pods, at=None, namespace="shop"):
    """As metrics-server tells them: in Ki, and without a uid."""
    return [
        {
            "metadata": {"name": name, "namespace": namespace},
            "timestamp": at or stamp(),
            "window": "15s",
            "containers": [{"name": "app", "usage": {"cpu": "3m", "memory": f"{size // 1024}Ki"}}],
        }
        for name, size in pods
    ]


@pytest.fixture
def deaf(busy):
    """Its kubelets may not be asked."""
    busy.state.forbidden.add(("get", "nodes/proxy"))
    busy.state.metrics = metrics(("full-5d9-1", 230 * MIB), ("calm-5d9-0", 40 * MIB))
    return busy


def row(found, name):
    return next(series for series, _ in found.rows if series.id == name)


def about(found, words):
    return [absent for absent in found.absent if words in absent.what]


def test_working_sets_are_told_in_the_place_of_kubelets_and_called_by_their_name(deaf):
    found = deaf.scanned()
    assert ids(found)[:2] == ["deploy/shop/leaky/app", "deploy/shop/full/app"]
    full = row(found, "deploy/shop/full/app")
    assert (full.metric, full.lifetimes[0].value[0]) == (Metric.WORKING_SET, 230 * MIB)
    assert NO_ANON in reasons(found, "deploy/shop/full/app")
    (told,) = about(found, "anonymous memory of containers on 2 of 2 nodes")
    assert (told.kind, "hold page cache too" in told.why) == (AbsentKind.NOT_PERMITTED, True)
    assert not about(found, "what containers use")
    assert not found.partial


@pytest.mark.parametrize(
    ("served", "kind"), [(None, AbsentKind.NOT_APPLICABLE), ("forbidden", AbsentKind.NOT_PERMITTED)]
)
def test_a_cluster_without_it_says_why_and_what_would_get_it(deaf, served, kind):
    deaf.state.metrics = None
    if served:
        deaf.state.forbidden.add(("list", "pods.metrics.k8s.io"))
    found = deaf.scanned()
    (why,) = about(found, "by metrics.k8s.io")
    assert (why.kind, bool(why.get)) == (kind, True)
    assert len(about(found, "what containers use")) == 1


def test_it_is_not_asked_where_kubelets_tell(busy):
    busy.state.metrics = metrics(("full-5d9-1", 230 * MIB))
    found = busy.scanned()
    assert row(found, "deploy/shop/full/app").metric is Metric.RSS
    assert not [line for line in busy.state.asked if "metrics.k8s.io" in line]


def test_what_was_measured_before_a_container_began_is_not_its_own(deaf):
    deaf.deployment("young", state=started(5.0))
    deaf.state.metrics = metrics(("young-5d9-0", 200 * MIB), at=stamp(60))
    series = row(deaf.scanned(), "deploy/shop/young/app")
    assert not series.samples


def test_a_watch_judges_working_sets_and_says_who_told_them(deaf, monkeypatch):
    monkeypatch.setattr("oakum.loop.scan_cluster.ASKED_EVERY_S", 0.2)
    deaf.state.metrics = metrics(("calm-5d9-0", 40 * MIB), at=stamp(30))

    def later():
        deaf.state.metrics = metrics(("calm-5d9-0", 41 * MIB), at=stamp(15))

    series = row(deaf.scanned(watch_s=3.0, progress=Once(later)), "deploy/shop/calm/app")
    assert (series.metric, list(series.lifetimes[0].value)) == (Metric.WORKING_SET, [40 * MIB, 41 * MIB])
    asked = [line for line in deaf.state.asked if "/stats/summary" in line]
    assert len(asked) == 2
