"""Two clusters in one server: what has one name in both is kept apart, or it is said that it cannot be."""

from __future__ import annotations

import re

import numpy as np
import pytest

from oakum.loop.progress import Silent
from oakum.loop.scan_prometheus import HistorySettings, scan_prometheus
from oakum.model.errors import CallerError, TooMuchError
from oakum.model.metrics import About, Asked, Samples
from oakum.model.policy import Policy
from oakum.model.verdict import VerdictName

END_S = 1_700_006_400.0
STEP_S = 60.0
TIMES = np.arange(END_S - 12 * 3600, END_S + 1, STEP_S)
MIB = float(1 << 20)


class Memory:
    """A ``MetricsServer`` of series that it holds: ``rows`` of (labels with __name__, samples)."""

    place = "memory"

    def __init__(self, rows, *, every_s=STEP_S, refused=()):
        self.rows, self.asked, self.every_s, self.refused = rows, Asked(), every_s, refused

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None

    async def about(self):
        return About("Prometheus", "2.0")

    async def metadata(self, _):
        return "gauge"

    def _found(self, text):
        name, inside = re.search(r"([a-z_]*)\{(.*)\}", text).groups() if "{" in text else (text, "")
        wanted = re.findall(r'(\w+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"', inside)
        if name in self.refused and not any(how == "=" for label, how, _ in wanted if label.endswith("namespace")):
            raise TooMuchError("too many time series", why="search.maxSeries")
        for labels, value in self.rows:
            if name in {"", labels["__name__"]} and all(self._has(labels, *each) for each in wanted):
                yield labels, value

    def _has(self, labels, label, how, value):
        text = value.replace('\\"', '"').replace("\\\\", "\\")
        same = labels.get(label, "") == text if "~" not in how else bool(re.fullmatch(text, labels.get(label, "")))
        return same != how.startswith("!")

    async def instant(self, query, at_s):
        at = np.arange(at_s - 1800, at_s + 1, self.every_s)
        return tuple(Samples(labels, at, np.ones(at.size)) for labels, _ in self._found(query))

    async def over(self, query, span):
        at = span.start_s + span.step_s * np.arange(span.points)
        return tuple(Samples(labels, at, np.interp(at, TIMES, value)) for labels, value in self._found(query))

    async def last(self, selected, span):
        found = await self.over(str(selected), span)
        return tuple(each for each in found if selected.only is None or (each.value == selected.only).all())

    async def series(self, matchers, _):
        return tuple(labels for text in matchers for labels, _ in self._found(text))

    async def label_names(self, matchers, _):
        return tuple({name for text in matchers for labels, _ in self._found(text) for name in labels})

    async def label_values(self, label, matchers, _):
        found = {labels[label] for text in matchers for labels, _ in self._found(text) if label in labels}
        return tuple(sorted(found))


def row(metric, value, **labels):
    return {"__name__": metric, **labels}, np.broadcast_to(np.asarray(value, dtype=float), TIMES.shape)


def clusters(label, *, state=True):
    """db/pg-0 of eu, which leaks, and of us, which does not; with limits and owners."""
    found = []
    for name, value in (("eu", np.linspace(1, 900, TIMES.size) * MIB), ("us", 5 * MIB)):
        where = {label: name, "namespace": "db", "pod": "pg-0"}
        memory = {**where, "container": "app", "id": f"/kubepods/{name}", "job": "kubelet"}
        told = {**where, "job": "ksm"} if state else {"namespace": "db", "pod": "pg-0", "job": "ksm"}
        found += [
            row("container_memory_rss", value, **memory),
            row("kube_pod_container_resource_limits", 1024 * MIB, **told, container="app", resource="memory"),
            row("kube_pod_owner", 1, **told, owner_kind="StatefulSet", owner_name="pg"),
        ]
    return found


def scan(server, **settings):
    given = HistorySettings.of(**{"window_s": 12 * 3600, "at": str(END_S), **settings})
    return scan_prometheus("memory", server, settings=given, policy=Policy(), now_s=END_S, progress=Silent())


