"""A pod of ours on the target's node, made where nothing else can look and only when asked, and gone at the end."""

from __future__ import annotations

import sys

import pytest
from fake_machine import MIB, FakeMachine, FakePiece
from kube_server import talks
from test_contract_cluster_over_time import Person
from test_contract_cluster_workload import world
from test_contract_from_afar import AGAIN, heap, looked, starts

from oakum.host.afar.agent import command
from oakum.model.absent import AbsentKind
from oakum.model.node_pod import LABELS

__all__ = ["world"]

IMAGE = "python:3"
RUNNING = {"state": {"running": {"startedAt": "2026-11-21T10:05:01Z"}}}


def said(state, **status):
    """As its kubelet would tell of it."""
    told = {"name": "oakum", "ready": True, "restartCount": 0, "image": IMAGE, "imageID": "", **state}
    return {"status": {"phase": "Running", "containerStatuses": [told], **status}}


@pytest.fixture
def home(world):
    """Where such pods are made; each runs at once."""
    world.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "oakum"}})
    world.fake.state.starts = lambda pod: said(RUNNING) if pod["metadata"].get("labels") == LABELS else {}
    return world


@pytest.fixture
def python_there(home, monkeypatch):
    """A Python process; what the agent is told of it is this machine's own."""
    home.fake.state.talkers["python3"] = talks(list(command(sys.executable)))
    machine = FakeMachine()
    process = machine.start(("python3", "app.py"), cgroup="/cart")
    version = b"\0" * 512 + b"3.11.7 (main, Dec  8 2023, 18:56:58) [GCC 12.2.0]"
    process.pieces[0x5000_0000] = FakePiece(bytearray(version.ljust(4096, b"\0")), "/usr/bin/python3.11")
    process.pieces[0x7F00_0000_0000] = FakePiece(bytearray(b"\x11" * MIB))
    reached = []
    monkeypatch.setattr(
        "oakum.loop.from_afar.reached",
        lambda *_, **more: reached.append(more) or (machine.ports(), "/cart"),
    )
    return reached


def ours(world):
    return [name for kind, namespace, name in world.fake.state.objects if (kind, namespace) == ("pods", "oakum")]


def asked(world, words):
    return [line for line in world.fake.state.asked if line.startswith(words)]


MAKE = "POST /api/v1/namespaces/oakum/pods"


def test_where_nothing_else_can_it_looks_from_the_node_says_its_price_before_and_leaves_nothing(home, python_there):
    person = Person(answer=None)
    found = looked(home, home.kubeconfig.parent, execute=False, node_pod=IMAGE, progress=person)
    (told,) = [each.facts for each in found.evidence if each.id == "transport"]
    assert told["transport"] == "node pod"
    assert told["container"].startswith("pod/oakum/oakum-node-pod-")
    assert python_there == [{"inside": False, "on_node": True}]
    (price,) = [text for text in person.stages if "privileged" in text]
    assert "all processes of that node" in price
    assert "128 MiB of the node at most" in price
    assert ours(home) == []
    assert [absent for absent in found.absent if "end of pod" in absent.what] == []


@pytest.mark.usefixtures("python_there")
def test_what_an_earlier_oakum_left_is_removed_once_it_has_ended_and_what_runs_is_left_alone(home):
    states = {"ended": said({}, phase="Succeeded"), "late": said({}, phase="Failed"), "at-work": said(RUNNING)}
    for name, state in states.items():
        home.ask("POST", MAKE.removeprefix("POST "), {"metadata": {"name": name, "labels": LABELS}})
        home.fake.state.objects["pods", "oakum", name] |= state
    home.ask("POST", MAKE.removeprefix("POST "), {"metadata": {"name": "theirs"}, "status": {"phase": "Failed"}})
    person = Person(answer=None)
    looked(home, home.kubeconfig.parent, execute=False, node_pod=IMAGE, progress=person)
    assert sorted(ours(home)) == ["at-work", "theirs"]
    assert "deleted what an earlier Oakum left: pod/oakum/ended, pod/oakum/late" in person.stages


@pytest.mark.usefixtures("python_there")
def test_one_that_cannot_be_deleted_is_told_with_when_it_ends_and_the_answer_is_whole(home):
    home.fake.state.answers["delete pods"] = (400, {"message": "etcd is gone"})
    found = looked(home, home.kubeconfig.parent, execute=False, node_pod=IMAGE)
    (left,) = [absent for absent in found.absent if absent.what.startswith("the end of pod/oakum/oakum-node-pod-")]
    assert "it ends by itself within 15 min" in left.why
    assert left.get == f"kubectl delete pod -n oakum {ours(home)[0]}"
    assert [each for each in found.evidence if each.id == "transport"]


