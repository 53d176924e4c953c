"""Plans and verifications: encoded by their schemas, shown without what a hostile name would do to a terminal."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import jsonschema
import numpy as np
import pytest
from referencing import Registry, Resource
from rich.console import Console

from oakum.model.action import Restart, facts_of
from oakum.model.plan_record import PlanRecord, StepRecord, StepState
from oakum.model.series import Series, WorkloadSeries
from oakum.model.step import Step
from oakum.model.supervisor import Supervisor, SupervisorKind
from oakum.model.verdict import Pattern, Verdict, VerdictName
from oakum.model.verification import Check, CheckState, Outcome, Verification
from oakum.render import schemas
from oakum.render.codec_plan import plan_to_json
from oakum.render.codec_verify import verification_to_json
from oakum.render.table_plan import plan_view
from oakum.render.table_verify import verification_view

NOW_S = 1_790_000_000.0
HOSTILE = "shop\x1b[2J\u202e[bold]"
STEP = Step(
    "Restart it",
    effect="memory starts anew",
    risk="requests are cut off",
    undo="none is needed",
    takes_s=35.0,
    does=facts_of(Restart(Supervisor(SupervisorKind.NONE))),
)


def plan(state=StepState.SHOWN, **changes):
    seen = {"pid": 4242, "command": [HOSTILE], "expires_at_s": NOW_S + 900, "verdict": "leak", "work": 0.1}
    steps = (StepRecord(STEP, state, outcome="pid 1 runs"), StepRecord(Step("Fix it", effect="a bound", risk="none")))
    return replace(PlanRecord(3, "pid/4242", NOW_S, "ab" * 32, steps, seen, state, number=7), **changes)


def verification(outcome=Outcome.FAILED):
    series = WorkloadSeries("pid/7", (Series(NOW_S + np.arange(40.0), np.full(40, 1e6)),))
    verdict = Verdict(VerdictName.HEALTHY, Pattern.FLAT, 0.02, 1e6)
    checks = (Check("no kill", CheckState.FAILED, HOSTILE), Check("flat", CheckState.OPEN, "too few"))
    return Verification(
        "pid/7", 3, NOW_S, NOW_S - 60, 39.0, outcome, checks, verdict, series, reopened=HOSTILE, next="again"
    )


def valid(document):
    known = [schemas.read(name) for name in schemas.NAMES]
    registry = Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in known)
    schema = schemas.read(str(document["schema"]))
    jsonschema.Draft202012Validator(schema, registry=registry).validate(
        json.loads(json.dumps(document, allow_nan=False))
    )


def drawn(view):
    out = io.StringIO()
    Console(file=out, width=100, force_terminal=False).print(view)
    return out.getvalue()


@pytest.mark.parametrize("state", StepState)
def test_a_plan_in_every_state_fits_its_schema_and_says_what_comes_next(state):
    valid(plan_to_json(plan(state)))
    told = drawn(plan_view(plan(state)))
    assert all(word in told for word in ("plan-7", "inc-3", "effect:", "risk:", "takes:", "undo:", "you: Fix it"))
    assert state is StepState.UNDONE or "plan-7" in told.rpartition("Fix it")[2]


def test_a_plan_of_which_nothing_is_oakums_has_no_number_and_offers_no_apply():
    told = plan(number=0, incident=0, steps=plan().steps[1:])
    valid(plan_to_json(told))
    assert plan_to_json(told)["id"] is None
    assert "oakum apply" not in drawn(plan_view(told))
    assert "nothing is to be done" in drawn(plan_view(replace(told, steps=())))


@pytest.mark.parametrize("outcome", Outcome)
def test_a_verification_fits_its_schema_and_shows_every_question(outcome):
    valid(verification_to_json(verification(outcome)))
    told = drawn(verification_view(verification(outcome)))
    assert "no kill" in told
    assert "too few" in told


def test_hostile_names_reach_no_terminal():
    for view in (plan_view(plan()), verification_view(verification())):
        told = drawn(view)
        assert "\x1b" not in told
        assert "\u202e" not in told
        assert "[bold]" in told
