"""What grows is judged again with what services and nodes tell beside it: of each server of the family the same."""

from __future__ import annotations

import math

import anyio
import numpy as np
import pytest
from metric_server import Reply, error
from metric_servers import on_prometheus, on_victoria
from metric_store import MetricStore, containers

from lab.metrics.planted import MIB, World, flat, leak
from oakum.loop.progress import Silent
from oakum.loop.scan_prometheus import HistorySettings, scan_prometheus
from oakum.model.metrics import QueryBudget, Span
from oakum.model.policy import Policy
from oakum.model.verdict import Pattern, VerdictName
from oakum.prometheus import server
from oakum.sense.prometheus.beside import beside
from oakum.sense.prometheus.choice import chosen
from oakum.sense.prometheus.names import PodKey
from oakum.sense.prometheus.node_memory import nodes_of

GIB = 1024 * MIB


def traffic(age):
    """Requests per second: more and more over the day, with a wave of half an hour in it."""
    return 20 + 6 * age / 3600 + 8 * math.sin(age / 1800 * 2 * math.pi)


def scraped(world, name, where, value, **labels):
    """``value``: at an age in seconds."""
    told = [(at, value(at - world.start_s)) for at in world.times(world.start_s, world.end_s)]
    world.add(name, {**where, "job": "services", **labels}, told)


def requests(world, where, name, rate, **labels):
    """A counter: of a rate in requests per second. It begins anew in the middle."""
    total, told = 0.0, []
    middle = world.start_s + world.hours * 1800
    for at in world.times(world.start_s, world.end_s):
        total = 0.0 if middle <= at < middle + world.step_s else total + rate(at - world.start_s) * world.step_s
        told.append((at, round(total)))
    world.add(name, {**where, "job": "services", **labels}, told)


def rolled(world, name, first, second, *, before, after):
    """A rollout in the middle: pods of the ReplicaSet ``second`` take the place of those of ``first``."""
    middle_s = world.start_s + world.hours * 1800
    (old,) = world.deployed("shop", name, first, 1)
    world.run(old, 0, before, begin_s=world.start_s, end_s=middle_s)
    (new,) = world.deployed("shop", name, second, 1)
    world.run(new, 0, after, begin_s=middle_s + 30)


def planted():
    world = World(hours=8.0)

    def deployed(name, curve, **how):
        (where,) = world.deployed("shop", name, "7d9c5b8f4", 1, **how)
        world.run(where, 0, curve, begin_s=world.start_s)
        return where

    busy = deployed("busy", lambda age: (100 + 4 * traffic(age)) * MIB)
    for code, share in (("200", 0.9), ("500", 0.1)):
        requests(world, busy, "http_requests_total", lambda age, share=share: share * traffic(age), code=code)
    both = deployed("both", lambda age: (100 + 4 * traffic(age) + 40 * age / 3600) * MIB, limit_mib=2048)
    requests(world, both, "http_server_requests_seconds_count", traffic, uri="/")
    java = deployed("java", leak(300, 20))
    scraped(world, "jvm_gc_live_data_size_bytes", java, lambda age: (100 + 20 * age / 3600) * MIB)
    scraped(world, "container_pressure_memory_waiting_seconds_total", java, lambda age: round(age * 0.5))
    go = deployed("native", leak(200, 20))
    scraped(world, "go_gc_heap_live_bytes", go, lambda age: (40 + math.sin(age)) * MIB)
    free = deployed("free", leak(200, 25), limit_mib=0)
    world.constant("kube_pod_info", {**free, "node": "node-b", "job": "kube-state-metrics"}, 1, *world._all)
    deployed("calm", flat(100))
    rolled(world, "cart", "6b5d7c9f84", "5c4f8d7b62", before=flat(100), after=leak(100, 60))
    rolled(world, "till", "7c9f846b5d", "8d7b625c4f", before=leak(100, 40), after=leak(100, 60))
    rolled(world, "desk", "9f846b5d7c", "7b625c4f8d", before=leak(100, 40), after=flat(100))
    for node, instance, available in (("node-a", "10.0.0.1:9100", 9), ("node-b", "10.0.0.2:9100", 2)):
        own = {"instance": instance}
        scraped(world, "node_uname_info", own, lambda _: 1, nodename=node)
        scraped(world, "node_memory_MemTotal_bytes", own, lambda _: 16 * GIB)
        scraped(world, "node_memory_MemAvailable_bytes", own, lambda _, free=available: free * GIB)
        scraped(world, "node_memory_SwapTotal_bytes", own, lambda _: 0)
        scraped(world, "node_pressure_memory_waiting_seconds_total", own, lambda age: round(age * 0.25))
    return world


