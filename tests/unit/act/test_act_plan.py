"""What a plan holds, what it refuses, and when it is stale."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.act.limits import writes_back, writes_for
from oakum.act.plan import Situation, Wish, make
from oakum.act.stale import stale
from oakum.model.absent import Absent, AbsentKind
from oakum.model.action import KeepEvidence, Restart, SetLimit, action_of, facts_of
from oakum.model.collection import Reach
from oakum.model.errors import CallerError, DataError, RefusedError
from oakum.model.hands import LimitFiles
from oakum.model.launch import Manner
from oakum.model.plan_record import StepState
from oakum.model.policy import Policy
from oakum.model.process import CgroupLimit, CgroupMemory
from oakum.model.sighting import Sighting, differences
from oakum.model.supervisor import Supervisor, SupervisorKind
from oakum.model.verdict import Pattern, Verdict, VerdictName

MIB = 1 << 20
NOW_S = 1_790_000_000.0
PATH = "/shop.slice/api"
SEEN = Sighting("vm", "boot-1", 4242, 99, 1000, ("shop", "--port", "80"), PATH, 17, PATH, 400 * MIB)
NOBODY = Supervisor(SupervisorKind.NONE)
REACH = Reach("SIGUSR1, sent once, opens its inspector on port 9229 of its loopback", 0.8)
DEAF = Absent("what the heap holds", AbsentKind.NOT_APPLICABLE, "the application has a SIGUSR1 handler of its own")
V2 = LimitFiles(PATH, 17, 2, {"memory.max": 400 * MIB, "memory.high": None})
V1 = LimitFiles(PATH, 17, 1, {"memory.limit_in_bytes": 400 * MIB, "memory.memsw.limit_in_bytes": 500 * MIB})


def verdict(name, rate=None):
    pattern = Pattern.LINEAR if name is VerdictName.LEAK else Pattern.FLAT
    return Verdict(name, pattern, 0.9, 200.0 * MIB, rate_per_s=rate, settles="watch it for 10 minutes")


def memory(used, *, limit=400 * MIB, above=None):
    limits = (CgroupLimit(PATH, limit), *([CgroupLimit("/shop.slice", above)] if above else []))
    return CgroupMemory(0.0, PATH, 2, used, used, 0, used, 0, limits, 0, 0)


def situation(judged=VerdictName.LEAK, *, used=200 * MIB, **changes):
    made = Situation(
        target="pid/4242",
        seen=SEEN,
        verdict=verdict(judged, rate=1.0 * MIB),
        memory=memory(used),
        limits=V2,
        supervisor=NOBODY,
        manner=Manner("handler"),
        launch=None,
        runtime="cpython 3.11",
        machine_bytes=8 << 30,
    )
    return replace(made, **changes)


def plan(wish=None, policy=None, **changes):
    return make(situation(**changes), wish or Wish(), policy or Policy(), now_s=NOW_S)


def kinds(record):
    return [step.step.does.get("kind") for step in record.steps]


def test_a_leak_is_restarted_once_its_evidence_is_kept():
    record = plan()
    assert kinds(record) == ["keep-evidence", "restart"]
    assert all(step.step.effect and step.step.risk and step.step.undo for step in record.steps)
    assert all(step.step.takes_s for step in record.steps)
    assert record.state is StepState.SHOWN


def test_what_is_healthy_and_near_its_limit_gets_room_and_is_not_restarted():
    record = plan(judged=VerdictName.HEALTHY, used=360 * MIB)
    (step,) = record.steps
    # 360 MiB are to be the policy's 60 % of the new limit.
    assert action_of(step.step.does) == SetLimit(PATH, 400 * MIB, 600 * MIB, NOBODY, 86400.0)
    assert plan(judged=VerdictName.HEALTHY).steps == ()


@pytest.mark.parametrize("judged", [VerdictName.SUSPECT, VerdictName.CANNOT_TELL])
def test_no_limit_is_raised_before_leak_or_undersized_is_decided(judged):
    assert plan(judged=judged).steps == ()
    with pytest.raises(RefusedError, match="known whether this leaks") as told:
        plan(Wish(limit_bytes=800 * MIB), judged=judged)
    assert "watch it for 10 minutes" in told.value.why
    # Lowering feeds nothing.
    assert kinds(plan(Wish(limit_bytes=300 * MIB), judged=judged)) == ["set-limit"]


def test_the_limit_of_a_container_is_left_to_who_runs_it():
    held = Supervisor(SupervisorKind.CONTAINER, left_alone="it lives in a container")
    with pytest.raises(RefusedError, match="not Oakum's to set") as told:
        plan(Wish(limit_bytes=800 * MIB), supervisor=held)
    assert told.value.next_step.startswith("docker update --memory")
    (step,) = plan(judged=VerdictName.HEALTHY, used=360 * MIB, supervisor=held).steps
    assert (step.step.does, step.step.command) == ({}, f"docker update --memory {600 * MIB} CONTAINER")


def test_a_limit_raised_under_a_leak_says_what_it_buys_and_how_long_it_is_meant_to_last():
    (step,) = plan(Wish(limit_bytes=700 * MIB)).steps
    assert "takes any limit in the end: this buys 5 min" in step.step.effect
    assert "24 h" in step.step.effect


@pytest.mark.parametrize(
    ("wish", "changes", "words"),
    [
        (Wish(limit_bytes=210 * MIB), {}, "would kill it"),
        (Wish(limit_bytes=9 << 30), {}, "more than this machine has"),
        (Wish(limit_bytes=800 * MIB), {"memory": memory(200 * MIB, above=500 * MIB)}, "would not be had"),
        (Wish(limit_bytes=400 * MIB), {}, "its limit already"),
        (Wish(limit_bytes=1), {"limits": Absent("limits", AbsentKind.NOT_APPLICABLE, "root")}, "no limit can be set"),
        (Wish(restart=True, stop=True), {}, "exclude each other"),
        (Wish(collect=True), {}, "no collection can be asked of cpython"),
        (Wish(collect=True), {"runtime": "jvm 17"}, "cannot be attached to"),
        (Wish(collect=True), {"runtime": "node 20", "reach": REACH}, "no collection is asked of this Node.js"),
        (Wish(collect=True, inspect=False), {"runtime": "node 20", "reach": REACH}, "no collection is asked of this"),
        (Wish(collect=True, inspect=True), {"runtime": "node 20", "reach": DEAF}, "no collection can be asked of this"),
        (Wish(restart=True), {"supervisor": Supervisor(SupervisorKind.CONTAINER, left_alone="x")}, "not restarted"),
        (Wish(restart=True), {"manner": Manner("handler", confined=("seccomp",))}, "not restarted"),
        (Wish(stop=True), {"supervisor": Supervisor(SupervisorKind.MASTER, pid=9)}, "not stopped"),
    ],
)
def test_what_would_do_harm_is_refused_with_a_reason(wish, changes, words):
    with pytest.raises((RefusedError, CallerError), match=words):
        plan(wish, **changes)


def test_what_ignores_sigterm_is_not_restarted_by_itself_and_only_with_a_kill_that_is_asked_for():
    deaf = Manner("ignored")
    assert plan(manner=deaf).steps == ()
    assert "apply --kill" in plan(Wish(restart=True), manner=deaf).steps[1].step.risk


def test_an_approval_is_of_what_was_shown_and_of_nothing_else():
    one = plan()
    assert one.digest == plan().digest
    assert one.digest != plan(Wish(stop=True)).digest
    assert one.digest != plan(seen=replace(SEEN, start_ticks=100)).digest


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"host": "other"}, "made on vm"),
        ({"boot": "boot-2"}, "restarted"),
        ({"start_ticks": 100}, "another process now"),
        ({"command": ("shop", "--port", "81")}, "command changed"),
        ({"uid": 0}, "uid 1000 to uid 0"),
        ({"cgroup": "/else"}, "moved from cgroup"),
        ({"cgroup_inode": 18}, "removed and made again"),
        ({"limit_bytes": 500 * MIB}, "from 400 MiB (of /shop.slice/api) to 500 MiB"),
        ({"limit_cgroup": "", "limit_bytes": None}, "to none"),
    ],
)
def test_what_changed_since_a_plan_was_made_is_told(change, words):
    (told,) = differences(SEEN, replace(SEEN, **change))
    assert words in told
    assert differences(SEEN, SEEN) == ()
    record = plan()
    assert stale(record, replace(SEEN, **change), NOW_S) == (told,)


def test_a_plan_expires_and_its_target_may_end():
    record = plan()
    assert stale(record, SEEN, NOW_S + 899) == ()
    assert "holds no longer" in stale(record, SEEN, NOW_S + 901)[0]
    assert stale(record, None, NOW_S) == ("pid 4242 has ended",)


def test_what_its_own_steps_changed_does_not_make_it_stale():
    record = plan(Wish(limit_bytes=800 * MIB, restart=True))
    kept, limited, restarted = record.steps
    begun = replace(limited, state=StepState.APPLIED)
    half = replace(record, steps=(kept, begun, restarted))
    assert stale(half, replace(SEEN, limit_bytes=800 * MIB), NOW_S) == ()
    assert stale(half, replace(SEEN, start_ticks=5), NOW_S)
    cut = replace(record, steps=(kept, begun, replace(restarted, state=StepState.APPLYING)))
    assert stale(cut, None, NOW_S) == ()


def test_v1_never_has_memory_and_swap_together_below_memory_alone():
    up, down = writes_for(V1, 800 * MIB), writes_for(V1, 300 * MIB)
    assert up == (("memory.memsw.limit_in_bytes", 900 * MIB), ("memory.limit_in_bytes", 800 * MIB))
    assert down == (("memory.limit_in_bytes", 300 * MIB), ("memory.memsw.limit_in_bytes", 400 * MIB))
    raised, lowered = replace(V1, limits=dict(up)), replace(V1, limits=dict(down))
    assert [name for name, _ in writes_back(raised, dict(V1.limits))] == [name for name, _ in down]
    assert [name for name, _ in writes_back(lowered, dict(V1.limits))] == [name for name, _ in up]


def test_v2_sets_one_file_and_puts_back_all_that_was_read():
    assert writes_for(V2, 800 * MIB) == (("memory.max", 800 * MIB),)
    assert dict(writes_back(replace(V2, limits={"memory.max": 800 * MIB}), dict(V2.limits))) == V2.limits


@pytest.mark.parametrize(
    "action",
    [KeepEvidence(), Restart(Supervisor(SupervisorKind.SYSTEMD, "shop.service")), SetLimit(PATH, None, 5, NOBODY)],
)
def test_an_action_is_read_back_from_its_facts(action):
    assert action_of(facts_of(action)) == action


def test_a_collection_of_node_is_planned_where_its_inspector_is_allowed_with_what_it_does_and_how_long_it_stands():
    (step,) = plan(Wish(collect=True, inspect=True), runtime="node 20.11", reach=REACH).steps
    assert step.step.does == {"kind": "collect", "runtime": "node"}
    assert "evidence, not a cure" in step.step.effect
    assert "800 ms" in step.step.risk
    assert "port 9229" in step.step.risk
    assert (step.step.takes_s, step.step.undo) == (2.8, "none is needed")


@pytest.mark.parametrize("facts", [{"kind": "explode"}, {"kind": "restart"}, {"kind": "restart", "by": {"kind": "x"}}])
def test_facts_that_nobody_wrote_are_a_data_error(facts):
    with pytest.raises(DataError):
        action_of(facts)
    assert action_of({}) is None
