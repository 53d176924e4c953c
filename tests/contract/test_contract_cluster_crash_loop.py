"""A crash loop on an API server of our own: armed for the next start, its life sampled, its end told once."""

from __future__ import annotations

import copy
import threading
from types import SimpleNamespace

import pytest
from fake_machine import FakeMachine
from test_contract_cluster_over_time import Person
from test_contract_cluster_workload import PODS, elsewhere, investigated, kinds, world

from oakum.model.absent import AbsentKind
from oakum.model.verdict import VerdictName

__all__ = ["world"]

TARGET = "deploy/shop/hasty"
POD = next(pod for pod in PODS if pod["metadata"]["labels"]["app"] == "hasty")
NAME, UID = POD["metadata"]["name"], POD["metadata"]["uid"]
NEXT = "ab" * 32


def told(found, kind):
    return [each.title for each in found.evidence if each.id.partition("-")[0] == kind]


def state(**changes):
    """The pod with another state of its container."""
    pod = copy.deepcopy(POD)
    (status,) = pod["status"]["containerStatuses"]
    status |= changes
    return pod


@pytest.fixture
def loop(world):
    """It died and waits, killed for memory after two seconds."""
    end = {"exitCode": 137, "reason": "OOMKilled", "containerID": f"containerd://{'cd' * 32}"}
    end |= {"startedAt": "2026-11-21T19:10:00Z", "finishedAt": "2026-11-21T19:10:02Z"}
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
    put(world, state(restartCount=4, state=waiting, lastState={"terminated": end}))
    return world


def put(world, pod):
    made = world.ask("GET", world.pods(NAME))
    world.ask("PUT", f"{world.pods(NAME)}/status", made | {"status": pod["status"]})


def test_elsewhere_a_life_that_its_kubelet_misses_is_named_and_nothing_is_called_a_suspicion(loop):
    found = investigated(loop, TARGET, elsewhere(), watch_s=1.5)
    assert found.verdict.name is VerdictName.CANNOT_TELL
    missed = next(absent for absent in found.absent if "from a start to its death" in absent.what)
    assert (missed.what, missed.get) == (
        f"the memory of {NAME}/app from a start to its death",
        "the same command on node lab, as root",
    )
    assert any("restarted 4 times; its last run lasted 2.00 s" in line for line in told(found, "loop"))
    assert any("canary" in step.title for step in found.plan.steps)


def test_a_person_is_asked_before_the_next_start_is_waited_for(loop):
    body = loop.fake.state.objects["pods", "shop", NAME]
    body["spec"]["containers"].append({"name": "web", "image": "shop/web:1"})
    running = {"running": {"startedAt": "2023-11-14T22:13:21Z"}}
    body["status"]["containerStatuses"].append(
        {"name": "web", "ready": True, "restartCount": 0, "image": "", "imageID": "", "state": running}
    )
    person = Person(answer=False)
    investigated(loop, TARGET, elsewhere(), watch_s=1.0, progress=person)
    begins = [next(at for at, text in enumerate(person.stages) if word in text) for word in ("A shell would", "armed")]
    assert begins == sorted(begins)
    assert person.questions == 1


def test_elsewhere_a_container_that_did_not_start_meanwhile_is_not_called_too_short_lived(loop):
    end = {"exitCode": 137, "reason": "OOMKilled", "containerID": f"containerd://{'cd' * 32}"}
    end |= {"startedAt": "2020-11-21T19:10:00Z", "finishedAt": "2020-11-21T19:10:02Z"}
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
    put(loop, state(restartCount=4, state=waiting, lastState={"terminated": end}))
    found = investigated(loop, TARGET, elsewhere(), watch_s=1.5)
    missed = next(absent for absent in found.absent if "from a start to its death" in absent.what)
    assert "it did not start within" in missed.why
    assert missed.get.startswith("a longer --for")


def test_elsewhere_a_kubelet_that_may_not_be_asked_is_why_and_not_how_seldom_it_measures(loop):
    loop.fake.state.forbidden.add(("get", "nodes/proxy"))
    found = investigated(loop, TARGET, elsewhere(), watch_s=1.5)
    missed = next(absent for absent in found.absent if "from a start to its death" in absent.what)
    assert missed.kind is AbsentKind.NOT_PERMITTED
    assert "10 to 15 s" not in missed.why


def test_on_its_node_the_next_life_is_sampled_from_its_start_to_its_death_which_is_told_once(loop):
    machine = FakeMachine()
    path = f"/kubepods/burstable/pod{UID}/{NEXT}"
    machine.start(cgroup=f"/kubepods/burstable/pod{UID}/{'ee' * 32}")
    here = SimpleNamespace(clock=machine.clock, cgroups=machine.cgroups, kernel_log=machine.kernel_log)

    def start():
        machine.start(cgroup=path, anon_bytes=50 << 20)
        running = {"running": {"startedAt": "2023-11-14T22:13:21Z"}}
        put(loop, state(restartCount=5, state=running, containerID=f"containerd://{NEXT}"))

    def die():
        end = {"exitCode": 137, "reason": "OOMKilled", "containerID": f"containerd://{NEXT}"}
        end |= {"startedAt": "2023-11-14T22:13:21Z", "finishedAt": "2023-11-14T22:13:23Z"}
        machine.groups.pop(path)
        put(loop, state(restartCount=5, state={"terminated": end}, lastState={}))

    timers = [threading.Timer(1.0, start), threading.Timer(3.0, die)]
    for timer in timers:
        timer.start()
    found = investigated(loop, TARGET, here, watch_s=4.5)
    for timer in timers:
        timer.join()
    assert kinds(found) == ["oom-killed", "oom-killed"]
    (life,) = found.series.lifetimes
    assert life.ending.value == "oom-killed"
    assert len(life) > 5
    assert found.watched[0].labels["workload"] == TARGET