REFUSALS = {
    "pod security": (
        'pods "x" is forbidden: violates PodSecurity "restricted:latest": privileged',
        "its pod security forbids it",
        f"{AGAIN} --no-exec --node-pod {IMAGE} --node-pod-namespace NAME",
    ),
    "quota": (
        'pods "x" is forbidden: exceeded quota: few, requested: pods=1, used: pods=0, limited: pods=0',
        "its quota forbids it",
        f"{AGAIN} --no-exec --node-pod {IMAGE} --node-pod-namespace NAME",
    ),
    "limit range": (
        'pods "x" is forbidden: maximum memory usage per Container is 64Mi, but limit is 134217728',
        "maximum memory usage",
        "kubectl describe namespace oakum; or oakum investigate",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_namespace_that_takes_none_is_one_error_with_the_way_on(home, name):
    message, why, get = REFUSALS[name]
    home.fake.state.answers["create pods"] = (403, {"kind": "Status", "code": 403, "message": message})
    found = looked(home, home.kubeconfig.parent, execute=False, node_pod=IMAGE)
    missed = heap(found)
    assert why in missed.why
    assert missed.get.startswith(get)
    assert {"workload", "container"} <= {each.id for each in found.evidence}


def test_a_namespace_that_nobody_made_is_told_with_the_role_that_makes_it(world):
    missed = heap(looked(world, world.kubeconfig.parent, execute=False, node_pod=IMAGE))
    assert "there is no namespace oakum" in missed.why
    assert "oakum doctor --role node-pod | kubectl apply -f -" in missed.get


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (said({"state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}}), "ErrImagePull"),
        (said({"state": {"terminated": {"reason": "StartError", "exitCode": 128}}}), "it ended at once: StartError"),
        ({"status": {"phase": "Failed", "reason": "OutOfmemory", "message": "Node didn't have enough"}}, "OutOfmemory"),
    ],
    ids=["no image", "no python", "a full node"],
)
def test_one_that_does_not_run_is_told_and_is_gone(home, state, why):
    home.fake.state.starts = lambda _: state
    missed = heap(looked(home, home.kubeconfig.parent, execute=False, node_pod=IMAGE))
    assert why in missed.why
    assert missed.get.startswith("kubectl describe node lab")
    assert ours(home) == []


def test_on_a_node_that_is_not_ready_none_is_made(home):
    node = home.ask("GET", "/api/v1/nodes/lab")
    node["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
    home.ask("PUT", "/api/v1/nodes/lab/status", node)
    missed = heap(looked(home, home.kubeconfig.parent, execute=False, node_pod=IMAGE))
    assert "node lab is not ready" in missed.why
    assert not asked(home, MAKE)


def test_without_the_right_none_is_made_and_the_role_is_for_who_asked(home):
    home.fake.state.forbidden.add(("delete", "pods"))
    missed = heap(looked(home, home.kubeconfig.parent, execute=False, node_pod=IMAGE))
    assert missed.kind is AbsentKind.NOT_PERMITTED
    assert "not allowed to delete pods in namespace oakum" in missed.why
    assert missed.get.startswith("oakum doctor --role node-pod --to tester | kubectl apply -f -")
    assert not asked(home, MAKE)


@pytest.mark.parametrize("answer", [False, None], ids=["no", "nobody there"])
def test_where_the_program_in_it_is_not_agreed_to_none_is_made_in_its_place(home, answer):
    looked(home, home.kubeconfig.parent, execute=None, node_pod=IMAGE, progress=Person(answer=answer))
    assert not asked(home, MAKE)


def test_of_a_node_js_that_may_not_be_asked_none_is_made(home):
    starts(home, ["node", "server.js"])
    missed = heap(looked(home, home.kubeconfig.parent, execute=False, node_pod=IMAGE, inspect=False))
    assert missed.get == f"{AGAIN} --no-exec --node-pod {IMAGE} --inspect"
    assert not asked(home, MAKE)


def test_only_who_asks_for_it_has_one(home):
    looked(home, home.kubeconfig.parent, execute=False, image=IMAGE)
    looked(home, home.kubeconfig.parent)
    assert not asked(home, MAKE)
