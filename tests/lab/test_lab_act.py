"""Plans on real processes in real cgroups: restarted as they were, limits set and put back, refused where stale."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from acting import HEALTHY, LIMIT_BYTES, MIB, POLICY, YES, begin, bench, limit_bytes, planned, service, wait_until

from oakum.act.plan import Wish
from oakum.host.launch import read_launch
from oakum.loop import act
from oakum.loop import incident as journey
from oakum.loop.act import Assent
from oakum.model.errors import CallerError, RefusedError, TargetError
from oakum.model.hands import Handover
from oakum.model.plan_record import StepState

pytestmark = pytest.mark.lab

RESTART, STOP = Wish(restart=True), Wish(stop=True)


def states(record):
    return [step.state for step in record.steps]


def test_a_restart_keeps_the_evidence_and_gives_the_same_process_back(tmp_path):
    with service(tmp_path) as shop, bench(tmp_path) as at:
        old = shop.pid
        before = read_launch(old)
        record = planned(old, RESTART, at)
        done = act.apply(f"plan-{record.number}", YES, bench=at)
        assert done.state is StepState.APPLIED
        wait_until(lambda: len(shop.pids("began")) == 2)
        assert shop.living() == [shop.pid]
        assert shop.pids("asked") == [old]
        # Command, environment, folder, ids, rlimits, cgroups and streams.
        assert read_launch(shop.pid) == before
        (kept,) = at.store.incidents.record(record.incident).kept
        assert at.store.blobs.get(kept.digest).startswith(b"{")
        # Its environment was kept only until it ran again.
        assert not list((tmp_path / "hands").glob("*.launch"))
        assert act.apply(f"plan-{record.number}", YES, bench=at).revision == done.revision
        assert len(shop.pids("began")) == 2


def test_a_process_of_another_user_is_that_user_again(tmp_path):
    with bench(tmp_path) as at, subprocess.Popen(["/bin/sleep", "60"], start_new_session=True) as sleeping:
        wait_until(lambda: Path(f"/proc/{sleeping.pid}/cmdline").read_bytes() == b"/bin/sleep\x0060\x00")
        old = read_launch(sleeping.pid)
        theirs = replace(old, uid=65534, gid=65534, groups=(65534,), umask=0o077, nice=5)
        family = at.hands.sightings.family(sleeping.pid)
        at.hands.handovers.begin(Handover("as-nobody", family, ask=True, wait_s=20.0, launch=theirs))
        sleeping.wait(20)
        wait_until(lambda: at.hands.handovers.started("as-nobody"))
        pid = at.hands.handovers.started("as-nobody").pid
        try:
            wait_until(lambda: Path(f"/proc/{pid}/cmdline").read_bytes() == b"/bin/sleep\x0060\x00")
            assert read_launch(pid) == theirs
        finally:
            os.kill(pid, signal.SIGKILL)


def test_a_stop_is_undone_by_the_same_process(tmp_path):
    with service(tmp_path) as shop, bench(tmp_path) as at:
        old = shop.pid
        before = read_launch(old)
        record = planned(old, STOP, at)
        assert act.apply(f"plan-{record.number}", YES, bench=at).state is StepState.APPLIED
        assert shop.living() == []
        assert act.undo(f"plan-{record.number}", YES, bench=at).state is StepState.UNDONE
        wait_until(lambda: len(shop.pids("began")) == 2)
        assert replace(read_launch(shop.pid), stdio=before.stdio) == before
        # Undone twice it is undone once.
        act.undo(f"plan-{record.number}", YES, bench=at)
        assert len(shop.pids("began")) == 2


def test_what_somebody_started_by_hand_meanwhile_is_not_started_again_by_undo(tmp_path):
    with service(tmp_path) as shop, bench(tmp_path) as at:
        record = planned(shop.pid, STOP, at)
        act.apply(f"plan-{record.number}", YES, bench=at)
        begin(shop.log, shop.folder, "ends")
        wait_until(lambda: len(shop.pids("began")) == 2)
        with pytest.raises(RefusedError, match="runs already"):
            act.undo(f"plan-{record.number}", YES, bench=at)
        assert len(shop.living()) == 1


def test_a_limit_is_raised_and_put_back(tmp_path):
    with service(tmp_path) as shop, bench(tmp_path) as at:
        record = planned(shop.pid, Wish(limit_bytes=256 * MIB), at)
        act.apply(f"plan-{record.number}", YES, bench=at)
        assert limit_bytes(shop.cgroup, at) == 256 * MIB
        act.undo(f"plan-{record.number}", YES, bench=at)
        assert limit_bytes(shop.cgroup, at) == LIMIT_BYTES


def test_a_raised_limit_that_stands_beyond_its_time_is_told_until_it_is_put_back(tmp_path):
    with service(tmp_path) as shop, bench(tmp_path, policy=replace(POLICY, change_lasts_s=0.001)) as at:
        record = planned(shop.pid, Wish(limit_bytes=256 * MIB), at)
        act.apply(f"plan-{record.number}", YES, bench=at)
        later_s = at.now_s() + 60
        (line,) = journey.left(at.recorder, at.hands.limits, now_s=later_s).lines
        assert f"memory limit of {shop.cgroup}, 256 MiB" in line
        assert line.endswith(f"oakum undo plan-{record.number}")
        act.undo(f"plan-{record.number}", YES, bench=at)
        assert journey.left(at.recorder, at.hands.limits, now_s=later_s).lines == ()


def test_a_limit_is_lowered_with_its_swap_and_put_back(tmp_path):
    with service(tmp_path) as shop, bench(tmp_path) as at:
        before = at.hands.limits.read(shop.cgroup)
        record = planned(shop.pid, Wish(limit_bytes=96 * MIB), at, HEALTHY)
        act.apply(f"plan-{record.number}", YES, bench=at)
        assert limit_bytes(shop.cgroup, at) == 96 * MIB
        assert shop.living()
        act.undo(f"plan-{record.number}", YES, bench=at)
        assert at.hands.limits.read(shop.cgroup) == before


def test_a_limit_that_would_kill_is_refused_when_planned_and_when_applied(tmp_path):
    with service(tmp_path) as shop, bench(tmp_path) as at:
        with pytest.raises(RefusedError, match="would kill it"):
            planned(shop.pid, Wish(limit_bytes=2 * MIB), at)
        record = planned(shop.pid, Wish(limit_bytes=96 * MIB), at)
        greedy = replace(POLICY, limit_margin_share=20.0)
        with bench(tmp_path, policy=greedy) as later, pytest.raises(RefusedError, match="would kill it now"):
            act.apply(f"plan-{record.number}", YES, bench=later)
        assert limit_bytes(shop.cgroup, at) == LIMIT_BYTES


def test_a_limit_that_somebody_else_changed_is_not_undone(tmp_path):
    with service(tmp_path) as shop, bench(tmp_path) as at:
        record = planned(shop.pid, Wish(limit_bytes=256 * MIB), at)
        act.apply(f"plan-{record.number}", YES, bench=at)
        other = planned(shop.pid, Wish(limit_bytes=320 * MIB), at)
        act.apply(f"plan-{other.number}", YES, bench=at)
        with pytest.raises(RefusedError, match="no longer what Oakum set"):
            act.undo(f"plan-{record.number}", YES, bench=at)
        assert limit_bytes(shop.cgroup, at) == 320 * MIB


def test_a_stale_plan_is_refused_with_what_changed_and_nothing_is_done(tmp_path):
    with service(tmp_path) as shop, bench(tmp_path) as at:
        limited = planned(shop.pid, RESTART, at)
        raised = planned(shop.pid, Wish(limit_bytes=256 * MIB), at)
        act.apply(f"plan-{raised.number}", YES, bench=at)
        with pytest.raises(RefusedError) as told:
            act.apply(f"plan-{limited.number}", YES, bench=at)
        assert "memory limit changed from 192 MiB" in told.value.why
        gone = planned(shop.pid, RESTART, at)
        os.kill(shop.pid, signal.SIGKILL)
        wait_until(lambda: not shop.living())
        with pytest.raises(RefusedError, match="stale") as told:
            act.apply(f"plan-{gone.number}", YES, bench=at)
        assert "has ended" in told.value.why
        old = replace(gone, seen={**gone.seen, "pid": os.getpid()}, number=0)
        other = at.store.plans.add(old)
        with pytest.raises(RefusedError) as told:
            act.apply(f"plan-{other.number}", YES, bench=at)
        assert "is another process now" in told.value.why
        assert len(shop.pids("began")) == 1


def test_a_plan_that_was_shown_too_long_ago_is_refused(tmp_path):
    with service(tmp_path) as shop, bench(tmp_path, policy=replace(POLICY, plan_expiry_s=0.001)) as at:
        record = planned(shop.pid, RESTART, at)
        with pytest.raises(RefusedError) as told:
            act.apply(f"plan-{record.number}", YES, bench=at)
        assert "holds no longer" in told.value.why


def test_nothing_is_done_without_the_word(tmp_path):
    with service(tmp_path) as shop, bench(tmp_path) as at:
        record = planned(shop.pid, RESTART, at)
        for assent in (Assent(), Assent(ask=lambda *_: False)):
            with pytest.raises(RefusedError, match="not approved: nothing was done"):
                act.apply(f"plan-{record.number}", assent, bench=at)
        asked = []
        assert at.store.plans.approvals(record.number) == []
        act.apply(f"plan-{record.number}", Assent(ask=lambda _, word: asked.append(word) or True), bench=at)
        (approval,) = at.store.plans.approvals(record.number)
        assert (asked, approval.author, approval.how) == (["apply"], "ann", "typed")
        assert shop.pids("asked")


def test_what_does_not_end_is_never_killed_without_a_word_of_its_own(tmp_path):
    with service(tmp_path, how="stays") as shop, bench(tmp_path) as at:
        old = shop.pid
        record = planned(old, RESTART, at)
        with pytest.raises(TargetError, match="has not ended within 3"):
            act.apply(f"plan-{record.number}", YES, bench=at)
        assert shop.living() == [old]
        assert states(at.store.plans.get(record.number)) == [StepState.APPLIED, StepState.FAILED]
        asked = []
        kill = Assent(kill=True, ask=lambda _, word: asked.append(word) or True)
        assert act.apply(f"plan-{record.number}", kill, bench=at).state is StepState.APPLIED
        assert asked == ["kill"]
        wait_until(lambda: len(shop.pids("began")) == 2)
        # It was asked once, and one took its place although two handovers were begun.
        assert (shop.pids("asked"), shop.living()) == ([old], [shop.pid])


def test_what_ignores_sigterm_is_refused_until_a_kill_is_approved(tmp_path):
    with service(tmp_path, how="deaf") as shop, bench(tmp_path) as at:
        record = planned(shop.pid, RESTART, at)
        assert "ignores SIGTERM" in record.steps[1].step.risk
        with pytest.raises(RefusedError, match="ignores SIGTERM"):
            act.apply(f"plan-{record.number}", YES, bench=at)
        assert len(shop.pids("began")) == 1
        act.apply(f"plan-{record.number}", Assent(yes=True, kill=True), bench=at)
        wait_until(lambda: len(shop.pids("began")) == 2)
        assert at.store.plans.approvals(record.number)[-1].how == "--yes --kill"


def test_a_restart_has_nothing_to_take_back(tmp_path):
    with service(tmp_path) as shop, bench(tmp_path) as at:
        record = planned(shop.pid, RESTART, at)
        with pytest.raises(CallerError, match="nothing of plan-"):
            act.undo(f"plan-{record.number}", YES, bench=at)
        act.apply(f"plan-{record.number}", YES, bench=at)
        with pytest.raises(CallerError, match="can be taken back"):
            act.undo(f"plan-{record.number}", YES, bench=at)
