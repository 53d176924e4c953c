"""What every API server answers to the port ClusterHands. The real one is in tests/cluster."""

from __future__ import annotations

import pytest
from clusters import fake_cluster

from oakum.model.absent import Absent
from oakum.model.errors import CallerError, RefusedError, TargetError

AT_S = 1_795_000_000.0
TOLD = "2026-11-18T11:06:40Z"


@pytest.fixture
def world(tmp_path):
    with fake_cluster(tmp_path) as made:
        yield made


@pytest.fixture
def anyio_backend():
    return "asyncio"


pytestmark = pytest.mark.anyio


def deployment(world, name="cart"):
    """As it is there, without what its controller tells of it."""
    body = world.ask("GET", f"/apis/apps/v1/namespaces/{world.namespace}/deployments/{name}")
    return body["spec"], body["metadata"].get("annotations", {}).get("team")


async def workload(cluster, world, name="cart"):
    return await cluster.workload("deploy", world.namespace, name)


LIMIT = {"spec": {"template": {"spec": {"containers": [{"name": "app", "resources": {"limits": {"memory": "64Mi"}}}]}}}}


async def test_a_patch_is_checked_dry_then_kept_then_nothing_to_do_and_what_was_before_undoes_it(world):
    world.make_deployment("cart")
    change = LIMIT | {"metadata": {"annotations": {"team": "shop"}}}
    async with world.open() as cluster:
        before = deployment(world)
        dry = await cluster.hands.patch(await workload(cluster, world), change, dry=True)
        assert (dry.did, dry.dry, deployment(world)) == (True, True, before)
        done = await cluster.hands.patch(await workload(cluster, world), change)
        assert (done.did, done.before) == (True, dry.before)
        (limit,) = [each.limit_bytes for each in (await workload(cluster, world)).containers]
        assert (limit, deployment(world)[1]) == (64 << 20, "shop")
        again = await cluster.hands.patch(await workload(cluster, world), change)
        assert not again.did
        undone = await cluster.hands.patch(await workload(cluster, world), done.before)
        assert undone.did
        spec, team = deployment(world)
        # What is left are tables without anything in them.
        (container,) = spec["template"]["spec"].pop("containers")
        (was,) = before[0]["template"]["spec"].pop("containers")
        assert not container.pop("resources").get("limits")
        was.pop("resources", None)
        assert (spec, container, team) == (before[0], was, None)


async def test_what_is_asked_for_again_with_what_was_seen_before_the_change_is_no_conflict(world):
    world.make_deployment("cart")
    async with world.open() as cluster:
        seen = await workload(cluster, world)
        first = await cluster.hands.patch(seen, LIMIT)
        again = await cluster.hands.patch(seen, LIMIT)
    assert (first.did, again.did) == (True, False)


async def test_a_workload_that_somebody_else_changed_or_made_again_is_not_written_over(world):
    world.make_deployment("cart")
    async with world.open() as cluster:
        seen = await workload(cluster, world)
        await cluster.hands.patch(seen, {"spec": {"replicas": 3}})
        for deed in (cluster.hands.patch(seen, LIMIT), cluster.hands.scale(seen, 5)):
            with pytest.raises(RefusedError, match="was changed since it was looked at") as raised:
                await deed
            assert raised.value.next_step.startswith("kubectl get deployments cart")
        assert deployment(world)[0]["replicas"] == 3
        world.ask("DELETE", f"/apis/apps/v1/namespaces/{world.namespace}/deployments/cart", {})
        with pytest.raises(TargetError, match="there is no deployment cart"):
            await cluster.hands.patch(seen, LIMIT)


async def test_what_others_tell_of_a_workload_s_state_meanwhile_is_no_conflict(world):
    world.make_deployment("cart")
    async with world.open() as cluster:
        seen = await workload(cluster, world)
        await cluster.hands.patch(seen, {"metadata": {"annotations": {"team": "shop"}}})
        assert (await workload(cluster, world)).version != seen.version
        assert (await cluster.hands.scale(seen, 1)).did


async def test_what_is_no_change_is_the_caller_s_mistake_and_is_asked_of_nobody(world):
    world.make_deployment("cart")
    async with world.open() as cluster:
        for change in ({}, {"status": {"replicas": 0}}, {"kind": "Job"}, {"metadata": None}, {"spec": [1]}):
            with pytest.raises(CallerError, match="is no change of"):
                await cluster.hands.patch(await workload(cluster, world), change)
        with pytest.raises(CallerError, match="cannot have -1 replicas"):
            await cluster.hands.scale(await workload(cluster, world), -1)
        assert not [each for each in cluster.calls.by_verb if each.startswith("patch")]


async def test_what_the_api_does_not_take_is_refused_in_its_own_words_and_nothing_is_written(world):
    world.make_deployment("cart")
    before = deployment(world)
    other = {"spec": {"selector": {"matchLabels": {"app": "till"}}}}
    async with world.open() as cluster:
        for dry in (True, False):
            with pytest.raises(RefusedError, match="does not take this change") as raised:
                await cluster.hands.patch(await workload(cluster, world), other, dry=dry)
            assert "selector" in raised.value.why
    assert deployment(world) == before


