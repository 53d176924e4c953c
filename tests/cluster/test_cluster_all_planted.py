"""Every planted workload, looked at by ``oakum investigate``: one table of what was told, and whether as planted.

They run side by side, each at its own pace and one look after the other as two processors allow; those that die are
asked once more when they did. The one that fills the memory of all pods runs before them, alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from kubectl import WORKLOADS
from planted import EXPECTED, ROWS, pod_of, processes_told

pytestmark = pytest.mark.cluster

OAKUM = Path(sys.executable).with_name("oakum")
AT_ONCE = 3
FIRMER = ("healthy", "cannot-tell", "suspect", "leak")
WITHIN_S = 300.0
ONE_LIFE_S = 200.0

FIRST = ("ancestor-victim", "ancestor-culprit")
OTHERS = tuple(sorted(set(EXPECTED) - set(FIRST), key=lambda name: EXPECTED[name].get("dies_s", WITHIN_S)))
"""Who dies first is looked at first; who dies over and over, or never, last."""


@dataclass
class Told:
    """One workload's answers, the look while it lives and the last one. ``seconds``: of both together."""

    name: str
    answers: list[dict] = field(default_factory=list)
    seconds: float = 0.0
    lives_on: str = ""
    """Where it was to end and did not: what it does instead."""

    @property
    def firmest(self):
        """Of its looks. A JVM may stand still in its heap for half a minute; who was killed is not acquitted."""
        return max(self.answers, key=lambda answer: FIRMER.index(answer["verdict"]["verdict"]))

    def kill(self):
        """The last one that is told with its run and is the planted one, or the last."""
        told = [each["facts"] for each in self.answers[-1]["evidence"] if each["id"].partition("-")[0] == "kill"]
        told = [kill for kill in reversed(told) if kill]
        planted = (kill for kill in told if kill["kind"] == EXPECTED[self.name].get("kill"))
        return next(planted, told[0] if told else None)

    def missed(self):
        return {each["what"] for each in self.answers[-1]["absent"]}

    def wrong(self):
        """What is not as planted, in words."""
        row, verdict, kill = EXPECTED[self.name], self.firmest["verdict"]["verdict"], self.kill()
        found = [self.lives_on] if self.lives_on else []
        if verdict not in row["told"]:
            why = "; ".join(self.firmest["verdict"]["reasons"])
            found.append(f"verdict {verdict}, not {' or '.join(row['told'])}: {why}")
        found += self.wrong_kill(row, kill)
        if row.get("culprit") and kill is not None and row["culprit"] in str(kill["culprit"]):
            found.append("a culprit was named that holds no process's memory")
        return found + (self.wrong_cause(row) if verdict == "leak" else [])

    def wrong_kill(self, row, kill):
        if "kill" not in row:
            return [] if kill is None else [f"OOM verdict {kill['kind']}, and nothing ended it"]
        told = None if kill is None else (kill["kind"], kill["boundary"])
        # The kernel keeps its lines in a ring: on a node with many kills they are gone in minutes, which is told.
        wrapped = told == (row["kill"], None) and "whose limit was hit" in self.missed()
        if told != (row["kill"], row.get("boundary")) and not wrapped:
            return [f"OOM verdict {told}"]
        return [f"OOM verdict only {kill['confidence']:.0%} sure"] if kill["confidence"] < 0.8 else []

    def wrong_cause(self, row):
        found, first = [], next(iter(self.firmest["causes"]), {"cause": "", "holder": ""})
        if row.get("causes"):
            found += [] if first["cause"] in row["causes"] else [f"cause {first['cause']}"]
            found += [] if any(word in first["holder"] for word in row["holder"]) else [f"holder {first['holder']}"]
        if row["container"] != "app":
            named = f"it is container {row['container']} of "
            found += [] if self.firmest["verdict"]["reasons"][0].startswith(named) else ["another container"]
        return found

    def row(self):
        kill, causes, verdict = self.kill(), self.firmest["causes"], self.firmest["verdict"]["verdict"]
        oom = "" if kill is None else f"{kill['kind']} ({kill['confidence']:.0%})"
        limit = "" if kill is None or not kill["boundary"] else kill["boundary"]
        cause = f"{causes[0]['cause']}: {causes[0]['holder']}" if causes else ""
        wrong = self.wrong()
        return (self.name, verdict, oom, limit, cause[:44], "; ".join(wrong) or "yes", f"{self.seconds:.0f}")


def looked(namespace, told, *options):
    row = EXPECTED[told.name]
    kind = {"deployment": "deploy", "statefulset": "sts"}[row["kind"]]
    target = f"{kind}/{namespace.namespace}/{told.name}"
    begun_s = time.monotonic()
    done = subprocess.run(
        [OAKUM, "investigate", target, "--no-incident", "-o", "json", *options],
        capture_output=True,
        timeout=WITHIN_S,
        check=False,
    )
    told.seconds += time.monotonic() - begun_s
    assert done.stdout, done.stderr.decode()
    told.answers.append(json.loads(done.stdout))
    return told


