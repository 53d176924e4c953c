"""What an investigation says where the worst container cannot be looked into from another machine, or only half."""

from __future__ import annotations

import sys

import pytest
from fake_machine import MIB, FakeMachine, FakePiece
from kube_server import talks
from test_contract_cluster_over_time import NAME, TARGET, Person, told
from test_contract_cluster_workload import PODS, elsewhere, investigated, world

from oakum.host.afar.agent import command
from oakum.kube import cluster as open_cluster
from oakum.loop.consent import Consent
from oakum.loop.from_afar import Ways, looked_into_from_afar
from oakum.loop.investigate import Settings
from oakum.loop.on_node import Looked
from oakum.loop.progress import Silent
from oakum.loop.terms import Terms
from oakum.model.absent import AbsentKind
from oakum.model.budget import Budget
from oakum.model.container_memory import ContainerMemory
from oakum.model.policy import Policy
from oakum.model.series import Scope, WorkloadSeries
from oakum.model.target import parse_target

__all__ = ["world"]

AGAIN = f"oakum investigate {TARGET}"


def looked(world, tmp_path, *, execute=True, image="", node_pod="", progress=None, inspect=None, budget=None):
    """Of a container that was found to be the worst; the rest of the answer is what the cluster told."""
    pod = next(pod for pod in PODS if pod["metadata"]["name"] == NAME)
    (status,) = pod["status"]["containerStatuses"]
    number = status["containerID"].removeprefix("containerd://")
    series = WorkloadSeries(NAME, (), scope=Scope.CONTAINER)
    answer = investigated(world, TARGET, elsewhere())
    uid = pod["metadata"]["uid"]
    worst = ContainerMemory("shop", NAME, uid, "app", number, "", "lab", "", series, answer.verdict)
    return looked_into_from_afar(
        parse_target(TARGET),
        Looked(answer, worst),
        opens=lambda: open_cluster(environment={"KUBECONFIG": str(world.kubeconfig)}, home=tmp_path),
        ways=Ways(Consent(agreed=execute), image, node_pod),
        machine=FakeMachine(),
        policy=Policy(),
        settings=Settings.of(watch_s=5.0, terms=Terms(inspect, budget or Budget())),
        progress=progress or Silent(),
    )


def heap(found):
    (missed,) = [absent for absent in found.absent if absent.what == f"what the heap of {NAME}/app holds"]
    return missed


def asked(world, part):
    return [line for line in world.fake.state.asked if f"/{part}" in line and "stats" not in line]


def test_without_a_yes_nothing_is_started_and_the_answer_names_the_commands_that_say_it(world, tmp_path):
    person = Person(answer=False)
    missed = heap(looked(world, tmp_path, execute=None, progress=person))
    assert (missed.kind, "it was declined" in missed.why) == (AbsentKind.NOT_YET, True)
    assert missed.get.startswith(f"{AGAIN} --exec; or {AGAIN} --no-exec --image IMAGE")
    assert person.questions == 1
    assert not asked(world, "exec")


@pytest.mark.parametrize("answer", [False, None], ids=["no", "nobody there"])
def test_where_the_program_in_it_is_not_agreed_to_no_container_is_added_in_its_place(world, tmp_path, answer):
    missed = heap(looked(world, tmp_path, execute=None, image="shop/tools:1", progress=Person(answer=answer)))
    assert missed.get.startswith(f"{AGAIN} --exec; or {AGAIN} --no-exec --image shop/tools:1")
    assert not asked(world, "ephemeralcontainers")


@pytest.mark.parametrize(("inspect", "questions"), [(None, 1), (False, 0)], ids=["declined", "--no-inspect"])
def test_where_a_node_js_may_not_be_asked_no_container_is_added_of_which_nothing_would_come(
    world, tmp_path, inspect, questions
):
    starts(world, ["node", "server.js"])
    person = Person(answer=False)
    missed = heap(looked(world, tmp_path, execute=False, image="python:3", progress=person, inspect=inspect))
    assert missed.get == f"{AGAIN} --no-exec --image python:3 --inspect"
    assert person.questions == questions
    assert not asked(world, "ephemeralcontainers")


def starts(world, words):
    for (kind, _, name), body in world.fake.state.objects.items():
        if (kind, name) == ("pods", NAME):
            body["spec"]["containers"][0]["command"] = words


def test_a_container_that_is_nearly_full_is_not_entered_and_nor_is_its_pod(world, tmp_path):
    told(world)["memory"] |= {"workingSetBytes": 80 << 20}
    missed = heap(looked(world, tmp_path, image="python:3"))
    assert missed.kind is AbsentKind.TOO_DEAR
    assert "16.0 MiB below its limit" in missed.why
    assert "16.0 MiB below its pod's limit" in missed.why
    assert not [line for line in asked(world, "exec") if "python3" in line]
    assert not asked(world, "ephemeralcontainers")