WORLD = planted()


@pytest.fixture(scope="module", params=[on_prometheus, on_victoria], ids=["prometheus", "victoria-metrics"])
def address(request, tmp_path_factory):
    with request.param(tmp_path_factory.mktemp("closer"), WORLD) as found:
        yield found


@pytest.fixture(scope="module")
def found(address):
    settings = HistorySettings.of(window_s=8 * 3600, at=str(WORLD.end_s))
    opened = server(address, environment={}, table={}, budget=settings.budget)
    return scan_prometheus(address, opened, settings=settings, policy=Policy(), now_s=WORLD.end_s, progress=Silent())


def verdict(found, name):
    return next(verdict for series, verdict in found.rows if series.id == f"deploy/shop/{name}/app")


def says(verdict, *words):
    return any(all(word in reason for word in words) for reason in verdict.reasons)


def test_what_follows_its_requests_is_no_leak(found):
    busy = verdict(found, "busy")
    assert (busy.name, busy.pattern) == (VerdictName.HEALTHY, Pattern.LOAD_DRIVEN)
    assert says(busy, "requests per second", "http_requests_total")


def test_a_leak_beneath_the_requests_stays_one_with_its_own_rate(found):
    both = verdict(found, "both")
    assert both.name in {VerdictName.LEAK, VerdictName.SUSPECT}
    assert both.pattern is Pattern.LINEAR
    assert both.probability > 0.9
    assert both.rate_per_s == pytest.approx(40 * MIB / 3600, rel=0.15)
    assert says(both, "which were taken out")


def test_a_heap_that_grows_with_it_is_told_apart_from_one_that_does_not(found):
    assert says(verdict(found, "java"), "jvm_gc_live_data_size_bytes", "what grows is in the heap")
    assert says(verdict(found, "native"), "go_gc_heap_live_bytes", "what grows is outside of it")


def test_without_a_limit_the_node_is_the_boundary_with_what_it_has_left(found):
    free = verdict(found, "free")
    assert free.name is VerdictName.LEAK
    assert [forecast.boundary for forecast in free.forecasts] == ["node"]
    assert free.forecasts[0].p50_s == pytest.approx(2 * 1024 / 25 * 3600, rel=0.25)
    assert says(free, "node node-b", "2.00 GiB of 16.0 GiB available", "no swap", "25 % of the time")


def test_who_has_a_limit_and_who_does_not_grow_is_asked_for_nothing_more(found):
    assert not says(verdict(found, "java"), "node")
    assert len(verdict(found, "calm").reasons) == 1


def test_the_answer_says_what_was_asked_for_and_that_nothing_is_missing(found):
    told = found.warnings[-1]
    for name in ("http_requests_total", "jvm_gc_live_data_size_bytes", "node_memory_MemAvailable_bytes"):
        assert name in told
    assert not found.partial
    assert not {"request rates", "memory of nodes"} & {absent.what for absent in found.absent}


@pytest.mark.parametrize(
    ("refusal", "words"),
    [(error(422, "query processing would load too many samples into memory"), "so much"), (Reply(b"", 500), "busy")],
)
def test_where_services_cannot_be_asked_the_verdict_stands_and_the_row_says_why(refusal, words):
    times = np.arange(WORLD.end_s - 8 * 3600, WORLD.end_s + 1, 60.0)
    pods = containers(times, namespaces=1, each=8)
    served = [
        ({**{name: labels[name] for name in ("namespace", "pod")}, "__name__": "http_requests_total"}, times - times[0])
        for labels, _ in pods
        if labels["__name__"] == "container_memory_rss"
    ]
    settings = HistorySettings.of(window_s=8 * 3600, at=str(WORLD.end_s), step_s=60.0)

    def scanned(rows, before):
        with MetricStore(times, rows, before) as store:
            opened = server(store.address, environment={}, table={}, budget=settings.budget)
            return scan_prometheus(
                "store", opened, settings=settings, policy=Policy(), now_s=WORLD.end_s, progress=Silent()
            )

    alone = scanned(pods, lambda _: None)
    refused = scanned([*pods, *served], lambda asked: refusal if "sum by" in asked.form.get("query", [""])[0] else None)
    assert alone.leaks
    assert not refused.partial
    for (series, before), (_, after) in zip(alone.ranked, refused.ranked, strict=True):
        assert after.name is before.name
        grows = before.name in {VerdictName.LEAK, VerdictName.SUSPECT}
        assert any(words in reason for reason in after.reasons) == grows, series.id


