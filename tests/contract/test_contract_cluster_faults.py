"""What goes wrong between Oakum and an API server, over real HTTP: lived through, or told as one clear error."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
import yaml
from clusters import fake_cluster, kubeconfig, owner
from kube_server import TOKEN, UNSERVED, Run, talks

from oakum.kube import cluster as open_cluster
from oakum.kube.config import find_access
from oakum.kube.faults import Call
from oakum.kube.hands import RESTARTED
from oakum.kube.live import connected
from oakum.kube.pace import PaceSettings
from oakum.kube.watching import WatchSettings
from oakum.loop.role_command import role_command
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import ChangeKind
from oakum.model.cluster_pod import ContainerName, Role, Visitor
from oakum.model.errors import CallerError, DataError, MachineError, OakumError, RefusedError, TargetError
from oakum.model.rights import Capability, rights_of


@pytest.fixture
def world(tmp_path):
    with fake_cluster(tmp_path) as made:
        yield made


@pytest.fixture
def anyio_backend():
    return "asyncio"


pytestmark = pytest.mark.anyio


async def off(call, *arguments, **named):
    return await anyio.to_thread.run_sync(lambda: call(*arguments, **named))


async def next_of(changes):
    with anyio.fail_after(30):
        return await anext(changes)


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


async def test_a_token_that_has_expired_is_one_error_with_how_to_log_in(world):
    with_user(world, {"token": "old"})
    async with world.open() as cluster:
        with pytest.raises(TargetError, match="does not know us") as raised:
            await cluster.pods(world.namespace)
    assert "expired" in raised.value.why
    assert "whoami" in raised.value.next_step
    assert "old" not in str(raised.value)


async def test_a_server_that_is_no_kubernetes_is_told(world):
    world.make_pod("cart")
    world.fake.state.logs[world.namespace, "cart", "app", False] = b"text"
    async with world.open() as cluster:
        with pytest.raises(DataError, match="no JSON"):
            await cluster._api.get(f"{world.pods('cart')}/log", Call("get", "pods"), {"container": "app"})


async def test_a_watch_goes_on_where_it_was_after_its_connection_broke(world):
    world.make_pod("first")
    async with world.open() as cluster, aclosing(cluster.watch_pods(world.namespace)) as changes:
        assert [(await next_of(changes)).kind.value for _ in range(2)] == ["added", "synced"]
        for turn in range(3):
            await off(world.make_pod, f"made-{turn}")
            seen = await next_of(changes)
            assert (seen.item.name, seen.relisted) == (f"made-{turn}", False)
            await off(world.fake.break_off)
        assert cluster.calls.by_verb["list pods"] == 1


async def test_a_watch_whose_version_is_forgotten_lists_again_and_tells_what_differs(world):
    for name in ("stays", "changes", "goes"):
        world.make_pod(name)
    async with world.open() as cluster, aclosing(cluster.watch_pods(world.namespace)) as changes:
        while (await next_of(changes)).kind is not ChangeKind.SYNCED:
            pass
        world.fake.stop()
        world.fake.state.bookmark_s = 60
        # While the server is down, what it knows changes all the same: another one may have served.
        state = world.fake.state
        del state.objects["pods", world.namespace, "goes"]
        state.version += 1
        state.objects["pods", world.namespace, "changes"]["metadata"]["resourceVersion"] = str(state.version)
        world.fake.forget()
        world.fake.start()
        told = [await next_of(changes) for _ in range(2)]
    assert {(seen.kind.value, seen.item.name, seen.relisted) for seen in told} == {
        ("gone", "goes", True),
        ("changed", "changes", True),
    }


async def test_bookmarks_carry_a_quiet_watch_past_what_is_forgotten(world):
    world.make_pod("quiet")
    async with world.open() as cluster, aclosing(cluster.watch_pods(world.namespace)) as changes:
        assert [(await next_of(changes)).kind.value for _ in range(2)] == ["added", "synced"]
        for turn in range(5):
            body = {"metadata": {"name": f"other-{turn}"}}
            await off(world.ask, "POST", "/api/v1/namespaces", body)
        asked = len(world.fake.state.asked)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_pull, changes)
            # Several bookmarks come by meanwhile.
            await anyio.sleep(world.fake.state.bookmark_s * 6)
            await off(world.fake.forget)
            await off(world.make_pod, "news")
        assert not [line for line in world.fake.state.asked[asked:] if "limit=" in line]


async def _pull(changes):
    assert (await next_of(changes)).item.name == "news"


async def test_a_watch_ends_with_an_error_when_the_server_stays_away_too_long(world):
    access = find_access({"KUBECONFIG": str(world.kubeconfig)}, Path("/nowhere"))
    hasty = WatchSettings(lasts_s=5, first_wait_s=0.01, longest_wait_s=0.02, patience_s=0.1)
    async with connected(access, watch=hasty) as cluster, aclosing(cluster.watch_pods()) as changes:
        assert (await next_of(changes)).kind is ChangeKind.SYNCED
        await off(world.fake.stop)
        with pytest.raises(TargetError, match="does not answer"):
            await next_of(changes)


async def test_a_watch_whose_server_is_not_there_from_the_start_ends_before_its_patience_with_one_that_was(world):
    access = find_access({"KUBECONFIG": str(world.kubeconfig)}, Path("/nowhere"))
    settings = WatchSettings(first_wait_s=0.01, longest_wait_s=0.02, first_patience_s=0.2, patience_s=900)
    await off(world.fake.stop)
    async with connected(access, watch=settings) as cluster, aclosing(cluster.watch_pods()) as changes:
        with pytest.raises(TargetError, match="does not answer"):
            await next_of(changes)
    await off(world.fake.start)


async def test_watches_that_end_at_once_are_not_asked_for_as_fast_as_can_be(world):
    world.fake.state.mute_watches = True
    access = find_access({"KUBECONFIG": str(world.kubeconfig)}, Path("/nowhere"))
    settings = WatchSettings(lasts_s=5, first_wait_s=0.1, longest_wait_s=0.2, patience_s=0.6, relist_after=99)
    fast = PaceSettings(per_s=10_000, burst=10_000)
    async with connected(access, pace=fast, watch=settings) as cluster, aclosing(cluster.watch_pods()) as changes:
        assert (await next_of(changes)).kind is ChangeKind.SYNCED
        with pytest.raises(TargetError, match="before it told anything"):
            await next_of(changes)
    assert cluster.calls.by_verb["watch pods"] < 10


async def test_a_watch_whose_connection_says_nothing_is_made_anew_and_misses_nothing(world):
    """Its other end may be gone: nothing tells a dead connection from a quiet cluster but that time goes by."""
    access = find_access({"KUBECONFIG": str(world.kubeconfig)}, Path("/nowhere"))
    world.fake.state.bookmark_s = 3600.0
    settings = WatchSettings(lasts_s=1, grace_s=0.1, first_wait_s=0.01, longest_wait_s=0.02)
    async with connected(access, watch=settings) as cluster, aclosing(cluster.watch_pods()) as changes:
        assert (await next_of(changes)).kind is ChangeKind.SYNCED
        async with anyio.create_task_group() as group:

            async def later():
                with anyio.fail_after(60):
                    while cluster.calls.by_verb.get("watch pods", 0) < 2:  # noqa: ASYNC110  (nothing tells it)
                        await anyio.sleep(0.05)
                await off(world.make_pod, "news")

            group.start_soon(later)
            with anyio.fail_after(60):
                assert (await anext(changes)).item.name == "news"


def test_a_silent_connection_is_given_up_no_later_than_client_go_gives_up_one():
    assert WatchSettings().lasts_s + WatchSettings().grace_s <= 45


async def test_a_watch_that_is_forbidden_says_so_at_once(world):
    world.fake.state.forbidden.add(("watch", "pods"))
    async with world.open() as cluster, aclosing(cluster.watch_pods()) as changes:
        assert (await next_of(changes)).kind is ChangeKind.SYNCED
        with pytest.raises(TargetError, match="not allowed to watch pods"):
            await next_of(changes)


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


def login_program(folder, script, **told):
    program = folder / "login"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "./login", **told}}


def with_user(world, user):
    told = yaml.safe_load(world.kubeconfig.read_text())
    told["users"][0]["user"] = user
    world.kubeconfig.write_text(yaml.safe_dump(told))


CREDENTIAL = '{"kind":"ExecCredential","status":{"token":"%s"%s}}'


async def test_a_login_program_is_asked_once_and_again_when_its_token_is_refused(world, tmp_path):
    (tmp_path / "token").write_text("old")
    script = f"""echo asked >> {tmp_path}/asked
