"""``oakum investigate deploy/NAMESPACE/NAME`` on an API server that answers what a real one did (recorded)."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from clusters import fake_cluster, owner
from fake_machine import FakeMachine
from jsonschema import Draft202012Validator
from kube_server import TOKEN
from referencing import Registry, Resource

from oakum.host.kernel_log import parse_kills
from oakum.host.oom_report import parse_reports
from oakum.host.records import Record
from oakum.kube import cluster as open_cluster
from oakum.loop.in_cluster import ClusterSettings, investigate_workload
from oakum.loop.progress import Silent
from oakum.model.absent import AbsentKind
from oakum.model.errors import TargetError
from oakum.model.rights import RIGHTS, Capability, rights_of
from oakum.model.target import parse_target
from oakum.model.verdict import VerdictName
from oakum.render import investigation_html, investigation_to_json, schemas

RECORDED = Path(__file__).parents[1] / "recordings" / "cluster"
PODS = json.loads((RECORDED / "pods.json").read_text())["items"]
EVENTS = json.loads((RECORDED / "events.json").read_text())["items"]
LOGS = json.loads((RECORDED / "logs.json").read_text())
OAKUM = Path(sys.executable).with_name("oakum")


@pytest.fixture
def world(tmp_path):
    """The recorded pods in namespace ``shop``, owned by Deployments, on node ``lab``."""
    with fake_cluster(tmp_path) as made:
        made.namespace = "shop"
        made.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
        made.ask("POST", "/api/v1/nodes", {"metadata": {"name": "lab"}, "status": {"capacity": {"memory": "8Gi"}}})
        objects = made.fake.state.objects
        for pod in PODS:
            app, name = pod["metadata"]["labels"]["app"], pod["metadata"]["name"]
            spec = {"replicas": 1, "selector": {"matchLabels": {"app": app}}}
            top = made.ask(
                "POST", "/apis/apps/v1/namespaces/shop/deployments", {"metadata": {"name": app}, "spec": spec}
            )
            meta = {"name": f"{app}-1", "ownerReferences": [owner(top, "Deployment")]}
            below = made.ask("POST", "/apis/apps/v1/namespaces/shop/replicasets", {"metadata": meta, "spec": spec})
            body = copy.deepcopy(pod)
            body["metadata"]["ownerReferences"] = [owner(below, "ReplicaSet")]
            objects["pods", "shop", name] = body
            made.fake.state.logs["shop", name, "app", True] = LOGS[app]["previous"].encode()
        for event in EVENTS:
            objects["events", "shop", event["metadata"]["name"]] = event
        made.fake.state.stats["lab"] = {"node": {"nodeName": "lab"}, "pods": [usage(pod) for pod in PODS]}
        yield made


def usage(pod):
    meta = pod["metadata"]
    memory = {"time": "2026-11-21T19:14:00Z", "rssBytes": 60 << 20, "workingSetBytes": 61 << 20}
    return {"podRef": {"name": meta["name"], "uid": meta["uid"]}, "containers": [{"name": "app", "memory": memory}]}


class Log:
    """The recorded node's kernel."""

    def __init__(self):
        lines = (line.split(" ", 1) for line in (RECORDED / "kernel.txt").read_text().splitlines())
        records = [Record(float(at), text) for at, text in lines]
        self.reports = parse_reports(records, parse_kills(records))

    def oom_reports(self, since_s):
        return [report for report in self.reports if report.at_s >= since_s]


def node_itself():
    """A machine that runs the recorded containers."""
    machine = FakeMachine()
    ids = [
        (pod["metadata"]["uid"], status["containerID"].removeprefix("containerd://"))
        for pod in PODS
        for status in pod["status"]["containerStatuses"]
    ]
    for uid, container in ids:
        machine.start(cgroup=f"/kubepods/burstable/pod{uid}/{container}")
    return SimpleNamespace(clock=machine.clock, cgroups=machine.cgroups, kernel_log=Log())


def elsewhere():
    machine = FakeMachine()
    return SimpleNamespace(clock=machine.clock, cgroups=machine.cgroups, kernel_log=machine.kernel_log)


def investigated(world, target, machine, watch_s=0.0, *, execute=None, progress=None):
    def opens():
        return open_cluster(environment={"KUBECONFIG": str(world.kubeconfig)}, home=Path("/nowhere"))

    settings = ClusterSettings(watch_s, execute=execute)
    return investigate_workload(
        parse_target(target), cluster=opens, machine=machine, settings=settings, progress=progress or Silent()
    )


