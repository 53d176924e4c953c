"""Hours of a watch on a machine in memory: one incident for one leak, whatever ends, begins or is set meanwhile."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from examples_render import leak as leaking_investigation
from watching_world import World, followed_of, track_of

from oakum.incident import Event
from oakum.loop import incident as incidents
from oakum.loop.incident import number_of
from oakum.loop.watch import Settings, _Wanted
from oakum.loop.watching.closer import Manner
from oakum.loop.watching.followed import MOST_LIVES
from oakum.model.errand import Ended
from oakum.model.errors import CallerError, MachineError, RefusedError, TargetError
from oakum.model.incident import EntryKind, State
from oakum.model.policy import Policy
from oakum.model.series import Series
from oakum.model.target import parse_target
from oakum.model.verdict import VerdictName
from oakum.model.work import Work
from oakum.sense.machine import MachineWatch
from oakum.sense.track import Portion

MIB = 1 << 20
SLOW = 0.02 * MIB
POLICY = Policy(quick_check_s=300.0, closing_window_s=900.0)


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path, policy=POLICY)
    yield made
    made.store.close()


def crowd(world):
    return [world.steady(name) for name in ("web", "queue", "mail")]


def states(world):
    return [(one.id, one.state.value) for one in world.store.incidents.list(closed=True)]


def row_of(report, name):
    return next(row for row in report.rows if row.series.id == name)


def test_one_leaking_and_three_healthy_services_are_one_incident(world):
    crowd(world)
    leak = world.leaking(SLOW)
    report = world.watch(seconds=5400.0)
    assert report.incidents == ("inc-1",)
    assert states(world) == [("inc-1", "explained")]
    record = world.store.incidents.record(1)
    assert record.incident.target == f"pid/{leak.process.pid}"
    assert sum(entry.kind is EntryKind.OPENED for entry in record.timeline) == 1
    assert set(world.errands.targets) == {f"pid/{leak.process.pid}"}
    assert 2 <= len(report.looks) <= 6, "found again, ever more seldom"
    assert row_of(report, f"pid/{leak.process.pid}").verdict.name.value in {"leak", "suspect"}
    assert (report.ticks, report.missed) == (270, 0)
    assert world.store.works.unfinished() == []


def test_a_service_that_is_killed_and_started_again_stays_one_incident(world):
    crowd(world)
    leak = world.leaking(2 * SLOW)
    clock = world.machine.clock

    def start_again():
        leak.process = world.machine.start(("python3", "shop.py"), cgroup="/shop.service", anon_bytes=60 * MIB)

    def kill():
        world.machine.oom_kill(leak.process.pid)
        clock.after(12.0, start_again)

    for hour in (1, 2):
        clock.after(1800.0 * hour, kill)
    report = world.watch(seconds=3 * 1800.0)
    assert report.incidents == ("inc-1",)
    assert len(states(world)) == 1
    lives = row_of(report, f"pid/{leak.process.pid}").series.lifetimes
    assert [life.ending.value for life in lives] == ["oom-killed", "oom-killed", "running"]


@pytest.mark.parametrize("step_s", [-7200.0, 7200.0])
def test_a_wall_clock_that_is_set_disturbs_nothing(world, step_s):
    crowd(world)
    leak = world.leaking(SLOW)
    clock = world.machine.clock
    clock.after(1000.0, lambda: clock.step_wall(step_s))
    clock.after(3000.0, lambda: clock.step_wall(-step_s))
    report = world.watch(seconds=4000.0)
    assert report.incidents == ("inc-1",)
    assert len(states(world)) == 1
    (life,) = row_of(report, f"pid/{leak.process.pid}").series.lifetimes
    assert life.at_s[-1] - life.at_s[0] == pytest.approx(4000.0)


def test_a_muted_leak_opens_nothing(world):
    leak = world.leaking(SLOW)
    bench = world.bench()
    incidents.mute(
        bench.recorder,
        f"pid/{leak.process.pid}",
        reason="it fills",
        for_s=1e6,
        processes=world.machine.processes,
        now_s=bench.now_s(),
    )
    report = world.watch(seconds=3600.0)
    assert (report.incidents, world.errands.started, states(world)) == ((), [], [])
    assert world.told.count("found, and muted: mute-1 by ann: it fills") == 1


class KilledError(BaseException):
    """As SIGKILL: no step of the end writes anything."""


def test_the_next_watch_goes_on_with_what_the_last_one_stored_although_that_was_killed(world, monkeypatch):
    leak = world.leaking(SLOW)
    first = world.workers.this()

    def nothing(*_, **__):
        raise MachineError("this process is gone")

    def die():
        monkeypatch.setattr(type(world.store.judge_states), "put", nothing)
        monkeypatch.setattr(type(world.store.works), "finish", nothing)
        raise KilledError

    world.machine.clock.after(1800.0, die)
    with pytest.raises(KilledError):
        world.watch()
    monkeypatch.undo()
    begun_s = world.machine.clock.now_s()
    world.workers.alive.discard(first)
    world.workers.me = type(first)(first.host, first.boot, 101, 7)
    world.workers.alive.add(world.workers.me)
    report = world.watch(seconds=160.0)
    lives = row_of(report, f"pid/{leak.process.pid}").series.lifetimes
    assert lives[0].at_s[0] < begun_s - 1700.0
    assert len(lives) == 1
    assert world.told.count("a watch was cut off at pid 100; going on with what it stored") == 1
    assert len(states(world)) == 1
    assert world.store.works.unfinished() == []


def _begun_by(world, holder):
    world.store.works.begin(Work("watch", "here host", "oakum watch", holder, 0.0))


def test_a_watch_that_is_begun_again_and_again_does_not_look_again_and_again(world):
    world.leaking(SLOW)
    world.errands.polls = 0
    for _ in range(4):
        world.watch(seconds=500.0)
    # Within 2,000 s: at once, after ten minutes and after twenty more. Each watch anew would be four.
    assert 1 <= len(world.errands.started) <= 3
    assert states(world) == [("inc-1", "explained")]


def test_a_second_watch_of_the_same_is_refused_and_one_of_something_else_is_not(world):
    process = world.steady("web")
    holder = world.workers.this()
    _begun_by(world, holder)
    world.workers.me = type(holder)(holder.host, holder.boot, 101, 7)
    with pytest.raises(RefusedError, match="another Oakum watches host here") as told:
        world.watch(seconds=160.0)
    assert told.value.next_step.endswith("kill 100")
    world.watch(parse_target(f"pid/{process.pid}"), seconds=160.0)
    assert [work.holder for work in world.store.works.unfinished()] == [holder]


def test_told_to_end_it_gives_its_answer_and_ends_its_look(world):
    leak = world.leaking(SLOW)
    world.errands.polls = 10**9

    def interrupt():
        raise KeyboardInterrupt

    world.machine.clock.after(1800.0, interrupt)
    report = world.watch()
    assert [errand.stopped for errand in world.errands.errands] == [True]
    assert report.incidents == ()
    assert row_of(report, f"pid/{leak.process.pid}").verdict.name.value in {"leak", "suspect"}
    assert world.told.count("told to end") == 1
    assert world.store.works.unfinished() == []


def test_a_target_that_is_not_there_leaves_no_work_and_one_that_ends_is_waited_for(world):
    with pytest.raises(TargetError):
        world.watch(parse_target("pid/99999"), seconds=160.0)
    assert world.store.works.unfinished() == []
    leak = world.leaking(SLOW)
    other = world.steady("web")
    clock = world.machine.clock
    clock.after(600.0, lambda: world.machine.end(leak.process.pid))

    def back():
        leak.process = world.machine.start(("python3", "shop.py"), cgroup="/shop.service", anon_bytes=60 * MIB)

    clock.after(700.0, back)
    report = world.watch(parse_target(f"pid/{leak.process.pid}"), seconds=3600.0)
    assert row_of(report, f"pid/{leak.process.pid}").series.samples > 150
    assert f"pid/{other.pid}" not in {row.series.id for row in report.rows}


def test_a_record_that_is_away_for_an_hour_ends_nothing_and_is_told_seldom(world):
    world.leaking(SLOW)
    crowd(world)
    real = world.store.incidents.list
    away = SimpleNamespace(now=False)

    def listed(**told):
        if away.now:
            raise MachineError("the record is locked", why="by somebody")
        return real(**told)

    object.__setattr__(world.store.incidents, "list", listed)
    clock = world.machine.clock
    clock.after(600.0, lambda: setattr(away, "now", True))
    clock.after(4200.0, lambda: setattr(away, "now", False))
    report = world.watch(seconds=5400.0)
    assert 1 <= world.told.count("the record is locked") <= 2
    assert report.incidents == ("inc-1",)


def fixed(world, number=1):
    """A person says so."""
    bench = world.bench()
    for event in (Event.STABILISE, Event.FIX):
        bench.move(number, event, "the fixed version is deployed")


def test_a_fix_that_holds_is_verified_by_the_watch_and_its_incident_is_closed(world):
    leak = world.leaking(SLOW)
    clock = world.machine.clock

    def deploy():
        world.machine.end(leak.process.pid)
        new = world.machine.start(("python3", "shop.py"), cgroup="/shop.service", anon_bytes=60 * MIB)
        leak.process = SimpleNamespace(anon_bytes=0)
        leak.new = new
        fixed(world)

    clock.after(2400.0, deploy)
    world.watch(seconds=2400.0 + 1800.0)
    assert states(world) == [("inc-1", "closed")], world.told.lines
    assert world.told.count(f"its fix is verified meanwhile, on pid {leak.new.pid}") == 1
    assert world.told.count("the quick check is passed") == 1
    assert world.told.count("the incident is closed") == 1


def test_a_fix_that_does_not_hold_is_reopened_by_the_watch(world):
    leak = world.leaking(SLOW)
    clock = world.machine.clock

    def deploy():
        world.machine.end(leak.process.pid)
        leak.process = world.machine.start(("python3", "shop.py"), cgroup="/shop.service", anon_bytes=60 * MIB)
        fixed(world)

    clock.after(2400.0, deploy)
    world.watch(seconds=2400.0 + 1800.0)
    assert len(states(world)) == 1
    timeline = world.store.incidents.record(1).timeline
    assert any(entry.facts.get("event") == Event.REOPEN.value for entry in timeline)
    assert world.store.incidents.get(1).state is not State.CLOSED


def test_a_fix_whose_service_is_not_watched_is_told_once(world):
    leak = world.leaking(SLOW)
    clock = world.machine.clock

    def stop():
        world.machine.end(leak.process.pid)
        leak.process = SimpleNamespace(anon_bytes=0)
        fixed(world)

    clock.after(2400.0, stop)
    world.watch(seconds=4000.0)
    assert world.told.count("its fix cannot be verified by this watch") == 1
    assert states(world) == [("inc-1", "fixed")]


def test_a_suspicion_that_came_to_nothing_is_closed_unless_somebody_said_something(world):
    filling = world.leaking(SLOW, command=("cache",), cgroup="/cache.service")
    clock = world.machine.clock
    world.errands.answer = lambda arguments: _suspected(world, arguments)
    clock.after(1200.0, lambda: setattr(filling, "process", SimpleNamespace(anon_bytes=0)))
    world.watch(seconds=4 * 3600.0)
    assert states(world) == [("inc-1", "closed")]
    assert "not confirmed" in world.store.incidents.get(1).closed_why


def _suspected(world, arguments):
    """A look that saw nothing that names a holder."""
    pid = int(arguments[1].removeprefix("pid/")) if arguments[1].startswith("pid/") else 0
    info = world.machine.processes.info(pid)
    found = leaking_investigation()
    investigation = replace(
        found,
        target=arguments[1],
        generated_at_s=world.machine.clock.now_s(),
        verdict=replace(found.verdict, name=VerdictName.SUSPECT),
        series=replace(found.series, labels={"command": info.title, "cgroup": info.cgroup}),
        causes=(),
    )
    name = world.recorded(arguments[1], investigation).investigation.incident
    answer = f'{{"verdict": {{"verdict": "suspect"}}, "evidence": [], "causes": [], "incident": "{name}"}}'
    return Ended(5, answer.encode(), "")


def test_a_suspicion_that_somebody_wrote_to_stays_open(world):
    filling = world.leaking(SLOW, command=("cache",), cgroup="/cache.service")
    clock = world.machine.clock
    world.errands.answer = lambda arguments: _suspected(world, arguments)
    clock.after(1200.0, lambda: setattr(filling, "process", SimpleNamespace(anon_bytes=0)))

    def write():
        bench = world.bench()
        incidents.note(bench.recorder, number_of("inc-1"), "I look at it", event=None, now_s=bench.now_s())

    clock.after(2000.0, write)
    world.watch(seconds=4 * 3600.0)
    assert states(world) == [("inc-1", "assessed")]


def test_hundreds_of_short_lived_processes_leave_no_incident_and_no_series_behind(world):
    crowd(world)
    numbers = iter(range(10**6))

    def build():
        made = world.machine.start(("cc", f"{next(numbers)}.c"), anon_bytes=40 * MIB)
        world.machine.clock.after(20.0, lambda: world.machine.end(made.pid))

    world.every(5.0, build)
    report = world.watch(seconds=1500.0)
    assert report.incidents == ()
    assert report.followed <= 600 / 5 + 30


@pytest.mark.parametrize(("interval_s", "watch_s"), [(0.0, None), (0.19, None), (3601.0, None), (5.0, 39.0)])
def test_a_rhythm_that_shows_nothing_is_refused(interval_s, watch_s):
    with pytest.raises(CallerError, match="cannot watch with a sample every"):
        Settings.of(interval_s=interval_s, watch_s=watch_s, manner=Manner(True, False, 5.0, 30.0, {}))


def test_a_kill_is_told_of_any_process_and_another_end_only_of_what_was_named(world):
    killed, ended = world.steady("web"), world.steady("queue")
    clock = world.machine.clock
    clock.after(100.0, lambda: world.machine.oom_kill(killed.pid))
    clock.after(100.0, lambda: world.machine.end(ended.pid))
    world.watch(seconds=200.0)
    assert world.told.count(f"pid/{killed.pid}: the kernel has killed it for its memory") == 1
    assert world.told.count("it has ended") == 0
    named = world.steady("mail")
    clock.after(100.0, lambda: world.machine.end(named.pid))
    world.watch(parse_target(f"pid/{named.pid}"), seconds=200.0)
    assert world.told.count(f"pid/{named.pid}: it has ended") == 1


def test_of_a_named_process_its_cgroup_gives_the_limit_and_is_not_judged(world):
    process, beside = world.steady("web"), world.leaking(SLOW, cgroup="/web.service")
    world.machine.groups["/web.service"].limit_bytes = 2**30
    report = world.watch(parse_target(f"pid/{process.pid}"), seconds=3600.0)
    (row,) = report.rows
    assert row.series.id == f"pid/{process.pid}"
    assert set(row.series.lifetimes[0].limit.tolist()) == {2.0**30}
    assert (report.incidents, report.followed) == ((), 1)
    report = world.watch(parse_target("cgroup/web.service"), seconds=1800.0)
    assert {one.series.id for one in report.rows} == {
        "cgroup/web.service",
        f"pid/{process.pid}",
        f"pid/{beside.process.pid}",
    }


def test_a_number_that_is_used_again_is_another_process_and_nobody_asked_for_it(world):
    process = world.machine.start(("shop",), cgroup="/shop.service", anon_bytes=80 * MIB)
    wanted = _Wanted([parse_target(f"pid/{process.pid}")], world.bench())
    assert wanted.process(world.machine.info(process))
    child = world.machine.start(("worker",), parent_pid=process.pid)
    assert wanted.process(world.machine.info(child))
    world.machine.end(child.pid)
    stranger = replace(world.machine.info(child), parent_pid=1, start_ticks=world.machine.info(child).start_ticks + 500)
    assert not wanted.process(stranger)
    world.machine.end(process.pid)
    grandchild = replace(stranger, pid=9999, parent_pid=process.pid)
    assert not wanted.process(grandchild)


def test_what_is_sampled_for_its_limit_alone_is_not_held(world):
    process = world.machine.start(("shop",), cgroup="/shop.service", anon_bytes=80 * MIB)
    held = []
    original = MachineWatch.tracks

    def tracks(self, log):
        found = original(self, log)
        held.extend(track.samples for track in found)
        return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(MachineWatch, "tracks", tracks)
        world.watch(parse_target(f"pid/{process.pid}"), seconds=2000.0)
    assert max(held) <= 1


def test_a_service_that_is_started_again_every_minute_keeps_a_bounded_history():
    followed = followed_of(track_of([60 * MIB] * 3))
    for life in range(1, 600):
        start_s = 1.7e9 + 60.0 * life
        samples = Series(start_s + np.arange(3.0) * 5, np.full(3, 60.0 * MIB), started_s=start_s)
        followed.add([Portion(samples, begins=True, pid=1)])
    assert len(followed.state.facts.lives) <= MOST_LIVES
    assert followed.judge().name is VerdictName.HEALTHY
