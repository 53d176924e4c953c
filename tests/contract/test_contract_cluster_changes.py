"""Changes that an API server refuses, loses or has done already: found out, or told as one clear error."""

from __future__ import annotations

import pytest
from clusters import fake_cluster

from oakum.kube.hands import RESTARTED
from oakum.model.absent import Absent
from oakum.model.errors import RefusedError, TargetError
from oakum.model.rights import Capability, rights_of


@pytest.fixture
def world(tmp_path):
    with fake_cluster(tmp_path) as made:
        yield made


@pytest.fixture
def anyio_backend():
    return "asyncio"


pytestmark = pytest.mark.anyio


async def seen_cart(world, cluster):
    world.make_deployment("cart")
    return await cluster.workload("deploy", world.namespace, "cart")


@pytest.mark.parametrize(
    ("code", "words", "what"),
    [
        (403, 'deployments.apps "cart" is forbidden: exceeded quota: small, requested: limits.memory=2Gi', "a rule of"),
        (403, 'deployments.apps "cart" is forbidden: maximum memory usage per Container is 1Gi', "a rule of"),
        (400, 'admission webhook "policy.example" denied the request: no limit above 1Gi', "a rule of"),
        (422, 'Deployment.apps "cart" is invalid: spec.replicas: Invalid value: -1', "does not take this change"),
    ],
)
async def test_a_change_that_the_cluster_s_rules_refuse_is_refused_in_their_words(world, code, words, what):
    async with world.open() as cluster:
        cart = await seen_cart(world, cluster)
        answer = {"kind": "Status", "code": code, "message": words}
        world.fake.state.answers["patch deployments"] = (code, answer)
        with pytest.raises(RefusedError, match=what) as raised:
            await cluster.hands.restart(cart, at_s=1.0)
    assert words in raised.value.why
    assert raised.value.next_step.startswith("kubectl get")


async def test_a_change_that_the_role_does_not_allow_says_so(world):
    world.fake.state.forbidden.add(("patch", "deployments"))
    async with world.open() as cluster:
        with pytest.raises(TargetError, match=f"not allowed to patch deployments cart in namespace {world.namespace}"):
            await cluster.hands.restart(await seen_cart(world, cluster), at_s=1.0)


async def test_a_pod_of_two_budgets_is_said_to_be_no_one_s_to_evict_and_is_not_asked_for_again(world):
    world.make_pod("cart-1")
    told = {
        "message": "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
    }
    world.fake.state.answers["create pods/eviction"] = (500, told)
    async with world.open() as cluster:
        with pytest.raises(RefusedError, match="cannot be evicted") as raised:
            await cluster.hands.evict(await cluster.pod(world.namespace, "cart-1"))
    assert "more than one" in raised.value.why
    assert cluster.calls.by_verb["create pods/eviction"] == 1


async def test_a_change_whose_answer_was_lost_is_found_done(world):
    async with world.open() as cluster:
        cart = await seen_cart(world, cluster)
        world.fake.state.lost.add("patch deployments")
        done = await cluster.hands.restart(cart, at_s=1.0)
    # And what undoes it is what was there before the first try.
    assert (done.did, done.before["spec"]["template"]["metadata"]["annotations"]) == (True, {RESTARTED: None})
    assert cluster.calls.by_verb["patch deployments"] == 2


async def test_a_change_that_others_keep_coming_before_is_given_up_and_told(world):
    async with world.open() as cluster:
        cart = await seen_cart(world, cluster)
        world.fake.state.answers["patch deployments"] = (409, {"message": "the object has been modified"})
        with pytest.raises(RefusedError, match="was changed meanwhile"):
            await cluster.hands.restart(cart, at_s=1.0)
    assert cluster.calls.by_verb["patch deployments"] == 5


async def test_a_cluster_that_is_too_old_for_limits_in_place_is_absent_with_what_else_there_is(world):
    world.make_pod("cart-1")
    world.fake.state.answers["patch pods/resize"] = (
        404,
        {"message": "the server could not find the requested resource"},
    )
    async with world.open() as cluster:
        told = await cluster.hands.resize(await cluster.pod(world.namespace, "cart-1"), "app", limit_bytes=1 << 30)
    assert isinstance(told, Absent)
    assert "1.33" in told.why
    assert "its workload" in told.get


async def test_a_rollout_whose_pods_are_replaced_by_hand_is_not_restarted(world):
    body = {"metadata": {"name": "hub"}, "spec": {"updateStrategy": {"type": "OnDelete"}}}
    world.ask("POST", f"/apis/apps/v1/namespaces/{world.namespace}/statefulsets", body)
    async with world.open() as cluster:
        with pytest.raises(RefusedError, match="is not restarted") as raised:
            await cluster.hands.restart(await cluster.workload("sts", world.namespace, "hub"), at_s=1.0)
    assert "OnDelete" in raised.value.why


async def test_every_verb_that_changes_something_is_in_the_role_for_it(world):
    world.make_pod("cart-1")
    node = world.make_node()
    async with world.open() as cluster:
        cart, hands = await seen_cart(world, cluster), cluster.hands
        pod = await cluster.pod(world.namespace, "cart-1")
        await hands.restart(cart, at_s=1.0)
        await hands.scale(await cluster.workload("deploy", world.namespace, "cart"), 1)
        await hands.resize(pod, "app", limit_bytes=1 << 30)
        await hands.cordon(await cluster.node(node))
        await hands.evict(pod)
    given = {f"{each.verb} {each.resource}" for right in rights_of(Capability.ACT) for each in right.questions}
    assert set(cluster.calls.by_verb) <= given
    read = {f"{each.verb} {each.resource}" for right in rights_of(Capability.CAPTURE) for each in right.questions}
    assert len(set(cluster.calls.by_verb) - read) == 6