def kinds(found):
    return [each.facts["kind"] for each in found.evidence if each.id.startswith("kill") and each.facts]


def line(found, kind):
    return next(each.title for each in found.evidence if each.id == kind)


def test_on_its_node_a_workload_is_told_with_its_kills_at_whose_limit_and_what_would_settle_a_leak(world):
    found = investigated(world, "deploy/shop/native-requests", node_itself())
    assert found.verdict.name is VerdictName.CANNOT_TELL
    assert "oakum investigate cgroup/kubepods/burstable/pod" in found.verdict.settles
    assert kinds(found)[-1] == "oom-killed"
    kill = next(each.title for each in reversed(found.evidence) if each.id.startswith("kill"))
    assert "oom-killed (99 %)" in kill
    assert "at the limit of its container (96.0 MiB)" in kill
    assert "60.0 MiB of its own of 96.0 MiB (62 %)" in line(found, "container")
    assert line(found, "workload") == "deploy/shop/native-requests in lab: 0 of 1 replicas are ready"
    assert "node lab" in line(found, "node")
    assert (found.verdict.level, found.verdict.limit) == (60 << 20, 96 << 20)
    assert any("a leak, or a limit that is too small" in reason for reason in found.verdict.reasons)
    (unseen,) = [absent for absent in found.absent if "earlier runs" in absent.what]
    assert "keeps the last end" in unseen.why


def test_elsewhere_it_says_that_only_the_node_can_tell_whose_limit_it_was(world):
    found = investigated(world, "deploy/shop/native-requests", elsewhere())
    assert kinds(found) == ["oom-killed"]
    (kernel,) = [absent for absent in found.absent if "kernel" in absent.what and "told of kills" in absent.what]
    assert "on node lab" in kernel.get
    assert "on node lab" in found.verdict.settles


@pytest.mark.parametrize(
    ("app", "kind"),
    [("deaf", "liveness-killed"), ("jvm-exit", "jvm-out-of-memory"), ("child-killed", "child-oom-killed")],
)
def test_what_was_planted_is_what_is_told(world, app, kind):
    found = investigated(world, f"deploy/shop/{app}", node_itself())
    assert set(kinds(found)) == {kind}


def test_a_pod_is_looked_at_by_itself_and_a_container_that_it_has_not_is_told(world):
    name = next(pod["metadata"]["name"] for pod in PODS if pod["metadata"]["labels"]["app"] == "deaf")
    found = investigated(world, f"pod/shop/{name}/app", elsewhere())
    assert line(found, "workload").startswith("deploy/shop/deaf")
    with pytest.raises(TargetError, match="has no container web") as raised:
        investigated(world, f"pod/shop/{name}/web", elsewhere())
    assert raised.value.why == "it has: app"


def test_replicas_are_compared_and_the_one_that_holds_more_is_named(world):
    first = next(pod for pod in PODS if pod["metadata"]["labels"]["app"] == "child-killed")
    objects = world.fake.state.objects
    made = objects["pods", "shop", first["metadata"]["name"]]
    for number, size in enumerate((50, 200), start=1):
        twin = copy.deepcopy(made)
        twin["metadata"] |= {"name": f"twin-{number}", "uid": f"0000000{number}-0000-4000-8000-000000000000"}
        objects["pods", "shop", f"twin-{number}"] = twin
        told = usage(twin)
        told["containers"][0]["memory"]["rssBytes"] = size << 20
        world.fake.state.stats["lab"]["pods"].append(told)
    found = investigated(world, "deploy/shop/child-killed", elsewhere())
    told = next(reason for reason in found.verdict.reasons if "replicas hold" in reason)
    assert told == "app: 3 replicas hold 50.0 MiB to 200 MiB; twin-2 holds 3.3 times what the median one holds"