def told(found):
    return {series.id: verdict.name for series, verdict in found.rows}


@pytest.mark.parametrize("label", ["cluster", "kubernetes_cluster", "clusterID", "prometheus"])
def test_a_leak_of_one_cluster_is_seen_beside_the_pod_of_the_same_name_in_another(label):
    found = scan(Memory(clusters(label)))
    assert set(told(found)) == {"sts/db/pg/app@eu", "sts/db/pg/app@us"}
    assert told(found)["sts/db/pg/app@eu"] is VerdictName.LEAK
    assert {verdict.limit for _, verdict in found.rows} == {1024 * MIB}


def test_clusters_that_no_known_label_tells_apart_are_skipped_with_the_label_that_does():
    found = scan(Memory(clusters("region")))
    assert found.rows == ()
    (skipped,) = found.skipped
    assert skipped.id == "sts/db/pg/app"
    assert "--label region=" in skipped.why


def test_a_label_that_state_metrics_have_narrows_them_too_and_one_of_the_scrape_does_not():
    rows = clusters("region")
    rows.append(row("kube_pod_owner", 1, region="us", namespace="db", pod="pg-0", owner_kind="Job", owner_name="other"))
    found = scan(Memory(rows), labels=["region=eu", "job=kubelet"])
    assert told(found) == {"sts/db/pg/app": VerdictName.LEAK}
    assert found.rows[0][1].limit == 1024 * MIB


def test_state_metrics_that_do_not_tell_clusters_apart_are_said_to_be_of_no_use():
    found = scan(Memory(clusters("cluster", state=False)))
    assert told(found)["pod/db/pg-0/app@eu"] is VerdictName.LEAK
    assert any("clusters apart by cluster" in absent.why for absent in found.absent)


def test_owners_that_are_too_many_at_once_are_asked_for_by_namespace():
    other = {"cluster": "eu", "namespace": "shop", "pod": "cart-0", "container": "app", "id": "/kubepods/cart"}
    rows = [*clusters("cluster"), row("container_memory_rss", MIB, **other)]
    found = scan(Memory(rows, refused=["kube_pod_owner"]))
    assert {"sts/db/pg/app@eu", "pod/shop/cart-0/app@eu"} <= set(told(found))
    assert "workloads" not in {absent.what for absent in found.absent}


def test_owners_that_are_refused_even_so_are_absent_and_the_scan_goes_on():
    class Refusing(Memory):
        async def series(self, matchers, span):
            if matchers[0].startswith("kube_pod_owner"):
                raise TooMuchError("too many time series", why="search.maxSeries")
            return await super().series(matchers, span)

    found = scan(Refusing(clusters("cluster")))
    assert told(found)["pod/db/pg-0/app@eu"] is VerdictName.LEAK
    assert [absent.what for absent in found.absent if "kube_pod_owner" in absent.why] == ["workloads"]
    assert found.partial
    assert not scan(Memory(clusters("cluster"))).partial


def test_what_cannot_be_told_apart_is_told_with_its_pod():
    cart = {"namespace": "shop", "pod": "cart-5d8f7c9b4-x2x9z", "container": "app"}
    rows = [row("container_memory_rss", MIB, **cart, id=f"/kubepods/{name}", region=name) for name in ("eu", "us")]
    (skipped,) = scan(Memory(rows)).skipped
    assert (skipped.id, skipped.labels) == ("pod/shop/cart-5d8f7c9b4-x2x9z/app", {"pod": "cart-5d8f7c9b4-x2x9z"})


def test_a_server_in_a_cluster_is_known_by_its_api_server():
    memory = Memory(clusters("cluster"))
    assert scan(memory).origin == ""
    memory.asked.through = "https://10.0.0.1:6443"
    assert scan(memory).origin == "kube https://10.0.0.1:6443"


def test_a_window_that_holds_too_few_scrapes_is_refused_with_the_least_one():
    with pytest.raises(CallerError) as refused:
        scan(Memory(clusters("cluster"), every_s=300.0), window_s=120.0)
    assert "40min" in refused.value.next_step
