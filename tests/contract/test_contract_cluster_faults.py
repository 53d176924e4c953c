"""What goes wrong between Oakum and an API server, over real HTTP: lived through, or told as one clear error."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from dataclasses import replace

import pytest
from clusters import fake_cluster, kubeconfig, owner
from kube_server import UNSERVED, Run, talks

from oakum.kube.config import find_access
from oakum.kube.faults import Call
from oakum.kube.live import connected
from oakum.loop.role_command import role_command
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_pod import ContainerName, Role, Visitor
from oakum.model.errors import CallerError, DataError, MachineError, OakumError, TargetError
from oakum.model.rights import Capability


@pytest.fixture
def world(tmp_path):
    with fake_cluster(tmp_path) as made:
        yield made


@pytest.fixture
def anyio_backend():
    return "asyncio"


pytestmark = pytest.mark.anyio


async def test_a_long_list_is_read_page_by_page_and_begun_anew_when_a_page_expires(world):
    for number in range(7):
        world.make_pod(f"cart-{number}")
    world.fake.state.page, world.fake.state.expiring = 3, 1
    async with world.open() as cluster:
        found = await cluster.pods(world.namespace)
    assert [pod.name for pod in found.items] == [f"cart-{number}" for number in range(7)]
    assert cluster.calls.by_verb["list pods"] == 2 + 3


async def test_a_list_whose_every_page_expires_is_asked_for_in_one_piece(world):
    for number in range(4):
        world.make_pod(f"cart-{number}")
    world.fake.state.page, world.fake.state.expiring = 3, 99
    async with world.open() as cluster:
        assert len((await cluster.pods(world.namespace)).items) == 4


async def test_one_odd_object_is_left_out_and_told_and_spoils_no_other(world):
    world.make_pod("good")
    world.fake.put("pods", {"metadata": {"namespace": world.namespace}, "spec": {}})
    world.fake.put(
        "pods", {"metadata": {"namespace": world.namespace, "name": "odd", "uid": "u"}, "spec": [1], "status": 3}
    )
    async with world.open() as cluster:
        found = await cluster.pods(world.namespace)
    assert {pod.name for pod in found.items} == {"good", "odd"}
    (odd,) = found.odd
    assert "no name or no uid" in odd.why


async def test_a_busy_server_is_left_alone_as_long_as_it_asks_and_then_asked_again(world):
    world.fake.state.busy, world.fake.state.retry_after = 2, "0.01"
    async with world.open() as cluster:
        await cluster.pods("")
        assert cluster.calls.refused == 2
        assert cluster.calls.by_verb == {"list pods": 3}


@pytest.mark.parametrize("wanted", ["0", "3600"])
async def test_a_server_that_stays_busy_or_wants_an_hour_is_told_as_such(world, wanted):
    world.fake.state.busy, world.fake.state.retry_after = 99, wanted
    async with world.open() as cluster:
        with pytest.raises(TargetError, match="too busy") as raised:
            await cluster.pods("")
    assert "429" in raised.value.why
    assert "readyz" in raised.value.next_step
    assert cluster.calls.total == (5 if wanted == "0" else 1)


async def test_a_verb_that_is_forbidden_is_one_error_that_names_it(world):
    world.fake.state.forbidden.add(("list", "pods"))
    async with world.open() as cluster:
        with pytest.raises(TargetError, match=f"not allowed to list pods in namespace {world.namespace}") as raised:
            await cluster.pods(world.namespace)
    assert raised.value.next_step.startswith(f"kubectl auth can-i list pods -n {world.namespace}")
    assert raised.value.next_step.endswith("# ask for a role that may, for tester")


async def test_a_cluster_that_does_not_tell_who_asks_leaves_that_out_of_its_advice(world):
    world.fake.state.odd["selfsubjectreviews"] = UNSERVED
    async with world.open() as cluster:
        who = await cluster.whoami()
        assert (who.kind, "older than 1.28" in who.why) == (AbsentKind.NOT_APPLICABLE, True)
        told = await role_command(cluster, Capability.READ)
    assert told == "oakum doctor --role read | kubectl apply -f -    # by who may give roles"


async def test_a_node_s_figures_that_may_not_be_read_are_absent_with_what_would_permit_it(world):
    world.ask("POST", "/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}})
    world.fake.state.stats["n1"] = {
        "node": {"nodeName": "n1", "memory": {"time": "2026-11-21T10:00:00Z", "availableBytes": 5}},
        "pods": [{"podRef": {"name": "cart"}, "containers": [{"name": "app", "memory": {"rssBytes": 7}}]}],
    }
    async with world.open() as cluster:
        told = await cluster.usage("n1")
        assert (told.node, told.available_bytes, told.containers[0].rss_bytes) == ("n1", 5, 7)
        assert isinstance(told.containers[0].working_set_bytes, Absent)
        world.fake.state.forbidden.add(("get", "nodes/proxy"))
        refused = await cluster.usage("n1")
    assert isinstance(refused, Absent)
    assert refused.kind is AbsentKind.NOT_PERMITTED
    assert "nodes/proxy" in refused.get


@pytest.mark.parametrize(
    ("code", "content", "kind"),
    [
        (404, b"404 page not found", AbsentKind.NOT_APPLICABLE),
        (405, b"", AbsentKind.NOT_APPLICABLE),
        (501, b'{"message": "no"}', AbsentKind.NOT_APPLICABLE),
        (410, b"{}", AbsentKind.NOT_APPLICABLE),
        (400, b"{}", AbsentKind.UNREADABLE),
        (301, b"", AbsentKind.UNREADABLE),
        (500, b"x", AbsentKind.UNREADABLE),
        (200, b"<html>", AbsentKind.UNREADABLE),
    ],
)
async def test_an_odd_answer_of_a_node_costs_its_figures_only(world, code, content, kind):
    world.ask("POST", "/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}})
    world.fake.state.odd["nodes/proxy"] = (code, content)
    async with world.open() as cluster:
        told = await cluster.usage("n1")
    assert isinstance(told, Absent)
    assert told.kind is kind
    assert told.why


@pytest.mark.parametrize(("code", "family"), [(301, 3), (405, 3), (501, 3), (400, 70), (422, 70)])
async def test_what_no_api_server_answers_is_not_called_our_own_fault(world, code, family):
    world.fake.state.odd["pods"] = (code, b"{}")
    async with world.open() as cluster:
        with pytest.raises(OakumError, match="list pods") as raised:
            await cluster.pods(world.namespace)
    assert raised.value.exit_code == family


@pytest.mark.parametrize("told", ["proxy-url", "ALL_PROXY"])
async def test_a_socks_proxy_without_its_package_is_one_error_with_what_to_install(tmp_path, monkeypatch, told):
    monkeypatch.setitem(sys.modules, "socksio", None)
    proxy = {"proxy-url": "socks5://proxy.example:1080"}
    if told == "ALL_PROXY":
        monkeypatch.setenv("ALL_PROXY", proxy.pop("proxy-url"))
    file = kubeconfig(tmp_path / "config", "http://cluster.example", **proxy)
    with pytest.raises(MachineError, match="SOCKS proxy") as raised:
        async with connected(find_access({"KUBECONFIG": str(file)}, tmp_path)):
            pass
    assert "socksio" in raised.value.next_step


async def test_a_proxy_of_the_environment_that_is_none_is_one_error_without_its_password(tmp_path, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "foo://ann:s3cret@proxy.example")
    file = kubeconfig(tmp_path / "config", "http://cluster.example")
    with pytest.raises(CallerError, match="or of its proxy is none") as raised:
        async with connected(find_access({"KUBECONFIG": str(file)}, tmp_path)):
            pass
    assert "s3cret" not in str(raised.value)
    assert "grep -i proxy" in raised.value.next_step


async def test_no_server_is_one_error_with_its_address(world):
    world.fake.stop()
    async with world.open() as cluster:
        with pytest.raises(TargetError, match="does not answer") as raised:
            await cluster.pods("")
    assert world.fake.url in raised.value.why
    assert raised.value.next_step.startswith("kubectl cluster-info")


async def test_an_owner_of_the_same_name_that_was_made_again_is_not_the_owner(world):
    deployment = world.make_deployment("cart")
    stale = {**owner(deployment, "Deployment"), "uid": "00000000-0000-4000-8000-00000000beef"}
    world.make_pod("left", owner=stale)
    async with world.open() as cluster:
        assert isinstance(await cluster.top(await cluster.pod(world.namespace, "left")), Absent)


async def test_a_server_that_is_no_kubernetes_is_told(world):
    world.make_pod("cart")
    world.fake.state.logs[world.namespace, "cart", "app", False] = b"text"
    async with world.open() as cluster:
        with pytest.raises(DataError, match="no JSON"):
            await cluster._api.get(f"{world.pods('cart')}/log", Call("get", "pods"), {"container": "app"})


async def test_a_log_that_the_node_has_lost_is_absent_though_the_answer_is_200(world):
    world.make_pod("cart")
    name = ContainerName(world.namespace, "cart", "app")
    logs = world.fake.state.logs
    logs[world.namespace, "cart", "app", False] = b"one\ntwo\n"
    logs[world.namespace, "cart", "app", True] = b"unable to retrieve container logs for containerd://abc"
    async with world.open() as cluster:
        assert await cluster.logs(name) == "one\ntwo\n"
        lost = await cluster.logs(name, previous=True)
        del logs[world.namespace, "cart", "app", True]
        never = await cluster.logs(name, previous=True)
    assert isinstance(lost, Absent)
    assert "removed" in lost.why
    assert isinstance(never, Absent)
    assert "not found" in never.why


async def test_a_program_is_run_with_what_it_is_given_and_its_ends_are_told_apart(world):
    world.make_pod("cart")
    name = ContainerName(world.namespace, "cart", "app")
    world.fake.state.programs = {
        "sum": lambda _, given: Run(out=hashlib.sha256(given).hexdigest().encode(), err=b"note", code=3),
        "flood": lambda *_: Run(out=b"x" * 50_000),
        "dies": lambda *_: Run(out=b"half", cut=True),
    }
    given = os.urandom(100_000)
    async with world.open() as cluster:
        done = await cluster.run(name, ["sum", "-b"], within_s=20, given=given)
        assert (done.code, done.out, done.err) == (3, hashlib.sha256(given).hexdigest().encode(), b"note")
        flood = await cluster.run(name, ["flood"], within_s=20, most_bytes=9_500)
        assert (flood.cut, len(flood.out)) == (True, 9_500)
        missing = await cluster.run(name, ["sh", "-c", "true"], within_s=20)
        assert isinstance(missing, Absent)
        assert "kubectl debug" in missing.get
        with pytest.raises(TargetError, match="was cut off"):
            await cluster.run(name, ["dies"], within_s=20)
        world.fake.state.forbidden.add(("create", "pods/exec"))
        with pytest.raises(TargetError, match="not allowed to create pods/exec"):
            await cluster.run(name, ["sum"], within_s=20)


async def test_a_program_that_does_not_end_is_given_up(world):
    world.make_pod("cart")
    given_up = threading.Event()
    world.fake.state.programs["sleep"] = lambda *_: Run(cut=given_up.wait(30))
    async with world.open() as cluster:
        with pytest.raises(TargetError, match="takes too long"):
            await cluster.run(ContainerName(world.namespace, "cart", "app"), ["sleep"], within_s=0.05)
    given_up.set()


async def test_an_api_server_that_does_not_let_us_in_in_time_is_one_clear_error_of_every_way_into_a_container(
    world, monkeypatch
):
    world.make_pod("cart")
    name = ContainerName(world.namespace, "cart", "app")
    async with world.open() as cluster:
        monkeypatch.setattr("oakum.kube.channels.CONNECT_S", 0.0)
        for way in (cluster.converse(name, ["cat"]), cluster.forward(world.namespace, "cart", 8080)):
            with pytest.raises(TargetError, match="does not answer"):
                async with way:
                    pass
        with pytest.raises(TargetError, match="does not answer"):
            await cluster.run(name, ["cat"], within_s=20)


async def test_a_program_is_spoken_with_and_its_end_is_told_with_its_last_words(world):
    world.make_pod("cart")
    name = ContainerName(world.namespace, "cart", "app")
    world.fake.state.talkers = {"cat": talks(["cat"]), "brief": talks(["cat"], most_bytes=10), "app": talks(["cat"])}
    given = os.urandom(100_000)
    async with world.open() as cluster:
        async with cluster.converse(name, ["cat"]) as conversation:
            await conversation.send(given)
            came = b""
            while len(came) < len(given):
                came += await conversation.receive()
            assert came == given
        async with cluster.converse(name, ["brief"]) as conversation:
            await conversation.send(given)
            with pytest.raises(TargetError, match="has ended") as raised:
                await conversation.receive()
            assert "its exit code is 137" in raised.value.why
        async with cluster.converse(name, ["python3", "-c", ""]) as conversation:
            with pytest.raises(TargetError, match="has ended") as raised:
                await conversation.receive()
            assert "no such program" in raised.value.why


async def test_a_visitor_is_added_to_a_pod_and_one_that_is_refused_is_told(world):
    world.make_pod("cart")
    async with world.open() as cluster:
        pod = await cluster.pod(world.namespace, "cart")
        await cluster.visit(pod, Visitor("oakum-1", "python:3", "app", ("python3",)))
        (added,) = [each for each in (await cluster.pod(world.namespace, "cart")).containers if each.name == "oakum-1"]
        assert (added.role, added.image, added.running) == (Role.EPHEMERAL, "python:3", True)
        kept = world.ask("GET", world.pods("cart"))["spec"]["ephemeralContainers"][0]
        assert (kept["targetContainerName"], "stdin" in kept) == ("app", False)
        assert kept["securityContext"]["capabilities"] == {"add": ["SYS_PTRACE"]}
        with pytest.raises(TargetError, match="does not take an ephemeral container") as raised:
            await cluster.visit(pod, Visitor("oakum-2", " ", "app", ()))
        assert "Required value" in raised.value.why
        with pytest.raises(TargetError, match="was replaced or changed meanwhile"):
            await cluster.visit(replace(pod, uid="of-the-one-before"), Visitor("oakum-4", "python:3", "app", ()))
        assert "oakum-4" not in str(world.ask("GET", world.pods("cart")))
        world.fake.state.forbidden.add(("patch", "pods/ephemeralcontainers"))
        with pytest.raises(TargetError, match="not allowed to patch pods/ephemeralcontainers"):
            await cluster.visit(pod, Visitor("oakum-3", "python:3", "app", ()))


async def test_a_port_is_reached_and_one_that_nobody_listens_on_is_told(world):
    world.make_pod("cart")
    world.fake.state.ports["cart", 8080] = lambda given: given.upper()
    async with world.open() as cluster:
        async with cluster.forward(world.namespace, "cart", 8080) as tunnel:
            await tunnel.send(b"hello")
            assert await tunnel.receive() == b"HELLO"
        async with cluster.forward(world.namespace, "cart", 9) as tunnel:
            with pytest.raises(TargetError, match="cannot be reached"):
                await tunnel.receive()