def test_what_scales_and_bounds_it_is_told_and_what_concerns_another_is_not(world):
    objects = world.fake.state.objects

    def put(plural, name, **body):
        meta = {"name": name, "namespace": "shop", "uid": f"uid-{name}"}
        objects[plural, "shop", name] = {"metadata": meta, **body}

    memory = {"type": "Resource", "resource": {"name": "memory"}}
    for app in ("deaf", "hasty"):
        target = {"kind": "Deployment", "name": app}
        spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 9, "metrics": [memory]}
        put("horizontalpodautoscalers", f"{app}-hpa", spec=spec, status={"currentReplicas": 9})
    hard, used = {"limits.memory": "4Gi", "pods": "9"}, {"limits.memory": "3Gi", "pods": "2"}
    put("resourcequotas", "team", status={"hard": hard, "used": used})
    limits = [{"type": "Container", "default": {"memory": "512Mi"}, "max": {"memory": "1Gi"}}]
    put("limitranges", "usual", spec={"limits": limits})
    told = [each.title for each in investigated(world, "deploy/shop/deaf", elsewhere()).evidence]
    assert "HPA deaf-hpa: 9 replicas of 2 to 9, by memory: a leak makes it add replicas, each of which leaks" in told
    assert not any("hasty" in title for title in told)
    assert "quota team: limits.memory 3.00 GiB of 4.00 GiB used" in told
    assert "limit range usual, for each container: default limit 512 MiB, at most 1.00 GiB" in told


def test_what_may_not_be_read_costs_that_fact_only(world):
    world.fake.state.forbidden |= {("get", "nodes"), ("get", "nodes/proxy"), ("list", "events")}
    found = investigated(world, "deploy/shop/native-requests", elsewhere())
    assert kinds(found) == ["oom-killed"]
    refused = {absent.what for absent in found.absent}
    assert {"node lab", "the memory that containers on node lab use"} <= refused
    assert any(what.startswith("events of") for what in refused)
    assert "how much it uses is not told" in line(found, "container")
    assert investigation_to_json(found)["verdict"]["level"] is None
    assert "cannot tell" in investigation_html(found)


@pytest.mark.parametrize("code", [0, 137, 143])
def test_a_run_that_ends_within_the_grace_of_its_pod_s_deletion_was_stopped(world, code):
    pod = next(body for key, body in world.fake.state.objects.items() if key[0] == "pods" and "deaf" in key[2])
    pod["metadata"] |= {"deletionTimestamp": "2026-11-21T19:10:30Z", "deletionGracePeriodSeconds": 30}
    ended = {"exitCode": code, "startedAt": "2026-11-21T19:00:00Z", "finishedAt": "2026-11-21T19:10:02Z"}
    (status,) = pod["status"]["containerStatuses"]
    status |= {"restartCount": 0, "state": {"terminated": ended}, "lastState": {}}
    world.fake.state.objects = {key: body for key, body in world.fake.state.objects.items() if key[0] != "events"}
    assert kinds(investigated(world, "deploy/shop/deaf", elsewhere())) == ["stopped"]
    pod["metadata"] |= {"deletionTimestamp": "2026-11-21T19:10:50Z"}
    assert kinds(investigated(world, "deploy/shop/deaf", elsewhere())) != ["stopped"]


def test_of_a_node_that_is_no_longer_heard_memory_pressure_is_not_denied(world):
    node = world.fake.state.objects["nodes", "", "lab"]
    told = {}
    for status in ("Unknown", "True", "False", None):
        kinds = ("Ready", "MemoryPressure") if status else ()
        node["status"]["conditions"] = [{"type": kind, "status": status} for kind in kinds]
        told[status] = line(investigated(world, "deploy/shop/deaf", elsewhere()), "node")
    assert "node lab: not ready, memory pressure not told" in told["Unknown"]
    assert "readiness not told, memory pressure not told" in told[None]
    assert "ready, evicts for memory now" in told["True"]
    assert "not ready, no memory pressure" in told["False"]


@pytest.mark.parametrize("code", [200, 301, 400, 405, 406, 422])
def test_answers_that_are_not_understood_cost_their_own_facts_only(world, code):
    names = ("nodes", "nodes/proxy", "events", "pods/log", "resourcequotas", "limitranges", "horizontalpodautoscalers")
    world.fake.state.odd |= dict.fromkeys(names, (code, b"oops"))
    found = investigated(world, "deploy/shop/native-requests", elsewhere())
    assert kinds(found) == ["oom-killed"]
    missing = {absent.what for absent in found.absent}
    assert {"node lab", "quotas of shop", "limit ranges of shop", "autoscalers of shop"} <= missing
    assert "the memory that containers on node lab use" in missing