def test_an_image_without_python_is_told_with_what_would_look(world, tmp_path):
    missed = heap(looked(world, tmp_path))
    assert "no such program" in missed.why
    assert f"{AGAIN} --exec --image IMAGE" in missed.get


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({"waiting": {"reason": "ErrImagePull", "message": "no such image"}}, "ErrImagePull: no such image"),
        ({"terminated": {"reason": "Error", "exitCode": 127}}, "it ended at once: Error"),
    ],
    ids=["no image", "no python"],
)
def test_an_ephemeral_container_that_does_not_run_is_told_and_that_it_stays(world, tmp_path, state, why):
    world.fake.state.visitors = lambda container: state if container else {}
    missed = heap(looked(world, tmp_path, image="shop/nothing:1"))
    assert why in missed.why
    assert "stays listed" in missed.why
    assert missed.get.startswith("kubectl describe pod")


def test_an_ephemeral_container_needs_verbs_and_those_that_are_missing_are_named_and_who_lacks_them(world, tmp_path):
    world.fake.state.forbidden |= {("patch", "pods/ephemeralcontainers"), ("create", "pods/exec")}
    missed = heap(looked(world, tmp_path, image="python:3"))
    assert "not allowed to create pods/exec" in missed.why
    assert "not allowed to patch pods/ephemeralcontainers and to create pods/exec" in missed.why
    assert missed.get.startswith("oakum doctor --role capture --namespace shop --to tester | kubectl apply -f -")
    assert f"{AGAIN} --exec --node-pod python:3    # the last resort" in missed.get
    assert not asked(world, "ephemeralcontainers")


def test_a_container_that_goes_while_it_is_looked_into_leaves_the_cluster_s_answer_whole(world, tmp_path):
    world.fake.state.talkers["python3"] = talks(list(command()), most_bytes=2_000)
    found = looked(world, tmp_path)
    missed = heap(found)
    assert "has ended" in missed.why
    assert {"workload", "container"} <= {each.id for each in found.evidence}


def test_what_is_no_agent_is_told(world, tmp_path):
    world.fake.state.talkers["python3"] = talks(["sh", "-c", "echo Python 2.7; cat >/dev/null"])
    assert "cannot be understood" in heap(looked(world, tmp_path)).why


def test_a_node_with_larger_pages_than_this_machine_is_not_read_and_the_cluster_s_answer_is_kept(world, tmp_path):
    *python, begin = command(sys.executable)
    larger = "import resource\nresource.getpagesize = lambda: 65536\n"
    world.fake.state.talkers["python3"] = talks([*python, larger + begin])
    found = looked(world, tmp_path)
    missed = heap(found)
    assert "its node's kernel has pages of 64.0 KiB, this machine has pages of 4.00 KiB" in missed.why
    assert "pages of that size" in missed.get
    assert {"workload", "container"} <= {each.id for each in found.evidence}


@pytest.fixture
def python_there(world, monkeypatch):
    """What the agent reaches is a Python process that holds 8 MiB, of which 2 cross the network in a second."""
    world.fake.state.talkers["python3"] = talks(list(command(sys.executable)))
    machine = FakeMachine()
    process = machine.start(("python3", "app.py"), cgroup="/cart")
    process.carried_bytes_per_s = float(2 * MIB)
    version = b"\0" * 512 + b"3.11.7 (main, Dec  8 2023, 18:56:58) [GCC 12.2.0]"
    process.pieces[0x5000_0000] = FakePiece(bytearray(version.ljust(4096, b"\0")), "/usr/bin/python3.11")
    process.pieces[0x7F00_0000_0000] = FakePiece(bytearray(b"\x11" * 8 * MIB))
    monkeypatch.setattr("oakum.loop.from_afar.reached", lambda *_, **__: (machine.ports(), "/cart"))
    return process


@pytest.mark.usefixtures("python_there")
def test_what_a_python_heap_costs_the_network_is_told_before_it_is_copied(world, tmp_path):
    person = Person(answer=True)
    found = looked(world, tmp_path, progress=person)
    (price,) = [each.facts for each in found.evidence if each.id == "preflight"]
    assert (price["carried_bytes_per_s"], round(price["takes_s"])) == (2 * MIB, 4)
    told = [number for number, text in enumerate(person.stages) if "cross the network in about 4" in text]
    compared = [number for number, text in enumerate(person.stages) if "comparing the two captures" in text]
    assert told < compared


@pytest.mark.usefixtures("python_there")
@pytest.mark.parametrize(
    ("budget", "option"), [(Budget(max_bytes=MIB), "--max-bytes 13MiB"), (Budget(max_copy_s=2.0), "--max-copy 6s")]
)
def test_above_the_budget_it_stays_there_and_the_workload_s_command_allows_it(world, tmp_path, budget, option):
    found = looked(world, tmp_path, budget=budget)
    (refused,) = [absent for absent in found.absent if absent.what == "what the heap holds"]
    assert (refused.kind, refused.get) == (AbsentKind.TOO_DEAR, f"{AGAIN} --exec {option}")
    assert "would cross the network" in refused.why
    assert not [each for each in found.evidence if each.id.startswith("capture")]