case "$KUBERNETES_EXEC_INFO" in *ExecCredential*) ;; *) exit 9;; esac
printf '{CREDENTIAL % ("%s", "")}' "$(cat {tmp_path}/token)" """
    with_user(world, login_program(tmp_path, script, env=[{"name": "A", "value": "b"}]))
    world.fake.state.tokens.add("old")
    async with world.open() as cluster:
        await cluster.pods("")
        await cluster.pods("")
        assert (tmp_path / "asked").read_text().count("asked") == 1
        world.fake.state.tokens.discard("old")
        (tmp_path / "token").write_text(TOKEN)
        await cluster.pods("")
    assert (tmp_path / "asked").read_text().count("asked") == 2


async def test_a_token_that_expires_soon_is_renewed_before_it_is_refused(world, tmp_path):
    expiry = ',"expirationTimestamp":"2020-01-01T00:00:00Z"'
    script = f"echo asked >> {tmp_path}/asked; printf '{CREDENTIAL % (TOKEN, expiry)}'"
    with_user(world, login_program(tmp_path, script))
    async with world.open() as cluster:
        await cluster.pods("")
        await cluster.pods("")
    assert (tmp_path / "asked").read_text().count("asked") == 2


@pytest.mark.parametrize(
    ("script", "why"),
    [("echo 'no session: log in' >&2; exit 1", "no session: log in"), ("echo secret-token", "no ExecCredential")],
)
async def test_a_login_program_that_fails_is_told_without_what_it_printed(world, tmp_path, script, why):
    with_user(world, login_program(tmp_path, script))
    async with world.open() as cluster:
        with pytest.raises(TargetError, match="login program") as raised:
            await cluster.pods("")
    assert why in raised.value.why
    assert "secret-token" not in str(raised.value)


async def test_a_login_program_that_is_missing_is_told_with_its_own_hint(world):
    plugin = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "oakum-no-such", "installHint": "get it"}
    with_user(world, {"exec": plugin})
    async with world.open() as cluster:
        with pytest.raises(MachineError, match="oakum-no-such is not here") as raised:
            await cluster.pods("")
    assert raised.value.next_step == "get it"


async def test_a_token_file_that_was_renewed_is_read_again(world, tmp_path):
    (tmp_path / "token").write_text("stale")
    with_user(world, {"tokenFile": "token"})
    world.fake.state.tokens = {"stale", TOKEN}
    async with world.open() as cluster:
        await cluster.pods("")
        world.fake.state.tokens = {TOKEN}
        (tmp_path / "token").write_text(f"{TOKEN}\n")
        await cluster.pods("")


async def test_a_watch_and_a_program_outlive_the_login_that_they_began_with(world, tmp_path):
    world.make_pod("cart")
    (tmp_path / "token").write_text("first")
    with_user(world, {"tokenFile": "token"})
    world.fake.state.tokens = {"first", TOKEN}
    world.fake.state.programs["true"] = lambda *_: Run()
    async with world.open() as cluster, aclosing(cluster.watch_pods(world.namespace)) as changes:
        assert [(await next_of(changes)).kind.value for _ in range(2)] == ["added", "synced"]
        world.fake.state.tokens = {"second", TOKEN}
        (tmp_path / "token").write_text("second")
        await off(world.fake.break_off)
        await off(world.make_pod, "news")
        assert (await next_of(changes)).item.name == "news"
        world.fake.state.tokens = {"third", TOKEN}
        (tmp_path / "token").write_text("third")
        done = await cluster.run(ContainerName(world.namespace, "cart", "app"), ["true"], within_s=20)
    assert done.code == 0


async def test_a_watch_bears_a_login_program_that_fails_once_and_one_that_never_worked_ends_it(world, tmp_path):
    world.make_pod("cart")
    (tmp_path / "token").write_text("first")
    script = f"""[ -e {tmp_path}/down ] && {{ echo again > {tmp_path}/failed; rm {tmp_path}/down; exit 1; }}
printf '{CREDENTIAL % ("%s", "")}' "$(cat {tmp_path}/token)" """
    with_user(world, login_program(tmp_path, script))
    world.fake.state.tokens = {"first", TOKEN}
    async with world.open() as cluster, aclosing(cluster.watch_pods(world.namespace)) as changes:
        assert [(await next_of(changes)).kind.value for _ in range(2)] == ["added", "synced"]
        world.fake.state.tokens = {"second", TOKEN}
        (tmp_path / "token").write_text("second")
        (tmp_path / "down").touch()
        await off(world.fake.break_off)
        await off(world.make_pod, "news")
        assert (await next_of(changes)).item.name == "news"
    assert (tmp_path / "failed").exists()


async def test_a_cluster_that_proves_nothing_is_refused_unless_it_is_asked_for(world, tmp_path):
    kubeconfig(tmp_path / "insecure", world.fake.url, **{"insecure-skip-tls-verify": True})
    environment = {"KUBECONFIG": str(tmp_path / "insecure")}
    with pytest.raises(RefusedError, match="is not spoken to"):
        open_cluster(environment=environment, home=tmp_path)
    async with open_cluster(environment=environment, home=tmp_path, insecure=True) as cluster:
        assert (await cluster.version()).startswith("v1.")


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
