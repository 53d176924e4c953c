"""A collection is asked of a real JVM, as evidence; one that would die of the asking is not asked."""

from __future__ import annotations

import os

import pytest
from acting import YES, bench, planned
from jvm import shop

from oakum.act.plan import Wish
from oakum.loop import act
from oakum.model.errors import RefusedError
from oakum.model.plan_record import StepState

pytestmark = pytest.mark.lab


def test_a_jvm_is_asked_for_a_collection_and_what_stays_is_told(tmp_path):
    classes = tmp_path / "classes"
    classes.mkdir()
    with shop(classes) as running, bench(tmp_path) as at:
        running.serve(200)
        before = running.jcmd("GC.heap_info")
        record = planned(running.process.pid, Wish(collect=True), at)
        (step,) = act.apply(f"plan-{record.number}", YES, bench=at).steps
        assert step.state is StepState.APPLIED
        assert "after a full collection" in step.outcome
        assert step.undo_data["after_anon_bytes"] > 0
        assert before != running.jcmd("GC.heap_info")
        running.serve(10)


def test_a_jvm_whose_signals_were_reduced_is_not_asked_for_it_would_end(tmp_path):
    classes = tmp_path / "classes"
    classes.mkdir()
    with shop(classes, "-Xrs") as running, bench(tmp_path) as at:
        with pytest.raises(RefusedError, match="cannot be attached to"):
            planned(running.process.pid, Wish(collect=True), at)
        os.kill(running.process.pid, 0)
        running.serve(10)