def ended_or_none(namespace, name):
    """How its container ended last, where the cluster or, of a child, its own log says so."""
    row = EXPECTED[name]
    if row.get("killed") == "child":
        return "ended by signal" in namespace.run("logs", pod_of(namespace, name)["metadata"]["name"], "--tail=50")
    statuses = [
        status
        for pod in namespace.pods(f"app={name}")
        for status in pod["status"].get("containerStatuses", [])
        if status["name"] == row["container"]
    ]
    return any("terminated" in {**status.get("lastState", {}), **status.get("state", {})} for status in statuses)


@pytest.fixture(scope="module")
def above(namespace, own_cluster):
    """The kill at the limit of all pods: who is killed, and who took the memory. Afterwards that is free again."""
    told = {name: Told(name) for name in FIRST}
    namespace.apply("ancestor")
    try:
        namespace.until("kill of the bystander", lambda: ended_or_none(namespace, FIRST[0]))
        for name in FIRST:
            looked(namespace, told[name], "--for", "5s", "--no-capture")
    finally:
        namespace.run("delete", "-f", str(WORKLOADS / "ancestor.yaml"), "--grace-period=1")
        namespace.until("room", lambda: not any(namespace.pods(f"app={name}") for name in FIRST))
    return told


def alive(namespace, told):
    row = EXPECTED[told.name]
    if "dies_s" in row or "ends" not in row:
        namespace.ready(f"app={told.name}")
    if told.name == "healthy-full":
        pod = pod_of(namespace, told.name)["metadata"]["name"]
        namespace.until("full cache", lambda: "full with" in namespace.run("logs", pod))
    looked(namespace, told, "--for", row.get("watched", "10s"), "--inspect")


def dead(namespace, told):
    """Once more, where its kill was not told yet."""
    name = told.name
    if "kill" not in EXPECTED[name] or (told.kill() or {}).get("kind") == EXPECTED[name]["kill"]:
        return
    if not ends(namespace, told):
        # At its limit the kernel may take a program's own text from it over and over, and never kill it: a life anew.
        namespace.run("delete", "pod", pod_of(namespace, name)["metadata"]["name"], "--grace-period=0", "--force")
        if not ends(namespace, told):
            return
        told.lives_on = ""
    looked(namespace, told, "--for", "5s", "--no-capture")


def ends(namespace, told):
    """Whether it does in time; else what it and its processes do is kept."""
    try:
        namespace.until(f"end of {told.name}", lambda: ended_or_none(namespace, told.name), within_s=ONE_LIFE_S)
    except AssertionError as exc:
        pod = pod_of(namespace, told.name)
        said = namespace.tried("logs", pod["metadata"]["name"], "--all-containers", "--tail=5").stdout
        told.lives_on = f"{exc}\n{said}\n{processes_told(pod)}"
        return False
    return True


def settled(namespace, told):
    """On a busy machine a short look may be open: then the longer one counts, as it says itself."""
    if told.wrong() and not told.lives_on:
        looked(namespace, told, "--for", "60s", "--inspect")


@pytest.fixture(scope="module")
def table(request, namespace, own_cluster, above):
    """All of them. What comes after the looks of others is asked last, so that nobody waits for a death."""
    for name in OTHERS:
        namespace.apply(name)
    for name in OTHERS:
        namespace.until(f"pod of {name}", lambda name=name: namespace.pods(f"app={name}"))
    told = [Told(name) for name in OTHERS]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for step in (alive, dead, settled):
            list(pool.map(step, [namespace] * len(told), told))
    found = above | {each.name: each for each in told}
    request.config.stash[ROWS] = [found[name].row() for name in EXPECTED]
    yield found
    for name in OTHERS:
        namespace.run("delete", EXPECTED[name]["kind"], name, "--wait=false", "--grace-period=0", "--force")


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_told_of_a_planted_workload_is_what_was_planted(table, name):
    assert table[name].wrong() == []


def test_the_healthy_one_is_at_85_percent_of_its_limit_as_it_is_acquitted(table):
    verdict = table["healthy-full"].firmest["verdict"]
    assert verdict["level"] > 0.8 * verdict["limit"]


def test_of_a_crash_loop_whole_lives_are_seen_and_the_next_step_tells_a_leak_from_a_small_limit(table):
    told = table["hasty"].firmest
    assert any("lives went" in reason or "one life went" in reason for reason in told["verdict"]["reasons"])
    assert told["verdict"]["probability"] <= 0.5
    assert any("canary" in step["title"] for step in told["plan"]["steps"])
