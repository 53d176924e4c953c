"""A workload's memory over time, off its node: by a shell in the container, by the kubelet, by nobody.

Each watches some seconds of an API server of our own; what a shell prints there is printed by a real one.
"""

from __future__ import annotations

import re
import subprocess
import threading

import pytest
from kube_server import Run
from test_contract_cluster_workload import PODS, elsewhere, investigated, world

from oakum.loop.progress import Silent
from oakum.model.absent import AbsentKind
from oakum.model.verdict import VerdictName
from oakum.sense.container_track import Source

__all__ = ["world"]

TARGET = "deploy/shop/child-killed"
NAME = next(pod["metadata"]["name"] for pod in PODS if pod["metadata"]["labels"]["app"] == "child-killed")


def told(world):
    """What the kubelet says of the container; it is replaced, never changed."""
    state = world.fake.state
    return next(pod for pod in state.stats["lab"]["pods"] if pod["podRef"]["name"] == NAME)["containers"][0]


def missed(found, what):
    return next(absent for absent in found.absent if what in absent.what)


def over_time(found):
    return next((each.facts for each in found.evidence if each.id == "memory"), None)


class Asked(dict):
    """Figures of nodes; when they are asked for the ``times``-th time, something is done first."""

    def __init__(self, told, times, then):
        super().__init__(told)
        self.left, self.then = times, then

    def __getitem__(self, node):
        self.left -= 1
        if self.left == 0:
            self.then()
        return super().__getitem__(node)


@pytest.fixture
def often(monkeypatch):
    """Kubelets are asked without a long wait between."""
    monkeypatch.setattr("oakum.loop.over_time.ASKED_EVERY_S", 0.2)


@pytest.fixture
def shell(world, tmp_path):
    """A real shell, over a folder like the container's own cgroup."""
    (tmp_path / "memory.stat").write_text(f"anon {60 << 20}\n")
    (tmp_path / "memory.max").write_text(f"{96 << 20}\n")

    def program(command, given):
        del given
        words = [word.replace("/sys/fs/cgroup", str(tmp_path)) for word in command]
        done = subprocess.run(words, capture_output=True, timeout=30, check=False)
        return Run(done.stdout, done.stderr, done.returncode)

    world.fake.state.programs["sh"] = program


@pytest.mark.usefixtures("shell")
def test_a_shell_in_the_container_tells_its_memory_and_its_limit(world):
    facts = over_time(investigated(world, TARGET, elsewhere(), watch_s=3.0, execute=True))
    assert (facts["source"], facts["limit_bytes"]) == (Source.SHELL.value, 96 << 20)
    assert facts["samples"] >= 2


def test_a_shell_lives_for_a_bounded_time_and_in_a_longer_watch_another_goes_on(world, shell, monkeypatch):
    monkeypatch.setattr("oakum.loop.over_time.SHELL_LIVES_S", 2.0)
    counted, program = [], world.fake.state.programs["sh"]

    def noted(command, given):
        counted.append(int(re.search(r"-lt ([0-9]+)", command[-1])[1]))
        return program(command, given)

    world.fake.state.programs["sh"] = noted
    found = investigated(world, TARGET, elsewhere(), watch_s=6.5, execute=True)
    assert len(counted) >= 2
    assert max(counted) <= 3
    facts = over_time(found)
    assert (facts["source"], facts["lifetimes"]) == (Source.SHELL.value, 1)
    assert facts["samples"] > max(counted)


def test_a_shell_that_is_lost_again_and_again_is_told_with_when_it_was(world, shell, monkeypatch):
    monkeypatch.setattr("oakum.loop.over_time.MOST_STARTS", 2)
    monkeypatch.setattr("oakum.loop.over_time.LONGEST_PAUSE_S", 0.1)
    del shell
    world.fake.state.programs["sh"] = lambda *_: Run(f"{60 << 20} {96 << 20}\n".encode(), b"", 137)
    found = investigated(world, TARGET, elsewhere(), watch_s=3.0, execute=True)
    lost = missed(found, "after the begin of the watch")
    assert (lost.kind, "lost 2 times" in lost.why) == (AbsentKind.UNREADABLE, True)


class Person(Silent):
    """Answers, and remembers what it was asked."""

    def __init__(self, answer):
        self.answer, self.stages, self.questions = answer, [], 0

    def stage(self, text):
        self.stages.append(text)

    def ask(self, question):
        assert question
        self.questions += 1
        return self.answer


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize(
    ("execute", "answer", "why"),
    [(None, None, "nobody was there to be asked"), (None, False, "it was declined"), (False, True, "it was declined")],
)
def test_no_shell_is_started_without_a_yes_and_the_answer_names_the_command_that_says_it(world, execute, answer, why):
    person = Person(answer)
    found = investigated(world, TARGET, elsewhere(), watch_s=1.0, execute=execute, progress=person)
    refused = missed(found, "at every second")
    assert (refused.kind, refused.get) == (AbsentKind.NOT_YET, f"oakum investigate {TARGET} --exec")
    assert refused.why.endswith(f"{why}.")
    assert over_time(found)["source"] == Source.KUBELET.value
    assert person.questions == (1 if execute is None else 0)


