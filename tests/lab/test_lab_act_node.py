"""A collection is asked of a real Node.js, as evidence: only where that was allowed, and its port is closed again."""

from __future__ import annotations

import os
import shutil
import signal

import pytest
from acting import YES, bench, planned, wait_until
from node_programs import node_program, ports_of
from test_lab_act_faults import Fatal, attempt

from oakum.act.plan import Wish
from oakum.loop import act
from oakum.model.errors import RefusedError
from oakum.model.plan_record import StepState

pytestmark = [pytest.mark.lab, pytest.mark.skipif(shutil.which("ss") is None, reason="needs ss (iproute2)")]

COLLECT = Wish(collect=True, inspect=True)


def test_garbage_and_what_is_held_are_told_and_the_target_serves_on_with_its_port_closed(tmp_path):
    with node_program("map.cjs") as program, bench(tmp_path) as at:
        before = program.serve_for(2.0)
        record = planned(program.pid, COLLECT, at)
        assert "one thread stands still" in record.steps[0].step.risk
        (step,) = act.apply(f"plan-{record.number}", YES, bench=at).steps
        assert step.state is StepState.APPLIED
        assert "were garbage" in step.outcome
        assert step.undo_data["after_heap_bytes"] <= step.undo_data["heap_bytes"]
        assert ports_of(program.pid) == set()
        (kept,) = at.store.incidents.record(record.incident).kept
        assert kept.facts["heap_after_bytes"] == step.undo_data["after_heap_bytes"]
        assert kept.facts["anon_before_bytes"] > kept.facts["heap_after_bytes"]
        assert program.serve_for(0.5) > before
        print(step.outcome)  # noqa: T201  (what was measured)


def test_nothing_is_asked_where_nobody_allowed_the_inspector(tmp_path):
    with node_program("map.cjs") as program, bench(tmp_path) as at:
        for wish in (Wish(collect=True), Wish(collect=True, inspect=False)):
            with pytest.raises(RefusedError, match="no collection is asked") as told:
                planned(program.pid, wish, at)
            assert told.value.next_step.endswith("--collect --inspect")
        assert ports_of(program.pid) == set()


def test_what_took_the_signal_for_itself_since_the_plan_is_not_sent_one(tmp_path):
    with node_program("own_signal.cjs") as program, bench(tmp_path) as at:
        with pytest.raises(RefusedError, match="no collection can be asked") as told:
            planned(program.pid, COLLECT, at)
        assert "SIGUSR1" in told.value.why
        os.kill(program.pid, 0)


def test_killed_before_every_point_in_turn_it_is_told_once_and_the_port_is_closed(tmp_path):
    with node_program("map.cjs") as program:
        number, killed = 0, True
        while killed:
            number += 1
            folder = tmp_path / str(number)
            folder.mkdir()
            with bench(folder) as at:
                record = planned(program.pid, COLLECT, at)
            killed, names = attempt(folder, "apply", record.number, Fatal(number, after=False))
            if killed:
                again, _ = attempt(folder, "apply", record.number, Fatal(0, after=False))
                assert not again
            with bench(folder) as at:
                done = at.store.plans.get(record.number)
                assert [step.state for step in done.steps] == [StepState.APPLIED]
                assert len(at.store.incidents.record(record.incident).kept) == 1
                assert at.store.works.unfinished() == []
            wait_until(lambda: ports_of(program.pid) == set())
        assert len(names) == number - 1


def test_a_target_that_stands_still_is_not_signalled_and_asked_again_when_it_runs_it_answers(tmp_path):
    with node_program("map.cjs") as program, bench(tmp_path) as at:
        record = planned(program.pid, COLLECT, at)
        os.kill(program.pid, signal.SIGSTOP)
        try:
            with pytest.raises(RefusedError, match="was not asked for"):
                act.apply(f"plan-{record.number}", YES, bench=at)
            assert at.store.plans.get(record.number).steps[0].state is StepState.FAILED
        finally:
            os.kill(program.pid, signal.SIGCONT)
        assert ports_of(program.pid) == set()
        (step,) = act.apply(f"plan-{record.number}", YES, bench=at).steps
        assert step.state is StepState.APPLIED
        assert ports_of(program.pid) == set()
