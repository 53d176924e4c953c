"""Verdicts on runs that ended. Recorded on a real node (Kubernetes 1.36, cgroup v1): pods, events, the kernel's lines
and the last lines of logs, of a container that fills and is killed at once (hasty), a leak in C (native-requests), a
master whose workers are killed (child-killed), one whose liveness probe fails (deaf), a JVM that ends itself
(jvm-exit). What was not recorded is made by hand from the API's types, and says so.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from oakum.explain.oom_clues import Known
from oakum.explain.oom_verdict import verdict, verdicts, whose_limit
from oakum.host.kernel_log import parse_kills
from oakum.host.oom_report import parse_reports
from oakum.host.records import Record
from oakum.kube.decode.node import event
from oakum.kube.decode.pod import pod as decode
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_node import Event
from oakum.model.cluster_pod import Role, Terminated
from oakum.model.kill import Boundary, Ended, KillKind
from oakum.model.oom import OomReport
from oakum.model.process import OomKill
from oakum.sense.endings import Endings

RECORDED = Path(__file__).parents[2] / "recordings" / "cluster"
PODS = [decode(body) for body in json.loads((RECORDED / "pods.json").read_text())["items"]]
EVENTS = [event(body) for body in json.loads((RECORDED / "events.json").read_text())["items"]]
LOGS = json.loads((RECORDED / "logs.json").read_text())


def reports():
    lines = (line.split(" ", 1) for line in (RECORDED / "kernel.txt").read_text().splitlines())
    records = [Record(float(at), text) for at, text in lines]
    return parse_reports(records, parse_kills(records))


REPORTS = reports()
NO_LOG = Absent("the kernel's log", AbsentKind.NOT_PERMITTED, "this is not its node", "oakum on the node")


def pods_named(app):
    return [pod for pod in PODS if pod.labels["app"] == app]


def judged(app, *, kernel=REPORTS):
    pods = pods_named(app)
    ends = [ended for pod in pods for ended in Endings().take(pod)]
    logs = {(pod.uid, "app"): LOGS[app]["previous"] for pod in pods}
    return verdicts(ends, Known(kernel, EVENTS), pods=pods, logs=logs)


def test_a_leak_in_c_was_killed_at_its_own_limit_with_its_culprit():
    kill = judged("native-requests")[-1]
    assert (kill.kind, kill.boundary, kill.limit_bytes) == (KillKind.OOM, Boundary.CONTAINER, 96 << 20)
    assert kill.confidence == 0.99
    assert kill.blame.culprit == "leak"
    assert kill.absent == ()
    assert any("137" in line for line in kill.speaks_for)
    assert any("the kernel killed leak" in line for line in kill.speaks_for)


def test_without_the_kernel_s_log_it_is_still_a_kill_for_memory_but_whose_limit_is_not_known():
    (kill,) = judged("native-requests", kernel=NO_LOG)
    assert kill.kind is KillKind.OOM
    assert 0.9 < kill.confidence < 0.99
    assert kill.boundary is None
    assert kill.absent == (NO_LOG,)


def test_children_that_are_killed_while_the_first_process_lives_are_told_though_nothing_restarts():
    kills = judged("child-killed")
    assert len(kills) >= 3
    assert {kill.kind for kill in kills} == {KillKind.CHILD}
    assert all("lives on" in kill.speaks_for[1] for kill in kills)
    assert all(kill.boundary is Boundary.CONTAINER for kill in kills)
    assert judged("child-killed", kernel=NO_LOG) == []


def test_of_a_run_that_has_just_ended_no_child_is_told_though_the_cluster_still_calls_it_running():
    pods = pods_named("child-killed")
    (container,) = (each for pod in pods for each in pod.containers)
    here = {"alive": [container.container_id], "gone": []}
    told = {
        name: {kill.kind for kill in verdicts([], Known(REPORTS, EVENTS), pods=pods, logs={}, alive=alive)}
        for name, alive in here.items()
    }
    assert told == {"alive": {KillKind.CHILD}, "gone": {KillKind.OOM}}


def test_one_that_its_liveness_probe_ended_was_not_killed_for_memory_though_its_code_is_137():
    for kernel in (REPORTS, NO_LOG):
        *_, kill = judged("deaf", kernel=kernel)
        assert (kill.kind, kill.boundary) == (KillKind.LIVENESS, None)
        assert kill.confidence > 0.9
        assert not kill.kind.for_memory


def test_a_jvm_that_ended_itself_is_known_by_its_last_words_and_only_guessed_without():
    kill = judged("jvm-exit")[-1]
    assert (kill.kind, kill.boundary) == (KillKind.JVM, Boundary.HEAP)
    (pod,) = pods_named("jvm-exit")
    lost = Absent("the previous log", AbsentKind.UNREADABLE, "the runtime has removed it", "kubectl logs --previous")
    (ended,) = Endings().take(pod)
    unsure, _ = verdict(ended, Known(REPORTS, EVENTS, log=lost))
    assert unsure.kind is KillKind.CANNOT_TELL
    assert lost in unsure.absent


def test_kills_of_runs_that_the_cluster_no_longer_tells_of_are_not_lost():
    kills = judged("hasty")
    uids = {pod.uid for pod in pods_named("hasty")}
    told = [each for report in REPORTS for each in report.kills if any(uid in each.task_cgroup for uid in uids)]
    assert len([kill for kill in kills if kill.kind is KillKind.OOM]) == len(told) > 2
    assert sum("no longer tells" in line for kill in kills for line in kill.speaks_for) >= len(told) - 2


def test_no_kill_is_counted_twice_over_all_that_was_recorded():
    ends = [ended for pod in PODS for ended in Endings().take(pod)]
    kills = verdicts(ends, Known(REPORTS, EVENTS), pods=PODS, logs={})
    assert len({kill.key for kill in kills}) == len(kills)
    for_memory = [kill for kill in kills if kill.kind in {KillKind.OOM, KillKind.CHILD}]
    assert len(for_memory) == sum(bool(report.kills) for report in REPORTS)
    assert [kill.at_s for kill in kills] == sorted(kill.at_s for kill in kills)


# From here on by hand, from the API's types.

UID, ID = "0f3a1b2c-1111-4222-8333-444455556666", "ab" * 32


def run(code=137, reason="Error", *, liveness=True, **more):
    end = Terminated(reason, code, 900.0, 1000.0, container_id=ID)
    return Ended("shop", "cart", UID, "n1", "app", Role.MAIN, "cart:1", 0, end, 256 << 20, liveness, **more)


def told(reason, message, *, first=990.0, last=999.0, field="spec.containers{app}"):
    return Event("shop", "e", "u", "1", reason, message, True, "Pod", "cart", UID, field, 1, first, last, "kubelet", {})


def report(limit, *, constraint="memcg", at_s=999.5, task=f"/kubepods/pod{UID}/{ID}", size=None):
    kill = OomKill(at_s, constraint, limit, task, "app", 7, 0, 1 << 20, "…")
    return OomReport(at_s, "app", constraint, limit, size, size, (), (kill,))


@pytest.mark.parametrize(
    ("ended", "known", "kind"),
    [
        (run(reason="OOMKilled"), Known(NO_LOG), KillKind.OOM),
        (run(reason="OOMKilled"), Known([]), KillKind.OOM),
        (run(), Known(NO_LOG), KillKind.CANNOT_TELL),
        (run(), Known(NO_LOG, oom_kills=1), KillKind.OOM),
        (run(), Known([report(f"/kubepods/pod{UID}")]), KillKind.OOM),
        (run(reason="OOMKilled"), Known(NO_LOG, oom_kills=0), KillKind.CANNOT_TELL),
        (run(143, "OOMKilled"), Known(NO_LOG), KillKind.CHILD),
        (run(0, "OOMKilled"), Known(NO_LOG), KillKind.CHILD),
        (run(0, "Completed"), Known(NO_LOG), KillKind.EXITED),
        (run(143), Known([]), KillKind.EXITED),
        (run(1), Known([report(f"/kubepods/pod{UID}")]), KillKind.CHILD),
        (
            run(),
            Known([], [told("Killing", "Container app failed liveness probe, will be restarted")]),
            KillKind.LIVENESS,
        ),
        (run(), Known(NO_LOG, [told("Killing", "Stopping container app")], None), KillKind.STOPPED),
        (run(deleted_s=970.0), Known([]), KillKind.STOPPED),
        (run(pod_reason="Evicted", pod_message="low on memory"), Known(NO_LOG), KillKind.EVICTED),
        (run(3), Known(NO_LOG), KillKind.CANNOT_TELL),
        (run(3), Known([], log="java.lang.OutOfMemoryError: Metaspace"), KillKind.JVM),
        (run(3), Known([], log="usage: tool FILE"), KillKind.EXITED),
    ],
)
def test_each_pair_of_reason_and_code_is_read_with_what_else_is_known(ended, known, kind):
    if kind is KillKind.STOPPED:
        ended = replace(ended, deleted_s=970.0)
    kill, _ = verdict(ended, known)
    assert kill.kind is kind, (kill.confidence, kill.speaks_for, kill.against)
    assert 0 < kill.confidence <= 1


@pytest.mark.parametrize(
    "event_of",
    [
        told("Killing", "Container app failed liveness probe", first=-9000.0, last=-3000.0),
        told("Killing", "Container proxy failed liveness probe", field="spec.containers{proxy}"),
        replace(told("Killing", "Container app failed liveness probe"), about_uid="another pod of the name"),
    ],
    ids=["long before", "another container", "another pod"],
)
def test_an_event_of_something_else_says_nothing(event_of):
    kill, _ = verdict(run(), Known(NO_LOG, [event_of]))
    assert kill.kind is KillKind.CANNOT_TELL


def test_a_kubelet_that_told_often_and_then_no_more_is_believed_of_later_ends_too_but_less():
    often = replace(told("Killing", "Container app failed liveness probe", first=100.0, last=400.0), count=25)
    kill, _ = verdict(run(), Known([], [often]))
    now, _ = verdict(run(), Known([], [told("Killing", "Container app failed liveness probe")]))
    assert (kill.kind, now.kind) == (KillKind.LIVENESS, KillKind.LIVENESS)
    assert kill.confidence < now.confidence
    assert any("25 times before" in line for line in kill.speaks_for)
    killed, _ = verdict(run(reason="OOMKilled"), Known([report(f"/kubepods/pod{UID}")], [often]))
    assert killed.kind is KillKind.OOM


@pytest.mark.parametrize(
    ("made", "boundary"),
    [
        (report(f"/kubepods/pod{UID}/{ID}", size=1 << 20), Boundary.CONTAINER),
        (report(f"/kubepods/pod{UID}", size=256 << 20), Boundary.CONTAINER),
        (report(f"/kubepods/pod{UID}", size=512 << 20), Boundary.POD),
        (report("/kubepods/burstable"), Boundary.ANCESTOR),
        (report("/kubepods.slice"), Boundary.ANCESTOR),
        (report("", constraint="none"), Boundary.NODE),
        (report("/system.slice/other"), None),
    ],
)
def test_whose_limit_was_hit_is_read_from_the_kernel_s_cgroups(made, boundary):
    assert whose_limit(made, 256 << 20) is boundary


def test_a_runtime_that_calls_all_oomkilled_when_the_limit_above_them_was_hit_is_not_believed():
    elsewhere = report("/kubepods", at_s=950.0, task=f"/kubepods/pod{'c' * 32}/{'cd' * 32}")
    probe = told("Killing", "Container app failed liveness probe, will be restarted")
    ended = run(reason="OOMKilled")
    kill, _ = verdict(ended, Known([elsewhere], [probe]))
    assert kill.kind is KillKind.LIVENESS
    unsure, _ = verdict(ended, Known([elsewhere]))
    assert unsure.kind is KillKind.CANNOT_TELL
    sure, _ = verdict(ended, Known([replace(elsewhere, at_s=100.0)]))
    assert sure.kind is KillKind.OOM


def test_a_group_that_was_killed_as_one_is_one_kill():
    one = report(f"/kubepods/pod{UID}/{ID}")
    both = replace(one, kills=(*one.kills, replace(one.kills[0], pid=8)), group=f"/kubepods/pod{UID}/{ID}")
    kill, used = verdict(run(reason="OOMKilled"), Known([both]))
    assert kill.group is True
    assert len(used) == 2


def test_a_kill_in_another_container_of_the_pod_or_at_another_time_did_not_end_this_run():
    other = report(f"/kubepods/pod{UID}", task=f"/kubepods/pod{UID}/{'cd' * 32}")
    early = report(f"/kubepods/pod{UID}", at_s=950.0)
    for each in (other, early):
        kill, used = verdict(run(), Known([each]))
        assert kill.kind is not KillKind.OOM
        assert used == set()


@pytest.mark.parametrize("apart_s", [-8.0, 8.0, 50.0])
def test_a_kill_whose_stamp_drifted_on_a_node_that_was_up_for_long_is_the_run_s_end_and_told_once(apart_s):
    drifted = [
        replace(
            each, at_s=each.at_s + apart_s, kills=tuple(replace(kill, at_s=kill.at_s + apart_s) for kill in each.kills)
        )
        for each in REPORTS
    ]
    straight, told_so = judged("native-requests"), judged("native-requests", kernel=drifted)
    assert [(kill.kind, kill.boundary, kill.limit_bytes, kill.confidence) for kill in told_so] == [
        (kill.kind, kill.boundary, kill.limit_bytes, kill.confidence) for kill in straight
    ]


def test_of_several_kills_in_the_run_s_own_container_the_nearest_is_its_end():
    limit = f"/kubepods/pod{UID}/{ID}"
    kill, used = verdict(run(reason="OOMKilled"), Known([report(limit, at_s=960.0), report(limit, at_s=1010.0)]))
    assert (kill.kind, used) == (KillKind.OOM, {(1010.0, 7)})


def test_a_kill_long_before_the_end_is_not_the_end_where_the_cgroup_names_no_container():
    pods = f"/kubepods/pod{UID}"
    _, used = verdict(run(reason="OOMKilled"), Known([report(pods, at_s=990.0, task=pods)]))
    assert used == set()