def test_nodes_of_one_name_in_two_clusters_are_told_apart_by_the_label_that_memory_has():
    """Of the pod's own cluster there are 2 GiB; which of two exporters without that label it is, nobody says."""
    times = np.arange(WORLD.end_s - 3600, WORLD.end_s + 1, 60.0)
    ones = np.ones(times.size)
    pods = [PodKey(cluster, "shop", "cart-0") for cluster in ("eu", "us")]
    labels = {"namespace": "shop", "pod": "cart-0", "container": "app", "id": "/a", "node": "node-b"}
    rows = [({"__name__": "container_memory_rss", "cluster": pod.cluster, **labels}, ones) for pod in pods]
    for cluster, gib in (("eu", 2), ("us", 8)):
        own = {"cluster": cluster, "instance": "10.0.0.2:9100"}
        rows.append(({"__name__": "node_uname_info", "nodename": "node-b", **own}, ones))
        rows.append(({"__name__": "node_memory_MemTotal_bytes", **own}, ones * gib * GIB))
    span = Span(WORLD.end_s - 3600, WORLD.end_s, 60.0)

    async def journey(store):
        async with server(store.address, environment={}, table={}, budget=QueryBudget()) as live:
            choice = chosen({"container_memory_rss"}, {*labels, "cluster"}, (), telling="cluster")
            return await nodes_of(live, choice, await beside(live, span), pods, span)

    with MetricStore(times, rows) as store:
        found = anyio.run(journey, store)
        assert [found[pod].total for pod in pods] == [2 * GIB, 8 * GIB]
    two = [({**row, "instance": f"10.0.0.{number}:9100"}, value) for number, (row, value) in enumerate(rows)]
    without = [({name: row[name] for name in row if name != "cluster"}, value) for row, value in two[2:]]
    with MetricStore(times, [*rows[:2], *without]) as store:
        assert anyio.run(journey, store) == {}


def test_pressure_of_a_container_is_told(found):
    assert says(verdict(found, "java"), "waited for memory 50 % of the last minutes")
    assert not says(verdict(found, "native"), "waited for memory")


def test_what_there_is_beside_memory_is_known_by_its_name(address):
    async def journey():
        async with server(address, environment={}, table={}, budget=QueryBudget()) as live:
            return await beside(live, Span(WORLD.start_s, WORLD.end_s, 60.0))

    told = anyio.run(journey)
    assert [each.metric for each in told.requests] == ["http_server_requests_seconds_count", "http_requests_total"]
    assert [heap.selected.metric for heap in told.heaps] == ["jvm_gc_live_data_size_bytes", "go_gc_heap_live_bytes"]
    assert "kube_pod_info" in told.nodes


def test_growth_that_began_with_a_rollout_is_told_with_it(found):
    cart = verdict(found, "cart")
    assert cart.name in {VerdictName.LEAK, VerdictName.SUSPECT}
    assert says(
        cart, "it began with the rollout of cart-5c4f8d7b62 at ", "the pods of cart-6b5d7c9f84 before it did not"
    )


def test_growth_that_is_older_than_the_last_rollout_is_told_as_that(found):
    assert says(verdict(found, "till"), "it is older than the rollout of till-8d7b625c4f", "+40", "would not end it")


def test_a_rollout_that_ended_the_growth_is_no_reason(found):
    desk = verdict(found, "desk")
    assert desk.name is VerdictName.HEALTHY
    assert not says(desk, "rollout")
