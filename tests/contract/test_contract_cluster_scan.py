"""``oakum scan kube://`` on an API server of our own: real HTTP, pods as a real cluster tells them."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path

import pytest
import yaml
from clusters import fake_cluster, kubeconfig, owner
from fake_clock import FakeClock
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from rich.console import Console

from oakum.kube import cluster as open_cluster
from oakum.kube.pace import PaceSettings
from oakum.loop.kubelets import PER_S
from oakum.loop.progress import Silent
from oakum.loop.scan_cluster import ClusterScan, scan_cluster
from oakum.model.absent import AbsentKind
from oakum.model.errors import CallerError, TargetError
from oakum.model.source import ClusterSource
from oakum.model.verdict import VerdictName
from oakum.render import scan_html, scan_table, scan_to_json, schemas

MIB = 1 << 20
LIMIT = 256 * MIB


def stamp(ago_s=0.0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - ago_s))


def killed(ago_s, reason="OOMKilled", code=137):
    return {
        "terminated": {"reason": reason, "exitCode": code, "startedAt": stamp(ago_s + 600), "finishedAt": stamp(ago_s)}
    }


def started(ago_s=60.0):
    return {"running": {"startedAt": stamp(ago_s)}}


class Shop:
    """A cluster of two nodes: workloads are put in as controllers and kubelets would."""

    def __init__(self, world):
        self.world, self.state = world, world.fake.state
        self.uids = {}
        world.namespace = "shop"
        world.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
        for name in ("one", "two"):
            self.node(name)

    def node(self, name, *, ready="True"):
        status = {"conditions": [{"type": "Ready", "status": ready}]}
        self.world.ask("POST", "/api/v1/nodes", {"metadata": {"name": name}, "status": status})
        if ready == "True":
            self.state.stats[name] = {"node": {"nodeName": name}, "pods": []}

    def deployment(self, name, replicas=1, *, node="one", **status):
        path = "/apis/apps/v1/namespaces/shop/{}"
        spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}}
        top = self.world.ask("POST", path.format("deployments"), {"metadata": {"name": name}, "spec": spec})
        meta = {"name": f"{name}-5d9", "ownerReferences": [owner(top, "Deployment")]}
        below = self.world.ask("POST", path.format("replicasets"), {"metadata": meta, "spec": spec})
        labels = {"app": name, "pod-template-hash": "5d9"}
        for number in range(replicas):
            self.pod(f"{name}-5d9-{number}", node=node, labels=labels, owner=owner(below, "ReplicaSet"), **status)

    def pod(self, name, *, node="one", labels=None, owner=None, **status):
        self.world.make_pod(name, labels=labels, owner=owner)
        told = {"containerID": f"containerd://{name}-0", "state": started(), **status}
        made = self.world.tell(name, **told)
        made["spec"]["nodeName"] = node
        self.state.objects["pods", "shop", name] = made
        self.uids[name] = made["metadata"]["uid"]

    def uses(self, name, node, own, *, at=None):
        """What the kubelet tells of one pod; what was told is replaced, never changed."""
        memory = {"time": at or stamp(), "rssBytes": own, "workingSetBytes": own + MIB}
        told = {"podRef": {"name": name, "uid": self.uids[name]}, "containers": [{"name": "app", "memory": memory}]}
        others = [pod for pod in self.state.stats[node]["pods"] if pod["podRef"]["name"] != name]
        self.state.stats[node] = {"node": {"nodeName": node}, "pods": [*others, told]}

    def scanned(self, *, watch_s=0.0, namespace="", progress=None):
        opened = open_cluster(environment={"KUBECONFIG": str(self.world.kubeconfig)}, home=Path("/nowhere"))
        clock = FakeClock(time.time())
        settings = ClusterScan(watch_s, namespace)
        return scan_cluster(
            ClusterSource(), cluster=opened, clock=clock, settings=settings, progress=progress or Silent()
        )


@pytest.fixture
def shop(tmp_path):
    with fake_cluster(tmp_path) as world:
        yield Shop(world)


def ids(found):
    return [series.id for series, _ in found.ranked]


def reasons(found, name):
    return next(verdict.reasons for series, verdict in found.rows if series.id == name)


@pytest.fixture
def busy(shop):
    """One that was killed a minute ago, one that is nearly full, one that restarts, one that is well."""
    shop.deployment("calm", 2)
    shop.deployment("hasty", restartCount=7, lastState=killed(90_000, "Error", 1))
    shop.deployment("full", 3, node="two")
    shop.deployment("leaky", 2, restartCount=2, lastState=killed(60))
    for number in range(3):
        shop.uses(f"full-5d9-{number}", "two", (200 + 10 * number) * MIB)
    for name in ("calm-5d9-0", "calm-5d9-1", "hasty-5d9-0", "leaky-5d9-0", "leaky-5d9-1"):
        shop.uses(name, "one", 40 * MIB)
    return shop


def test_one_look_ranks_what_was_killed_before_what_is_full_before_what_restarts(busy):
    found = busy.scanned()
    assert ids(found) == [f"deploy/shop/{name}/app" for name in ("leaky", "full", "hasty", "calm")]
    assert {verdict.name for _, verdict in found.rows} == {VerdictName.CANNOT_TELL}
    assert found.source == "kube://lab"
    # Of 7 and of 2 restarts, in two pods, the cluster keeps the last end each.
    assert [absent.what for absent in found.absent] == ["how 8 earlier runs ended"]
    assert "2 oom-killed in 2 pods" in reasons(found, "deploy/shop/leaky/app")[0]
    assert "full-5d9-2 uses 86 % of its limit (221 MiB of 256 MiB), the fullest of 3" in reasons(
        found, "deploy/shop/full/app"
    )
    assert any("7 times" in reason for reason in reasons(found, "deploy/shop/hasty/app"))
    assert any("oakum scan kube:// --for 5m" in note for note in found.warnings)


def test_a_look_asks_no_more_however_many_pods_there_are(busy):
    busy.scanned()
    asked = [line for line in busy.state.asked if "/stats/summary" in line or "limit=" in line]
    lists = [line for line in asked if "limit=" in line]
    assert len(lists) == 4  # pods, ReplicaSets, Jobs, nodes
    assert len(asked) - len(lists) == 2


def test_its_json_fits_the_schema_and_its_table_and_page_name_the_pod_that_stands_for_all(busy):
    found = busy.scanned()
    told = json.loads(json.dumps(scan_to_json(found), allow_nan=False))
    known = [schemas.read(each) for each in schemas.NAMES]
    registry = Registry().with_resources([(each["$id"], Resource.from_contents(each)) for each in known])
    Draft202012Validator(schemas.read("oakum.scan/1"), registry=registry).validate(told)
    leaky = told["series"][0]
    assert (leaky["oom_kills"], leaky["replicas"]["pods"], leaky["replicas"]["restarts"]) == (2, 2, 4)
    assert told["series"][1]["replicas"]["worst"] == "full-5d9-2"
    for width in (70, 160):
        console = Console(width=width)
        with console.capture() as shown:
            console.print(scan_table(found))
        assert "86 %" in shown.get()
        assert "oakum investigate deploy/shop/leaky --for 5m" in " ".join(shown.get().split())
    assert "deploy/shop/leaky/app" in scan_html(found)


def test_nodes_that_do_not_answer_are_told_once_and_hold_up_nobody(busy):
    for number in range(30):
        busy.node(f"dead-{number}", ready="Unknown" if number % 2 else "True")
        busy.state.stats.pop(f"dead-{number}", None)
        busy.pod(f"far-{number}", node=f"dead-{number}")
    found = busy.scanned()
    (absent,) = [absent for absent in found.absent if "what containers use" in absent.what]
    assert found.partial
    assert (absent.kind, "30 of 32 nodes (dead-0, dead-1, dead-10, …)" in absent.what) == (AbsentKind.UNREADABLE, True)
    assert not any("dead-1/" in line for line in busy.state.asked)
    assert "what far-1 uses is not told by node dead-1" in reasons(found, "pod/shop/far-1/app")
    assert ids(found)[:2] == ["deploy/shop/leaky/app", "deploy/shop/full/app"]


class Waits(dict):
    """Figures of nodes, of which ``slow`` tells nothing before ``others`` have told."""

    def __init__(self, told, others):
        super().__init__(told)
        self.left, self.all_told, self.held = set(others), threading.Event(), False

    def __getitem__(self, node):
        if node == "slow":
            self.held = self.all_told.wait(30)
        self.left.discard(node)
        if not self.left:
            self.all_told.set()
        return super().__getitem__(node)


def test_one_look_at_more_nodes_than_can_be_asked_in_its_seconds_accuses_none_of_them(shop, monkeypatch):
    monkeypatch.setattr("oakum.loop.scan_cluster.LOOK_S", 0.7)
    for number in range(90):
        shop.node(f"n-{number}")
        shop.pod(f"cart-{number}", node=f"n-{number}")
        shop.uses(f"cart-{number}", f"n-{number}", 40 * MIB)
    found = shop.scanned()
    assert not [absent for absent in found.absent if "what containers use" in absent.what]
    assert not found.partial
    assert PaceSettings().per_s == PER_S


def test_kubelets_are_asked_side_by_side(busy):
    busy.node("slow")
    busy.deployment("far", node="slow")
    busy.uses("far-5d9-0", "slow", 240 * MIB)
    busy.state.stats = Waits(busy.state.stats, {"one", "two"})
    found = busy.scanned()
    assert busy.state.stats.held
    assert ids(found)[1] == "deploy/shop/far/app"
    assert not any("what containers use" in absent.what for absent in found.absent)


def test_without_the_role_for_kubelets_that_is_said_once_and_kills_are_told_all_the_same(busy):
    busy.state.forbidden |= {("get", "nodes/proxy"), ("list", "nodes"), ("list", "replicasets"), ("list", "jobs")}
    found = busy.scanned()
    assert ids(found)[0] == "deploy/shop/leaky/app"
    kubelets = [absent for absent in found.absent if "what containers use" in absent.what]
    assert [(absent.kind, absent.get) for absent in kubelets] == [
        (AbsentKind.NOT_PERMITTED, "a role that may get nodes/proxy: oakum doctor --role read")
    ]
    assert "2 of 2 nodes" in kubelets[0].what


def test_who_may_list_one_namespace_only_is_told_the_command_that_asks_there(busy):
    busy.state.forbidden.add(("list", "pods"))
    with pytest.raises(TargetError, match="all namespaces") as caught:
        busy.scanned()
    assert "oakum scan kube:// --namespace NAMESPACE" in caught.value.next_step


def test_a_namespace_that_nobody_made_is_an_error_and_an_empty_one_is_an_answer(busy):
    for watch_s in (0.0, 0.5):
        with pytest.raises(TargetError, match="no namespace shopp"):
            busy.scanned(namespace="shopp", watch_s=watch_s)
    found = busy.scanned(namespace="default")
    assert not found.rows
    assert found.warnings == ("no container runs in namespace default; next: oakum scan kube://    # all namespaces",)


def test_a_watch_that_is_too_short_to_be_judged_is_refused():
    with pytest.raises(CallerError, match="cannot be judged"):
        ClusterScan.of(watch_s=20.0)


@pytest.mark.parametrize("watch_s", [0.0, 60.0])
def test_an_api_server_that_takes_what_it_is_asked_and_says_nothing_is_one_error_and_holds_up_nobody(
    shop, monkeypatch, watch_s
):
    monkeypatch.setattr("oakum.loop.scan_cluster.FIRST_ANSWER_S", 0.5)
    shop.world.stop()
    with socket.create_server(("127.0.0.1", 0)) as mute:
        file = shop.world.kubeconfig
        kubeconfig(file, f"http://127.0.0.1:{mute.getsockname()[1]}")
        begun_s = time.monotonic()
        with pytest.raises(TargetError, match="of context lab does not answer"):
            shop.scanned(watch_s=watch_s)
        assert time.monotonic() - begun_s < 8
    shop.world.start()


def test_a_login_that_takes_longer_is_waited_for(shop, monkeypatch, tmp_path):
    monkeypatch.setattr("oakum.loop.scan_cluster.FIRST_ANSWER_S", 0.5)
    shop.deployment("cart")
    told = yaml.safe_load(shop.world.kubeconfig.read_text())
    credential = {"kind": "ExecCredential", "status": {"token": told["users"][0]["user"]["token"]}}
    login = tmp_path / "login"
    login.write_text(f"#!/bin/sh\nsleep 1.5\necho '{json.dumps(credential)}'\n")
    login.chmod(0o700)
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(login)}
    told["users"][0]["user"] = {"exec": plugin}
    shop.world.kubeconfig.write_text(yaml.safe_dump(told))
    assert not shop.scanned().partial


@pytest.fixture
def often(monkeypatch):
    """A watch stands five times a second; what waits for a few of its steps need not watch for long."""
    monkeypatch.setattr("oakum.loop.scan_cluster.TOLD_EVERY_S", 0.2)


class Once(Silent):
    """Does one thing when a watch stands for the first time."""

    def __init__(self, step):
        self.step = step

    def standing(self, _text):
        step, self.step = self.step, None
        if step is not None:
            step()


@pytest.mark.usefixtures("often")
def test_a_watch_whose_api_server_dies_says_so_and_is_partial_and_one_that_was_whole_is_not(busy, monkeypatch):
    monkeypatch.setattr("oakum.loop.scan_cluster.UNHEARD_S", 0.5)
    whole = busy.scanned(watch_s=1.0)
    assert (whole.partial, any("what became" in absent.what for absent in whole.absent)) == (False, False)
    found = busy.scanned(watch_s=2.5, progress=Once(busy.world.stop))
    assert found.partial
    assert [absent.kind for absent in found.absent if "what became of its pods" in absent.what] == [
        AbsentKind.UNREADABLE
    ]
    busy.world.start()


class Then(Silent):
    """Does one thing after the other, each once so many kills are known."""

    def __init__(self, *steps):
        self.steps = list(steps)

    def standing(self, text):
        if self.steps and f", {self.steps[0][0]} kills for memory known" in text:
            self.steps.pop(0)[1]()


@pytest.mark.usefixtures("often")
def test_a_workload_whose_killed_pod_is_deleted_in_a_watch_keeps_its_row_without_a_pod(busy):
    busy.deployment("brief")

    def kill():
        told = {"restartCount": 1, "containerID": "containerd://b", "state": started(), "lastState": killed(5)}
        busy.world.tell("brief-5d9-0", **told)

    found = busy.scanned(watch_s=3.0, progress=Then((2, kill), (3, lambda: busy.world.delete_pod("brief-5d9-0"))))
    told = found.replicas["deploy/shop/brief/app"]
    assert (told.pods, told.running, told.kills) == (0, 0, 1)
    assert "no pod of it is left: brief-5d9-0 is gone" in reasons(found, "deploy/shop/brief/app")


def asked_of(busy, node):
    return [line for line in busy.state.asked if f"/nodes/{node}/" in line]


@pytest.mark.usefixtures("often")
def test_a_kubelet_that_was_silent_and_a_node_that_became_ready_are_asked_again_in_a_watch(busy, monkeypatch):
    monkeypatch.setattr("oakum.loop.scan_cluster.ASKED_EVERY_S", 0.2)
    busy.node("late", ready="False")
    busy.pod("cart", node="late")
    told = busy.state.stats.pop("one")
    busy.state.stats["late"] = {"node": {"nodeName": "late"}, "pods": []}
    found = busy.scanned(watch_s=3.0, progress=Once(lambda: busy.state.stats.update(one=told)))
    assert asked_of(busy, "late")
    assert not found.partial


@pytest.mark.usefixtures("often")
def test_kubelets_that_may_not_be_asked_are_asked_once_in_a_watch(busy, monkeypatch):
    monkeypatch.setattr("oakum.loop.scan_cluster.ASKED_EVERY_S", 0.2)
    busy.state.forbidden.add(("get", "nodes/proxy"))
    busy.scanned(watch_s=1.5)
    assert len(asked_of(busy, "one")) == 1


def test_a_watch_tells_each_kill_once_over_a_restart_of_the_api_server_and_a_relist(busy):
    leaky = "leaky-5d9-0"

    def kill():
        busy.world.tell(leaky, restartCount=3, containerID="containerd://b", state=started(), lastState=killed(5))

    def restart():
        busy.world.stop()
        busy.world.fake.forget()
        busy.world.start()
        busy.world.tell(leaky, restartCount=4, containerID="containerd://c", state=started(), lastState=killed(0))

    found = busy.scanned(watch_s=5.0, progress=Then((2, kill), (3, restart)))
    assert found.replicas["deploy/shop/leaky/app"].kills == 4
    assert found.replicas["deploy/shop/leaky/app"].restarts == 6
    assert "4 oom-killed in 2 pods" in " ".join(reasons(found, "deploy/shop/leaky/app"))