def run(world, *arguments, command="investigate"):
    home = {"KUBECONFIG": str(world.kubeconfig), "PATH": "/usr/bin:/bin", "HOME": str(world.kubeconfig.parent)}
    return subprocess.run(
        [OAKUM, command, *(("--for", "5s") if command == "investigate" else ()), *arguments],
        env={**home, "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_answers_json_alone_and_exits_inconclusive(world):
    done = run(world, "deploy/shop/deaf", "-o", "json")
    assert done.returncode == 5, done.stderr
    told = json.loads(done.stdout)
    known = [schemas.read(each) for each in schemas.NAMES]
    registry = Registry().with_resources([(each["$id"], Resource.from_contents(each)) for each in known])
    validator = Draft202012Validator(schemas.read("oakum.investigation/1"), registry=registry)
    assert list(validator.iter_errors(told)) == []
    assert (told["schema"], told["target"]) == ("oakum.investigation/1", "deploy/shop/deaf")
    assert told["verdict"]["verdict"] == "cannot-tell"
    assert [each["facts"]["kind"] for each in told["evidence"] if each["id"] == "kill"] == ["liveness-killed"]


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        ("deploy/shop/daef", 3, "the nearest are: deaf"),
        ("deploy/shpo/deaf", 3, "shop"),
        ("deploy/shop/deaf@stage", 2, "there is no context 'stage'"),
        ("node/lab", 2, "workloads and pods of a cluster"),
    ],
)
def test_what_cannot_be_looked_at_is_one_clear_error_with_its_exit_code(world, target, code, words):
    done = run(world, target)
    assert done.returncode == code
    assert words in done.stderr
    assert "next:" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("option", [("--earlier", "samples.json"), ("--every", "1s")])
def test_options_that_say_nothing_of_a_cluster_s_workload_are_refused_before_it_is_asked(world, option):
    done = run(world, "deploy/shop/deaf", *option)
    assert done.returncode == 2
    assert f"{option[0]} is not for deploy/shop/deaf" in done.stderr
    assert "next: oakum investigate deploy/shop/deaf" in " ".join(done.stderr.split())
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pid/1", "--node-pod", "python:3"), "--node-pod is not for pid/1"),
        (("pid/1", "--prometheus", "http://p", "--window", "1h"), "--prometheus and --window are not for pid/1"),
        (("deploy/shop/deaf", "--node-pod-namespace", "tools"), "--node-pod-namespace is not without --node-pod"),
    ],
)
def test_what_has_nothing_to_say_where_it_stands_is_refused(world, words, said):
    done = run(world, *words)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_a_role_is_for_who_is_named_and_a_name_without_a_role_is_refused(world):
    done = run(world, "--role", "read", "--to", "jane@example.org", command="doctor")
    assert 'name: "jane@example.org"' in done.stdout
    done = run(world, "--to", "jane@example.org", command="doctor")
    assert (done.returncode, "--to is for a role" in done.stderr) == (2, True)


def doctor(world, *more):
    done = run(world, *more, "-o", "json", command="doctor")
    assert done.returncode == 0, done.stderr
    return {fact["name"]: fact for fact in json.loads(done.stdout)["facts"] if fact["name"].startswith("cluster")}


def test_doctor_asks_the_cluster_what_is_allowed_and_says_what_each_missing_verb_costs(world):
    world.fake.state.forbidden |= {("get", "nodes/proxy"), ("list", "jobs"), ("get", "pods/exec"), ("patch", "nodes")}
    world.fake.state.forbidden.add(("list", "verticalpodautoscalers"))
    told = doctor(world)
    assert set(told) == {"cluster", *(right.title for right in RIGHTS)}
    assert told["cluster"]["finding"].startswith("v1.36.2 at http://127.0.0.1")
    assert told["cluster"]["finding"].endswith(", context lab as tester")
    missing = {name.partition(": ")[2]: fact for name, fact in told.items() if not fact["ok"]}
    assert {name: fact["finding"].partition(";")[0] for name, fact in missing.items()} == {
        "what containers use": "not allowed: get nodes/proxy",
        "pods and workloads": "not allowed: list jobs",
        "autoscalers and quotas": "not allowed: list verticalpodautoscalers",
        "programs in containers": "not allowed: get pods/exec",
        "cordons": "not allowed: patch nodes",
    }
    assert "; how much containers hold" in missing["what containers use"]["finding"]
    assert missing["cordons"]["get"].startswith("oakum doctor --role act --to tester | kubectl apply -f -")
    assert TOKEN not in json.dumps(told)


