"""What stands longer than it was meant to is told while it stands, and no longer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.act.expiry import expired
from oakum.model.absent import Absent, AbsentKind
from oakum.model.action import KeepEvidence, SetLimit, facts_of
from oakum.model.hands import LimitFiles
from oakum.model.plan_record import PlanRecord, StepRecord, StepState
from oakum.model.policy import Policy
from oakum.model.sighting import Sighting
from oakum.model.step import Step
from oakum.model.supervisor import Supervisor, SupervisorKind
from oakum.model.work import Holder

MIB = 1 << 20
NOW_S = 1_790_000_000.0
DAY_S = 86400.0
PATH = "/shop.slice/api"
HERE = Holder("vm", "boot-1", 1, 1)
SEEN = Sighting("vm", "boot-1", 4242, 99, 1000, ("shop",), PATH, 17, PATH, 400 * MIB)
RAISED = SetLimit(PATH, 400 * MIB, 600 * MIB, Supervisor(SupervisorKind.NONE), DAY_S)
STANDS = LimitFiles(PATH, 17, 2, {"memory.max": 600 * MIB})


def step(action, state=StepState.APPLIED, *, ended_at_s=NOW_S - 2 * DAY_S, **data):
    does = Step("a step", effect="an effect", risk="none", does=facts_of(action))
    return StepRecord(does, state, {"inode": 17, **data}, ended_at_s, ended_at_s)


def told(*steps, stands=STANDS, now_s=NOW_S, seen=SEEN):
    record = PlanRecord(1, "pid/4242", NOW_S - 3 * DAY_S, "d", steps, seen.facts(), StepState.APPLIED, number=3)
    return list(expired(record, Policy(change_lasts_s=DAY_S), now_s=now_s, here=HERE, read=lambda _: stands))


def test_a_limit_that_stands_beyond_its_time_is_told_with_how_long_it_was_meant_to():
    (one,) = told(step(KeepEvidence()), step(RAISED))
    assert (one.action, one.stood_s, one.lasts_s, one.host) == (RAISED, 2 * DAY_S, DAY_S, "")


def test_it_is_told_though_a_later_step_of_its_plan_failed():
    assert told(step(RAISED), step(KeepEvidence(), StepState.FAILED))


def test_within_its_time_nothing_is_told_and_the_time_is_the_plans_own_not_the_policys_of_today():
    assert told(step(replace(RAISED, lasts_s=3 * DAY_S))) == []
    assert told(step(RAISED), now_s=NOW_S - 1.5 * DAY_S) == []
    # A plan of an older Oakum did not say: the policy does.
    assert told(step(replace(RAISED, lasts_s=None)))


@pytest.mark.parametrize("state", [StepState.SHOWN, StepState.FAILED, StepState.UNDOING, StepState.UNDONE])
def test_what_was_not_applied_or_was_taken_back_is_not_told(state):
    assert told(step(RAISED, state)) == []


@pytest.mark.parametrize(
    "stands",
    [
        Absent("limits", AbsentKind.NOT_APPLICABLE, "the cgroup is gone"),
        replace(STANDS, inode=18),
        replace(STANDS, limits={"memory.max": 400 * MIB}),
        replace(STANDS, limits={"memory.max": None}),
    ],
)
def test_what_is_gone_made_anew_or_set_by_somebody_else_is_not_told(stands):
    assert told(step(RAISED), stands=stands) == []


def test_a_restarted_machine_has_it_no_longer_and_another_machines_is_told_by_the_record():
    assert told(step(RAISED), seen=replace(SEEN, boot="boot-0")) == []
    (one,) = told(step(RAISED), seen=replace(SEEN, host="other", boot="boot-7"), stands=replace(STANDS, inode=99))
    assert one.host == "other"