@pytest.mark.usefixtures("shell")
def test_a_yes_on_the_terminal_starts_the_shell_and_says_before_what_it_takes(world):
    person = Person(answer=True)
    found = investigated(world, TARGET, elsewhere(), watch_s=3.0, progress=person)
    assert over_time(found)["source"] == Source.SHELL.value
    asked = next(text for text in person.stages if "would be started" in text)
    assert NAME in asked
    assert "one or two MiB" in asked


@pytest.mark.usefixtures("shell")
def test_a_pod_whose_own_limit_is_nearly_reached_gets_no_shell(world):
    pod = world.fake.state.objects["pods", "shop", NAME]
    limits = {"resources": {"limits": {"memory": str(64 << 20)}}}
    world.fake.state.objects["pods", "shop", NAME] = pod | {"spec": pod["spec"] | limits}
    found = investigated(world, TARGET, elsewhere(), watch_s=1.0, execute=True)
    assert "3.00 MiB below its pod's limit" in missed(found, "at every second").why


@pytest.mark.usefixtures("shell")
def test_a_container_that_is_nearly_full_gets_no_shell_and_its_kubelet_tells(world):
    told(world)["memory"] |= {"workingSetBytes": 93 << 20}
    found = investigated(world, TARGET, elsewhere(), watch_s=1.0, execute=True)
    refused = missed(found, "at every second")
    assert (refused.kind, "3.00 MiB below its limit" in refused.why) == (AbsentKind.TOO_DEAR, True)
    assert over_time(found)["source"] == Source.KUBELET.value


@pytest.mark.usefixtures("often")
def test_an_image_without_a_shell_is_told_by_its_kubelet_and_its_figures_are_counted_once(world):
    later = dict(told(world)["memory"], time="2026-11-21T19:14:10Z", rssBytes=70 << 20)
    state = world.fake.state
    state.stats = Asked(state.stats, 4, lambda: told(world).update(memory=later))
    found = investigated(world, TARGET, elsewhere(), watch_s=3.0, execute=True)
    assert state.stats.left < -4
    assert "no such program" in missed(found, "at every second").why
    facts = over_time(found)
    assert (facts["source"], facts["samples"], facts["level_bytes"]) == (Source.KUBELET.value, 2, 70 << 20)
    assert found.verdict.name is VerdictName.CANNOT_TELL
    assert f"oakum investigate {TARGET} --for 15m" in found.verdict.settles


@pytest.mark.usefixtures("often")
def test_an_api_server_that_goes_away_during_the_watch_is_named(world):
    gone = threading.Thread(target=world.fake.stop)
    world.fake.state.stats = Asked(world.fake.state.stats, 3, gone.start)
    found = investigated(world, TARGET, elsewhere(), watch_s=4.0, execute=False)
    gone.join()
    assert missed(found, "ran until the end").kind is AbsentKind.UNREADABLE


@pytest.mark.usefixtures("often")
def test_what_a_role_may_not_do_is_named_verb_by_verb(world):
    world.fake.state.forbidden |= {("create", "pods/exec"), ("get", "nodes/proxy")}
    found = investigated(world, TARGET, elsewhere(), watch_s=5.0, execute=True)
    assert missed(found, "at every second").get.startswith("oakum doctor --role capture --namespace ")
    assert missed(found, "that containers on node lab use").get.startswith("a role that may get nodes/proxy: ")
    assert over_time(found) is None
    assert found.verdict.name is VerdictName.CANNOT_TELL


def restarted(world):
    """The container is killed, and runs again."""
    objects = world.fake.state.objects
    before = objects["pods", "shop", NAME]
    (status,) = before["status"]["containerStatuses"]
    killed = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-11-21T19:20:00Z"}
    anew = status | {
        "restartCount": 1,
        "containerID": "containerd://" + "b" * 64,
        "lastState": {"terminated": killed | status["state"]["running"]},
        "state": {"running": {"startedAt": "2026-11-21T19:20:01Z"}},
    }
    objects["pods", "shop", NAME] = before | {"status": before["status"] | {"containerStatuses": [anew]}}


def test_a_kill_during_the_watch_is_told_as_one_before_it_is(world):
    timer = threading.Timer(1.0, restarted, [world])
    timer.start()
    found = investigated(world, TARGET, elsewhere(), watch_s=4.0, execute=False)
    timer.join()
    (kill,) = found.kills
    assert kill.kind.for_memory
    assert kill.container == "app"