def test_doctor_tells_as_whom_the_cluster_knows_its_user_and_whom_a_role_is_for(world):
    world.fake.state.user = "system:serviceaccount:shop:ci"
    world.fake.state.forbidden.add(("patch", "nodes"))
    told = doctor(world)
    assert told["cluster"]["finding"].endswith(" as tester, whom it knows as system:serviceaccount:shop:ci")
    assert "--role act --to system:serviceaccount:shop:ci |" in told["cluster, act: cordons"]["get"]


def test_doctor_tells_who_may_in_one_namespace_alone_so_and_asks_of_the_one_that_is_named(world):
    world.fake.state.allowed_in = {"default"}
    told = doctor(world)
    assert told["cluster, read: events"]["finding"] == "allowed, in namespace default, not in all"
    assert not told["cluster, read: nodes"]["ok"]
    assert not doctor(world, "--namespace", "shop")["cluster, read: events"]["ok"]
    assert doctor(world, "-n", "default")["cluster, read: events"]["finding"] == "allowed, in namespace default"
    refused = doctor(world, "-n", "shop")["cluster, capture: programs in containers"]["get"]
    assert refused.startswith("oakum doctor --role capture --namespace shop --to tester | kubectl apply -f -")


def test_what_may_not_be_looked_into_is_named_once_each_with_the_role_that_would_give_it(world):
    verbs = {("create", "pods/exec"), ("get", "pods/portforward"), ("patch", "pods/ephemeralcontainers")}
    world.fake.state.forbidden |= verbs
    found = investigated(world, "deploy/shop/deaf", elsewhere())
    refused = {each.what: each for each in found.absent if each.kind is AbsentKind.NOT_PERMITTED}
    assert {"programs in containers", "ports of pods", "ephemeral containers"} <= set(refused)
    assert (
        "patch pods/ephemeralcontainers; off its node, an image without Python" in refused["ephemeral containers"].why
    )
    assert "--role capture --namespace shop --to tester " in refused["ports of pods"].get
    world.fake.state.forbidden -= verbs
    found = investigated(world, "deploy/shop/deaf", elsewhere())
    assert "ports of pods" not in {each.what for each in found.absent}


def test_an_investigation_asks_for_nothing_that_the_read_role_does_not_give(world):
    found = investigated(world, "deploy/shop/deaf", elsewhere())
    asked = next(each.facts for each in found.evidence if each.id == "asked")
    given = {f"{each.verb} {each.resource}" for right in rights_of(Capability.READ) for each in right.questions}
    # What every account may that is known at all.
    given |= {"get version", "create selfsubjectaccessreviews", "create selfsubjectreviews"}
    assert set(asked) <= given
    assert len(asked) > 6


def test_doctor_says_that_a_cluster_does_not_answer_and_nothing_where_none_is_known(world):
    world.fake.stop()
    (told,) = doctor(world).values()
    assert "does not answer" in told["finding"]
    assert told["get"].startswith("kubectl cluster-info")
    world.kubeconfig.write_text("contexts: {")
    (broken,) = doctor(world).values()
    assert "is broken" in broken["finding"]
    world.kubeconfig.unlink()
    assert doctor(world) == {}


def logged(found):
    return {row.facts["id"]: row.facts for row in found.evidence if "example" in row.facts}


def test_what_its_containers_say_is_evidence_and_accuses_nobody_whose_runtime_is_not_known(world):
    pod = next(pod for pod in PODS if pod["metadata"]["labels"]["app"] == "native-requests")
    before = investigated(world, "deploy/shop/native-requests", elsewhere())
    log = b"2026-11-21T10:00:00Z java.lang.OutOfMemoryError: Java heap space token=hunter2\n"
    log += b"2026-11-21T10:00:00Z \tat com.acme.Cart.add(Cart.java:42)\n"
    world.fake.state.logs["shop", pod["metadata"]["name"], "app", False] = log.replace(b"2026-11-21", b"2999-11-21")
    found = investigated(world, "deploy/shop/native-requests", elsewhere())
    facts = logged(found)["jvm-heap-space"]
    assert (facts["count"], facts["location"], facts["previous"]) == (1, "Cart.java:42 in com.acme.Cart.add", False)
    assert "hunter2" not in facts["example"]
    assert before.verdict.name is found.verdict.name is VerdictName.CANNOT_TELL
    assert any("java.lang.OutOfMemoryError" in reason for reason in found.verdict.reasons)
