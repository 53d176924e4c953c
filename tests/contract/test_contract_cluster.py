"""What every API server answers to the port Cluster. The real one is in tests/lab."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

import anyio
import pytest
from clusters import fake_cluster, off

from oakum.model.absent import Absent
from oakum.model.cluster import ChangeKind, Question
from oakum.model.cluster_pod import Running, Terminated
from oakum.model.errors import TargetError
from oakum.model.node_pod import SELECTOR, NodePod

KILLED = {
    "terminated": {
        "reason": "OOMKilled",
        "exitCode": 137,
        "startedAt": "2026-11-21T10:00:00Z",
        "finishedAt": "2026-11-21T10:05:00Z",
        "containerID": "containerd://abc",
    }
}
RUNNING = {"running": {"startedAt": "2026-11-21T10:05:01Z"}}


@pytest.fixture
def world(tmp_path):
    with fake_cluster(tmp_path) as made:
        yield made


@pytest.fixture
def anyio_backend():
    return "asyncio"


pytestmark = pytest.mark.anyio


async def until(changes, wanted):
    """What is told up to the first that is wanted."""
    told = []
    with anyio.fail_after(60):
        async for seen in changes:
            told.append(seen)
            if wanted(seen):
                return told
    raise AssertionError("a watch has no end")


def synced(seen):
    return seen.kind is ChangeKind.SYNCED


def named(name, kind=None):
    return lambda seen: seen.item is not None and seen.item.name == name and kind in {None, seen.kind}


async def test_pods_are_listed_with_what_their_node_told_of_each_container(world):
    world.make_pod("cart-1", labels={"app": "cart"})
    world.make_pod("till-1", labels={"app": "till"})
    world.tell("cart-1", restartCount=3, state=RUNNING, lastState=KILLED)
    async with world.open() as cluster:
        found = await cluster.pods(world.namespace, selector="app=cart")
        (pod,) = found.items
        (app,) = pod.containers
        assert (pod.name, pod.phase, app.restarts, app.limit_bytes) == ("cart-1", "Running", 3, 256 << 20)
        assert isinstance(app.state, Running)
        assert isinstance(app.last, Terminated)
        assert (app.last.reason, app.last.exit_code, app.last.container_id) == ("OOMKilled", 137, "abc")
        assert app.last.finished_s - app.last.started_s == 300
        assert len((await cluster.pods(world.namespace)).items) == 2
        assert (await cluster.pod(world.namespace, "cart-1")) == pod


async def test_a_container_that_no_node_has_told_of_is_not_known_rather_than_zero(world):
    world.make_pod("new")
    async with world.open() as cluster:
        (app,) = (await cluster.pod(world.namespace, "new")).containers
    assert isinstance(app.restarts, Absent)
    assert isinstance(app.state, Absent)
    assert app.last is None


async def test_of_a_pod_the_workload_on_top_is_found_and_of_the_workload_its_own_pods(world):
    deployment = world.make_deployment("cart")
    mine = world.pods_of("cart")
    world.make_pod("lookalike", labels={"app": "cart"})
    async with world.open() as cluster:
        top = await cluster.top(await cluster.pod(world.namespace, mine[0]))
        assert (top.kind, top.name, top.uid, top.wanted) == ("deploy", "cart", deployment["metadata"]["uid"], 2)
        assert sorted(each.name for each in (await cluster.pods_of(top)).items) == mine
        alone = await cluster.top(await cluster.pod(world.namespace, "lookalike"))
        assert isinstance(alone, Absent)
        assert "by hand" in alone.why


@pytest.mark.parametrize(
    ("ask", "near"),
    [
        (lambda cluster, world: cluster.pod(world.namespace, "crat-1"), "cart-1"),
        (lambda cluster, world: cluster.workload("deploy", world.namespace, "car"), "cart"),
        (lambda cluster, world: cluster.pods(world.namespace[:-1]), None),
        (lambda cluster, world: cluster.pod(world.namespace[:-1], "cart-1"), None),
    ],
    ids=["pod", "deployment", "namespace of a list", "namespace of a pod"],
)
async def test_a_name_that_matches_nothing_is_told_with_the_nearest(world, ask, near):
    world.make_pod("cart-1")
    world.make_deployment("cart")
    async with world.open() as cluster:
        with pytest.raises(TargetError, match="there is no") as raised:
            await ask(cluster, world)
    assert (near or world.namespace) in raised.value.why
    assert raised.value.next_step.startswith("kubectl get")


async def test_what_we_may_do_is_answered_in_the_order_asked(world):
    asked = [Question("list", "pods", namespace=world.namespace), Question("create", "pods/exec")]
    async with world.open() as cluster:
        told = await cluster.may(asked)
    assert [each.question for each in told] == asked
    assert all(each.allowed for each in told)


async def test_who_asks_is_told_as_the_cluster_knows_them(world):
    async with world.open() as cluster:
        who = await cluster.whoami()
    assert isinstance(who, str)
    assert who


async def test_a_pod_of_ours_is_made_on_a_node_found_by_its_labels_and_removed_as_the_very_one(world):
    wanted = NodePod(world.namespace, "oakum-node-pod-1", "no-such-node", "python:3", ("python3",), "pod/shop/cart", 60)
    async with world.open() as cluster:
        made = await cluster.make_node_pod(wanted)
        again = await cluster.make_node_pod(wanted)
        found = (await cluster.pods(world.namespace, selector=SELECTOR)).items
        assert ({each.uid for each in found}, again.uid) == ({made.uid}, made.uid)
        spec = world.ask("GET", world.pods(made.name))["spec"]
        assert (spec["nodeName"], spec["activeDeadlineSeconds"], spec["restartPolicy"]) == ("no-such-node", 60, "Never")
        assert (spec["hostPID"], spec["automountServiceAccountToken"]) == (True, False)
        assert "hostNetwork" not in spec
        assert not [each for each in spec["containers"] if not each["resources"]["limits"]["memory"]]
        assert not await cluster.remove_node_pod(world.namespace, made.name, uid="of-another")
        assert await cluster.remove_node_pod(world.namespace, made.name, uid=made.uid)
        # Where no kubelet tells that it has ended, it may be listed for as long as it was given.
        assert not await cluster.remove_node_pod(world.namespace, "oakum-node-pod-2")
        with pytest.raises(TargetError, match="there is no namespace"):
            await cluster.make_node_pod(replace(wanted, namespace="oakum-nobody-made-this"))


async def test_other_nouns_are_listed_and_what_is_not_installed_is_absent(world):
    async with world.open() as cluster:
        for ask in (cluster.autoscalers, cluster.budgets, cluster.quotas, cluster.bounds, cluster.events):
            assert (await ask(world.namespace)).odd == ()
        assert isinstance(await cluster.vertical_autoscalers(world.namespace), Absent)
        assert world.namespace in (await cluster.namespaces()).items
        assert (await cluster.version()).startswith("v1.")
        assert cluster.calls.total >= 8
        assert cluster.calls.by_verb["list events"] == 1


async def test_a_watch_tells_what_is_there_then_what_changes_each_once(world):
    world.make_pod("first")
    async with world.open() as cluster, aclosing(cluster.watch_pods(world.namespace)) as changes:
        begin = await until(changes, synced)
        assert [seen.kind for seen in begin] == [ChangeKind.ADDED, ChangeKind.SYNCED]
        await off(world.make_pod, "second")
        await off(world.tell, "second", restartCount=1, lastState=KILLED)
        await off(world.delete_pod, "first")
        told = await until(changes, named("first", ChangeKind.GONE))
    # A real one tells first that it is being deleted.
    asked = [seen for seen in told if seen.item.deleted_s is None or seen.kind is ChangeKind.GONE]
    assert [(seen.kind.value, seen.item.name) for seen in asked] == [
        ("added", "second"),
        ("changed", "second"),
        ("gone", "first"),
    ]
    assert asked[1].item.containers[0].last.reason == "OOMKilled"


async def test_nothing_is_lost_or_doubled_when_the_api_server_is_killed_and_comes_back(world):
    for name in ("stays", "goes", "restarts"):
        world.make_pod(name)
    async with world.open() as cluster, aclosing(cluster.watch_pods(world.namespace)) as changes:
        told = await until(changes, synced)
        for turn in range(2):
            await off(world.tell, "restarts", restartCount=2 * turn + 1, lastState=KILLED)
            await off(world.stop)
            await off(world.start)
            await off(world.tell, "restarts", restartCount=2 * turn + 2, lastState=KILLED)
        await off(world.delete_pod, "goes")
        await off(world.make_pod, "last")
        # Lists come in the order of names, so it is not the last one made that is told last.
        missing = {
            "last": lambda _: True,
            "restarts": lambda seen: seen.item.containers[0].restarts == 4,
            "goes": lambda seen: seen.kind is ChangeKind.GONE,
        }

        def arrived(seen):
            if missing.get(seen.item.name, lambda _: False)(seen):
                del missing[seen.item.name]
            return not missing

        told += await until(changes, arrived)
    versions = [(seen.item.uid, seen.item.version) for seen in told if seen.kind in {"added", "changed"}]
    assert len(versions) == len(set(versions))
    state = {seen.item.name: seen for seen in told if seen.item is not None}
    assert state["restarts"].item.containers[0].restarts == 4
    assert state["goes"].kind is ChangeKind.GONE
    assert [seen.item.name for seen in told if seen.kind is ChangeKind.ADDED] == ["goes", "restarts", "stays", "last"]
    assert sum(seen.kind is ChangeKind.GONE for seen in told) == 1
