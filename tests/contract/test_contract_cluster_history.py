"""``oakum investigate deploy/…`` with a real Prometheus that tells of its containers from before."""

from __future__ import annotations

import calendar
import copy
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
from clusters import owner
from fake_machine import FakeMachine
from metric_server import MetricServer, error
from test_contract_cluster_workload import PODS, line, usage, world

from lab.metrics.planted import MIB, World, flat, leak
from lab.metrics.servers import have, prometheus
from oakum.kube import cluster as open_cluster
from oakum.loop.history import History, history_of
from oakum.loop.in_cluster import ClusterSettings, investigate_workload
from oakum.loop.progress import Silent
from oakum.model.absent import AbsentKind
from oakum.model.errors import MachineError
from oakum.model.source import parse_source
from oakum.model.target import parse_target
from oakum.model.verdict import Pattern, VerdictName
from oakum.prometheus import server
from oakum.sense.container_track import Source

__all__ = ["world"]

NOW_S = float(calendar.timegm((2026, 11, 22, 6, 0, 0)))
"""Hours after the last kill that was recorded."""

TEMPLATE = next(pod for pod in PODS if pod["metadata"]["labels"]["app"] == "child-killed")


def name_of(app, number=0):
    return f"{app}-1-{'bcdf'[number] * 5}"