async def test_a_restart_starts_a_rollout_once_however_often_it_is_asked_for(world):
    world.make_deployment("cart")
    async with world.open() as cluster:
        seen = await workload(cluster, world)
        assert (await cluster.hands.restart(seen, at_s=AT_S, dry=True)).did
        assert "annotations" not in deployment(world)[0]["template"]["metadata"]
        done = await cluster.hands.restart(seen, at_s=AT_S)
        assert deployment(world)[0]["template"]["metadata"]["annotations"] == {
            "kubectl.kubernetes.io/restartedAt": TOLD
        }
        assert not (await cluster.hands.restart(seen, at_s=AT_S)).did
        assert done.before == {
            "spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": None}}}}
        }


async def test_a_rollout_that_is_paused_is_not_restarted_and_says_how_it_goes_on(world):
    world.make_deployment("cart")
    async with world.open() as cluster:
        await cluster.hands.patch(await workload(cluster, world), {"spec": {"paused": True}})
        with pytest.raises(RefusedError, match="is not restarted") as raised:
            await cluster.hands.restart(await workload(cluster, world), at_s=AT_S)
        assert raised.value.next_step == f"kubectl rollout resume deployments cart -n {world.namespace}"


async def test_replicas_are_set_and_told_as_they_were_also_from_none(world):
    world.make_deployment("cart")
    async with world.open() as cluster:
        assert (await cluster.hands.scale(await workload(cluster, world), 0, dry=True)).before == {"replicas": 2}
        done = await cluster.hands.scale(await workload(cluster, world), 0)
        assert (done.did, done.before, deployment(world)[0]["replicas"]) == (True, {"replicas": 2}, 0)
        assert not (await cluster.hands.scale(await workload(cluster, world), 0)).did
        back = await cluster.hands.scale(await workload(cluster, world), 2)
        assert (back.before, deployment(world)[0]["replicas"]) == ({"replicas": 0}, 2)


async def test_a_pod_is_evicted_and_one_that_is_gone_is_no_error(world):
    world.make_pod("cart-1")
    async with world.open() as cluster:
        pod = await cluster.pod(world.namespace, "cart-1")
        assert (await cluster.hands.evict(pod, dry=True)).did
        assert (await cluster.pod(world.namespace, "cart-1")).deleted_s is None
        done = await cluster.hands.evict(pod)
        assert (done.did, done.before) == (True, {"uid": pod.uid, "node": "", "owner": ""})
        assert not (await cluster.hands.evict(pod)).did
        world.make_pod("cart-1")
        # The same name, but another pod.
        assert not (await cluster.hands.evict(pod)).did
        assert (await cluster.pod(world.namespace, "cart-1")).deleted_s is None


async def test_an_eviction_that_a_budget_forbids_is_refused_at_once_with_its_name(world):
    world.make_pod("cart-1", labels={"app": "cart"})
    world.tell("cart-1", state={"running": {}})
    world.make_budget("keep-cart", {"app": "cart"})
    async with world.open() as cluster:
        pod = await cluster.pod(world.namespace, "cart-1")
        for dry in (True, False):
            with pytest.raises(RefusedError, match=r"pod cart-1 in namespace .* may not be evicted now") as raised:
                await cluster.hands.evict(pod, dry=dry)
            assert "keep-cart" in raised.value.why
            assert raised.value.next_step.startswith(f"kubectl get poddisruptionbudgets -n {world.namespace}")
        assert cluster.calls.by_verb["create pods/eviction"] == 2
        assert (await cluster.pod(world.namespace, "cart-1")).deleted_s is None


async def test_a_container_s_limit_is_changed_in_place_and_told_as_it_was(world):
    world.make_pod("cart-1")
    async with world.open() as cluster:
        seen = await cluster.pod(world.namespace, "cart-1")
        dry = await cluster.hands.resize(seen, "app", limit_bytes=300 << 20, dry=True)
        assert (dry.did, dry.before) == (True, {"limit_bytes": 256 << 20})
        assert (await cluster.pod(world.namespace, "cart-1")).container("app").limit_bytes == 256 << 20
        done = await cluster.hands.resize(seen, "app", limit_bytes=300 << 20)
        now = await cluster.pod(world.namespace, "cart-1")
        assert (done.did, now.uid, now.container("app").limit_bytes) == (True, seen.uid, 300 << 20)
        assert not (await cluster.hands.resize(now, "app", limit_bytes=300 << 20)).did
        with pytest.raises(TargetError, match="has no container db"):
            await cluster.hands.resize(now, "db", limit_bytes=1 << 30)


async def test_a_node_is_cordoned_and_let_go_again(world):
    node = world.make_node()
    async with world.open() as cluster:
        assert (await cluster.hands.cordon(await cluster.node(node), dry=True)).before == {"cordoned": False}
        assert not (await cluster.node(node)).cordoned
        assert (await cluster.hands.cordon(await cluster.node(node))).did
        assert not (await cluster.hands.cordon(await cluster.node(node))).did
        assert (await cluster.node(node)).cordoned
        back = await cluster.hands.cordon(await cluster.node(node), cordoned=False)
        assert (back.before, (await cluster.node(node)).cordoned) == ({"cordoned": True}, False)


async def test_kinds_that_have_no_rollout_or_scale_are_absent_with_why(world):
    world.make_job("till")
    async with world.open() as cluster:
        job = await cluster.workload("job", world.namespace, "till")
        for answer in (await cluster.hands.restart(job, at_s=AT_S), await cluster.hands.scale(job, 1)):
            assert isinstance(answer, Absent)
            assert answer.why.startswith("a job has no")