def traffic(age):
    """Requests per second: more and more, with a wave of half an hour in it."""
    return 10 + 2 * age / 3600 + 3 * math.sin(age / 1800 * 2 * math.pi)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Half a day of a leak, of one that is calm, of a rollout, and of three replicas of which one leaks."""
    if not have("prometheus"):
        pytest.skip("no prometheus here: apt-get install prometheus")
    told = World(end_s=NOW_S)

    def pod(app, number=0, hash_="1"):
        where = told.pod("shop", name_of(app, number).replace("-1-", f"-{hash_}-"), limit_mib=96)
        told.owned(where, "ReplicaSet", f"{app}-{hash_}", ("Deployment", app))
        return where

    told.run(pod("leaky"), 0, leak(10, 5))
    told.run(pod("calm"), 0, flat(60))
    told.run(pod("rolled", hash_="0"), 0, leak(10, 5), end_s=NOW_S - 7200)
    told.run(pod("rolled"), 0, leak(12, 5), begin_s=NOW_S - 7220)
    told.run(pod("newer", hash_="0"), 0, flat(10), end_s=NOW_S - 14_400)
    told.run(pod("newer"), 0, leak(12, 5), begin_s=NOW_S - 14_420)
    for number in range(3):
        told.run(pod("three", number), 0, leak(10, 5) if number == 1 else flat(40))
    told.run(pod("gone", hash_="0"), 0, flat(40))
    busy = pod("busy")
    told.run(busy, 0, lambda age: (15 + 2 * traffic(age)) * MIB)
    served = 0.0
    asked = []
    for at in told.times(told.start_s, told.end_s):
        served += traffic(at - told.start_s) * told.step_s
        asked.append((at, round(served)))
    told.add("http_requests_total", {**busy, "job": "services"}, asked)
    with prometheus(tmp_path_factory.mktemp("metrics"), told) as found:
        yield found


class Shop:
    """Deployments of the recorded container, as it runs."""

    def __init__(self, world):
        self.world = world

    def deployment(self, app, replicas=1):
        path, fake = "/apis/apps/v1/namespaces/shop/{}", self.world.fake
        spec = {"replicas": replicas, "selector": {"matchLabels": {"app": app}}}
        top = self.world.ask("POST", path.format("deployments"), {"metadata": {"name": app}, "spec": spec})
        meta = {"name": f"{app}-1", "ownerReferences": [owner(top, "Deployment")]}
        below = self.world.ask("POST", path.format("replicasets"), {"metadata": meta, "spec": spec})
        for number in range(replicas):
            body = copy.deepcopy(TEMPLATE)
            uid = f"{app}-{number}"
            body["metadata"] |= {"name": name_of(app, number), "uid": uid, "labels": {"app": app}}
            body["metadata"]["ownerReferences"] = [owner(below, "ReplicaSet")]
            status = body["status"]["containerStatuses"][0]
            status |= {"restartCount": 0, "lastState": {}, "containerID": f"containerd://{uid}"}
            fake.state.objects["pods", "shop", body["metadata"]["name"]] = body
            fake.state.stats["lab"]["pods"].append(usage(body))


@pytest.fixture
def shop(world):
    return Shop(world)


def history(address, **how):
    return history_of(
        parse_source(address),
        None,
        how.pop("window_s", 43_200.0),
        lambda source, budget: server(source.url, environment={}, table={}, budget=budget),
    )


def investigated(shop, target, past, *, watch_s=1.0):
    def opens():
        return open_cluster(environment={"KUBECONFIG": str(shop.world.kubeconfig)}, home=shop.world.kubeconfig.parent)

    machine = FakeMachine()
    machine.clock.step_wall(NOW_S - machine.clock.now_s())
    here = SimpleNamespace(clock=machine.clock, cgroups=machine.cgroups, kernel_log=machine.kernel_log)
    return investigate_workload(
        parse_target(target),
        cluster=opens,
        machine=here,
        settings=ClusterSettings(watch_s, execute=False, history=past),
        progress=Silent(),
    )


def memories(found):
    return {
        (each.facts["pod"], each.facts["source"]): each.facts for each in found.evidence if each.id.startswith("memory")
    }


def missed(found, words):
    return [absent for absent in found.absent if words in absent.what]


def test_a_leak_of_hours_is_told_although_the_look_is_short(shop, address):
    shop.deployment("leaky")
    found = investigated(shop, "deploy/shop/leaky", history(address))
    assert found.verdict.name is VerdictName.LEAK
    assert found.verdict.rate_per_s == pytest.approx(5 * MIB / 3600, rel=0.2)
    assert found.verdict.limit == 96 * MIB
    assert any("as Prometheus tells them: no short look" in reason for reason in found.verdict.reasons)
    told = memories(found)[name_of("leaky"), Source.PROMETHEUS.value]
    assert (told["samples"] > 600, told["verdict"]) == (True, "leak")
    # What this look saw of it stands beside it.
    assert (name_of("leaky"), Source.KUBELET.value) in memories(found)
    assert found.series.samples == told["samples"]
    assert found.series.labels["workload"] == "deploy/shop/leaky"


def test_the_answer_says_who_told_it_from_when_to_when_and_what_it_cost(shop, address):
    shop.deployment("leaky")
    (row,) = [
        each for each in investigated(shop, "deploy/shop/leaky", history(address)).evidence if each.id == "history"
    ]
    assert row.origin.startswith("Prometheus ")
    assert address in row.origin
    assert (row.cost.pause_s, row.cost.bytes_read > 1_000, row.cost.seconds > 0) == (0.0, True, True)
    assert row.facts["end_s"] - row.facts["start_s"] == pytest.approx(43_200.0, abs=120)
    assert "container_memory_rss" in row.facts["metrics"]


def test_half_a_day_of_calm_is_health_where_one_look_could_not_tell(shop, address):
    shop.deployment("calm")
    without = investigated(shop, "deploy/shop/calm", None)
    found = investigated(shop, "deploy/shop/calm", history(address))
    assert (without.verdict.name, found.verdict.name) == (VerdictName.CANNOT_TELL, VerdictName.HEALTHY)
    (absent,) = missed(without, "deploy/shop/calm before this look")
    assert "oakum investigate deploy/shop/calm --prometheus URL" in absent.get


def test_a_rollout_does_not_hide_what_the_pods_before_it_did(shop, address):
    shop.deployment("rolled")
    found = investigated(shop, "deploy/shop/rolled", history(address))
    assert memories(found)[name_of("rolled"), Source.PROMETHEUS.value]["lifetimes"] == 2
    assert found.verdict.name is VerdictName.LEAK
    # Two hours alone say nothing for sure of the pods that run now.
    assert not [each for each in found.evidence if each.id == "rollout"]
    assert not [step for step in found.plan.steps if "undo" in step.command]


def test_growth_that_began_with_a_rollout_is_told_with_the_way_back(shop, address):
    shop.deployment("newer")
    found = investigated(shop, "deploy/shop/newer", history(address))
    (rollout,) = [each for each in found.evidence if each.id == "rollout"]
    assert rollout.title in found.verdict.reasons
    assert (rollout.facts["revision"], rollout.facts["before"], rollout.facts["began"]) == ("newer-1", "newer-0", True)
    keep, back = found.plan.steps
    assert keep.command == "oakum investigate deploy/shop/newer --exec -o html -f leak.html"
    assert back.command.startswith("kubectl -n shop rollout undo deployment/newer --to-revision=")


def test_of_three_replicas_the_one_that_leaks_is_named(shop, address):
    shop.deployment("three", 3)
    found = investigated(shop, "deploy/shop/three", history(address))
    assert found.verdict.name is VerdictName.LEAK
    assert found.series.labels["pod"] == name_of("three", 1)
    assert f"app: 1 of 3 replicas grow ({name_of('three', 1)})" in line(found, "replicas")


def test_what_follows_its_requests_is_no_leak_and_the_answer_says_so(shop, address):
    shop.deployment("busy")
    found = investigated(shop, "deploy/shop/busy", history(address))
    assert (found.verdict.name, found.verdict.pattern) == (VerdictName.HEALTHY, Pattern.LOAD_DRIVEN)
    assert any("requests per second (http_requests_total)" in reason for reason in found.verdict.reasons)
    assert "http_requests_total" in next(each for each in found.evidence if each.id == "history").facts["metrics"]


def test_one_pod_is_told_by_its_own_history(shop, address):
    shop.deployment("three", 3)
    found = investigated(shop, f"pod/shop/{name_of('three', 2)}", history(address))
    assert {pod for pod, _ in memories(found)} == {name_of("three", 2)}
    assert found.verdict.name is VerdictName.HEALTHY


@pytest.mark.parametrize(
    ("app", "words", "why"),
    [
        ("gone", "deploy/shop/gone before this look", "none of its pods that run now"),
        ("never", "deploy/shop/never over the last 12 h", "no container_memory_rss has pod=~"),
    ],
)
def test_one_that_it_does_not_tell_of_is_named_and_the_look_goes_on(shop, address, app, words, why):
    shop.deployment(app)
    found = investigated(shop, f"deploy/shop/{app}", history(address))
    (absent,) = missed(found, words)
    assert why in f"{absent.why}"
    assert absent.get
    assert (name_of(app), Source.KUBELET.value) in memories(found)


def without_it(shop, address):
    """The look went on, and says why it had to."""
    found = investigated(shop, "deploy/shop/leaky", history(address))
    (absent,) = missed(found, "the memory of deploy/shop/leaky over the last 12 h")
    assert absent.kind is AbsentKind.UNREADABLE
    assert address in absent.why
    assert absent.get
    assert (name_of("leaky"), Source.KUBELET.value) in memories(found)


@pytest.mark.parametrize("reply", [error(401, "who are you"), error(500, "the disk is full")])
def test_a_server_that_refuses_costs_that_fact_only_and_says_why(shop, reply):
    shop.deployment("leaky")
    with MetricServer(lambda _: reply) as told:
        without_it(shop, told.address)


def test_a_server_that_is_not_there_costs_that_fact_only(shop):
    shop.deployment("leaky")
    with MetricServer(lambda _: error(500, "")) as told:
        gone = told.address
    without_it(shop, gone)


def test_a_login_that_cannot_be_read_costs_that_fact_only(shop):
    def refused():
        raise MachineError("cannot read /run/token", next_step="ls -l /run/token")

    shop.deployment("leaky")
    found = investigated(shop, "deploy/shop/leaky", History(refused, "http://prometheus:9090"))
    (absent,) = missed(found, "over the last 24 h")
    assert (absent.why, absent.get) == ("cannot read /run/token", "ls -l /run/token")


def test_a_service_is_looked_for_in_the_cluster_of_the_workload():
    asked = []
    source = parse_source("kube+http://prometheus.monitoring:9090")
    for context in (None, "prod"):
        history_of(source, context, 60.0, lambda source, _: asked.append(str(source))).opens()
    history_of(replace(source, context="other"), "prod", 60.0, lambda source, _: asked.append(str(source))).opens()
    named = "kube+http://prometheus.monitoring:9090"
    assert asked == [named, f"{named}@prod", f"{named}@other"]
