"""Whom a watch looks at more closely, how close, and what becomes of looks that fail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from watching_world import FakeErrands, climbing, ended, followed_of, track_of

from oakum.loop.watching.closer import (
    CHEAP_PAUSE_S,
    HOUR_S,
    LEAST_WATCH_S,
    LONGEST_LOOK_S,
    MOST_WATCH_S,
    Closer,
    Manner,
)
from oakum.loop.watching.depth import AGAIN_S, LONGEST_S, Depth, depth, wait_s
from oakum.model.errand import Ended
from oakum.model.errors import MachineError
from oakum.model.mute import Mute
from oakum.model.policy import Policy
from oakum.model.verdict import Forecast, Pattern, Verdict, VerdictName
from oakum.render.codec_samples import samples_from_bytes

MIB = 1 << 20
MANNER = Manner(True, False, 5.0, 30.0, {"OAKUM_STORE": "here"})
NOW_S = 1.7e9 + 1000.0


def verdict(name=VerdictName.SUSPECT, *, left_s=None, rate=1.0 * MIB):
    forecasts = () if left_s is None else (Forecast("limit", left_s, 2 * left_s, 3 * left_s),)
    return Verdict(name, Pattern.LINEAR, 0.9, 100.0 * MIB, rate_per_s=rate, forecasts=forecasts)


def one(number=1, *, given=None, name="", values=None, limit=float("inf"), found=True, **labels):
    track = track_of(values or climbing(1, 500), name=name or f"pid/{number}", limit=limit, **labels)
    return followed_of(track, key=f"key {number}", verdict=given or verdict(), found=found)


@pytest.fixture
def closer_of():
    """Makes closers whose running look is ended with the test."""
    made = []

    def make(errands, *, manner=MANNER, mutes=lambda _: None, wall_of=lambda stamp_s: stamp_s):
        told = []

        def tell(target, text):
            told.append((target, text))

        made.append(Closer(errands, manner, Policy(), mutes=mutes, told=tell, wall_of=wall_of))
        return made[-1], told

    yield make
    for closer in made:
        closer.close()


def option(arguments, name):
    return arguments[arguments.index(name) + 1]


def looked(closer, followed, now_s, *, polls=9):
    """Begin what is wanted and let it end; what was given at the end."""
    closer.begin(followed, now_s)
    for _ in range(polls):
        found = closer.collected(now_s)
        if found is not None:
            return found[0]
    return None


LEAK = VerdictName.LEAK


@pytest.mark.parametrize(
    ("given", "lasted_s", "times", "limit", "wanted"),
    [
        (verdict(LEAK), 0.0, 1, float("inf"), Depth.DEAR),
        (verdict(), 59.0, 9, float("inf"), Depth.NONE),
        (verdict(), 61.0, 2, float("inf"), Depth.NONE),
        (verdict(), 61.0, 3, float("inf"), Depth.CHEAP),
        (verdict(left_s=800.0), 61.0, 3, float("inf"), Depth.DEAR),
        (verdict(left_s=1000.0), 61.0, 3, float("inf"), Depth.CHEAP),
        (verdict(), 61.0, 3, 600.0 * MIB, Depth.DEAR),
        (verdict(), 61.0, 3, 900.0 * MIB, Depth.CHEAP),
        (verdict(), 61.0, 3, 2.0**62, Depth.CHEAP),
        (verdict(left_s=10.0), 5.0, 3, 600.0 * MIB, Depth.NONE),
    ],
)
def test_how_close_a_look_a_verdict_asks_for(given, lasted_s, times, limit, wanted):
    followed = one(given=given, limit=limit)
    followed.found_since_s, followed.found_times = NOW_S - lasted_s, times
    assert depth(followed, NOW_S, Policy()) is wanted


def test_what_is_small_healthy_unjudged_or_ended_is_left_alone():
    healthy, ended_one = one(found=False), one(given=verdict(LEAK))
    small = one(given=verdict(LEAK), values=[1.0 * MIB] * 100)
    track = track_of([])
    track.end()
    ended_one.add(track.take())
    unjudged = followed_of(track_of(climbing(1, 500)))
    track = track_of(climbing(1, 100))
    gone = followed_of(track, verdict=verdict(LEAK), found=True)
    track.end()
    gone.add(track.take())
    assert [depth(each, NOW_S, Policy()) for each in (healthy, small, unjudged, gone)] == [Depth.NONE] * 4


def test_waits_double_up_to_the_longest():
    assert [wait_s(looks) for looks in (0, 1, 2, 3)] == [0.0, AGAIN_S, 2 * AGAIN_S, 4 * AGAIN_S]
    assert wait_s(2000) == LONGEST_S


def test_one_at_a_time_and_the_nearest_to_its_death_first(closer_of):
    errands = FakeErrands(lambda _: ended())
    closer, _ = closer_of(errands)
    slow, fast, hint = one(1, given=verdict(LEAK)), one(2, given=verdict(LEAK, left_s=60.0)), one(3)
    everybody = [hint, slow, fast]
    for _ in range(20):
        closer.begin(everybody, NOW_S)
        assert len(errands.started) - len(closer.looks) in {0, 1}
        closer.collected(NOW_S)
    assert errands.targets == ["pid/2", "pid/1", "pid/3"]
    assert [look.depth for look in closer.looks] == ["dear", "dear", "cheap"]


def test_after_a_look_the_next_one_waits_and_then_twice_as_long(closer_of):
    errands = FakeErrands(lambda _: ended())
    closer, _ = closer_of(errands)
    followed = one(given=verdict(LEAK))
    begun = []
    for second in range(0, 6000, 10):
        before = len(errands.started)
        looked(closer, [followed], NOW_S + second)
        if len(errands.started) > before:
            begun.append(second)
    assert begun == [0, 600, 1800, 4200]


def test_a_dear_look_follows_a_cheap_one_at_once_and_one_that_wavers_waits_all_the_same(closer_of):
    errands = FakeErrands(lambda _: ended())
    closer, _ = closer_of(errands)
    followed, begun = one(), []
    for second in range(0, 3000, 10):
        followed.verdict = verdict(LEAK) if (second // 100) % 2 else verdict()
        before = len(errands.started)
        looked(closer, [followed], NOW_S + second)
        if len(errands.started) > before:
            begun.append((second, closer.looks[-1].depth))
    assert begun[:2] == [(0, "cheap"), (100, "dear")]
    waits = [after - before for (before, _), (after, _) in zip(begun[1:], begun[2:], strict=False)]
    assert waits
    assert min(waits) >= AGAIN_S


def test_the_next_watch_waits_as_long_after_a_look_and_takes_one_that_failed_again(closer_of):
    for answer, wanted in ((ended(), 1), (Ended(-9, b"", ""), 2)):
        errands = FakeErrands(lambda _, answer=answer: answer)
        followed = one(given=verdict(LEAK))
        for _ in range(2):
            closer, _ = closer_of(errands)
            looked(closer, [followed], NOW_S)
        assert len(errands.started) == wanted


def test_what_is_muted_is_not_looked_at_and_that_is_told_once(closer_of):
    errands = FakeErrands(lambda _: ended())
    mute = Mute("pid/1", "it fills", "ann", 0.0, 1e12, number=4)
    closer, told = closer_of(errands, mutes=lambda followed: mute if followed.name == "pid/1" else None)
    for _ in range(5):
        looked(closer, [one(1, given=verdict(LEAK)), one(2)], NOW_S)
    assert set(errands.targets) == {"pid/2"}
    assert [text for target, text in told if target == "pid/1"] == ["found, and muted: mute-4 by ann: it fills"]


def test_a_cgroup_is_looked_at_only_for_what_none_of_its_processes_shows(closer_of):
    errands = FakeErrands(lambda _: ended())
    closer, _ = closer_of(errands)
    group, process = one(1, name="cgroup/shop", given=verdict(LEAK)), one(2, found=False, cgroup="/shop/web")
    closer.begin([group, one(2, cgroup="/shop/web")], NOW_S)
    assert errands.targets == ["pid/2"], "the process is found itself"
    closer, _ = closer_of(errands)
    errands.started.clear()
    group.found_since_s = NOW_S - 100.0
    closer.begin([group, process], NOW_S)
    assert errands.targets == [], "the process may need longer"
    group.found_since_s = NOW_S - 400.0
    closer.begin([group, process], NOW_S)
    assert errands.targets == ["cgroup/shop"]


def test_a_cheap_look_may_hardly_stop_its_target_and_all_together_no_longer_than_the_budget(closer_of):
    errands = FakeErrands(lambda _: ended(pause_s=4.0))
    closer, _ = closer_of(errands, manner=replace(MANNER, pause_s=10.0))
    looked(closer, [one(9)], NOW_S)
    assert option(errands.started[0][0], "--max-pause") == f"{CHEAP_PAUSE_S:.3f}s"
    for number in range(1, 5):
        looked(closer, [one(number, given=verdict(LEAK))], NOW_S)
    allowed = [option(arguments, "--max-pause") for arguments, _ in errands.started[1:]]
    assert allowed == ["2.400s", "0.800s", "0.001s", "0.001s"]
    looked(closer, [one(7, given=verdict(LEAK))], NOW_S + HOUR_S + 1)
    assert option(errands.started[-1][0], "--max-pause") == "4.000s"


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (verdict(LEAK, rate=None), LEAST_WATCH_S),
        (verdict(LEAK, rate=-5.0), LEAST_WATCH_S),
        (verdict(LEAK, rate=8 * MIB / 100.0), 100),
        (verdict(LEAK, rate=1.0), MOST_WATCH_S),
        (verdict(LEAK, rate=8 * MIB / 100.0, left_s=90.0), 30),
        (verdict(LEAK, rate=8 * MIB / 100.0, left_s=3.0), LEAST_WATCH_S),
    ],
)
def test_a_look_lasts_until_growth_shows_and_not_until_the_target_dies(closer_of, given, seconds):
    errands = FakeErrands(lambda _: ended())
    closer, _ = closer_of(errands)
    closer.begin([one(given=given)], NOW_S)
    assert option(errands.started[0][0], "--for") == f"{seconds:.0f}s"


def test_what_a_look_is_asked_and_what_it_says(closer_of):
    errands = FakeErrands(lambda _: ended(pause_s=0.5))
    closer, told = closer_of(errands, manner=replace(MANNER, inspect=True, capture=False))
    look = looked(closer, [one(given=verdict(LEAK))], NOW_S)
    arguments, environment = errands.started[0]
    assert arguments[:2] == ["investigate", "pid/1"]
    assert {"--no-capture", "--inspect", "json"} <= set(arguments)
    assert environment == {"OAKUM_STORE": "here"}
    assert (look.verdict, look.incident, look.pause_s, look.failed) == ("leak", "inc-1", 0.5, "")
    assert told[-1] == ("pid/1", "looked closer: leak: unbounded-cache: shop.CACHE; inc-1")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Ended(3, b"", "· watching\noakum: pid/1 has ended\n"), "pid/1 has ended"),
        (Ended(-9, b"", ""), "it was ended by signal 9"),
        (Ended(-11, b'{"verdict": ', "oakum: looking at pid/1\n"), "it was ended by signal 11"),
        (Ended(0, b"null", ""), "it ended with 0 and without an answer"),
        (Ended(0, b"[1]", ""), "it ended with 0 and without an answer"),
        (Ended(70, b'{"verdict": {"verdict": "leak"}, "evidence": [], "causes": [{}]}', "boom"), "boom"),
        (Ended(0, b'{"verdict": {"verdict": "leak"}, "evidence": [{"cost": null}], "causes": []}', "x"), "x"),
        (Ended(0, b"\xff\xfe", "x"), "x"),
    ],
)
def test_a_look_that_crashes_or_answers_nonsense_is_told_and_the_next_one_is_taken(closer_of, answer, why):
    errands = FakeErrands(lambda arguments: answer if arguments[1] == "pid/1" else ended())
    closer, told = closer_of(errands)
    look = looked(closer, [one(1, given=verdict(LEAK))], NOW_S)
    assert (look.failed, look.verdict, look.incident) == (why, "", "")
    assert told[-1] == ("pid/1", f"the closer look failed: {why}")
    assert looked(closer, [one(2, given=verdict(LEAK))], NOW_S).failed == ""


def test_a_leak_that_could_not_be_put_on_record_says_so_and_a_muted_one_does_not(closer_of):
    full = "oakum: no room for the record\n"
    errands = FakeErrands(lambda _: ended(code=6, said=full, incident=None))
    closer, _ = closer_of(errands)
    assert looked(closer, [one(given=verdict(LEAK))], NOW_S).headline.endswith(
        "; not on record: no room for the record"
    )
    errands = FakeErrands(lambda _: ended(code=1, said="oakum: no incident: mute-1\n", incident=None))
    closer, _ = closer_of(errands)
    assert "not on record" not in looked(closer, [one(given=verdict(LEAK))], NOW_S).headline


def test_a_look_that_cannot_be_started_is_told_and_waits_like_one_that_was_taken(closer_of):
    errands = FakeErrands(MachineError("cannot start a command of our own", why="too many processes"))
    closer, told = closer_of(errands)
    for second in range(0, 500, 5):
        closer.begin([one(given=verdict(LEAK))], NOW_S + second)
    assert len(errands.started) == 1
    assert told == [("pid/1", "cannot look closer: cannot start a command of our own")]
    assert [look.failed for look in closer.looks] == ["cannot start a command of our own"]


def test_the_look_that_runs_is_stopped_at_the_end(closer_of):
    errands = FakeErrands(lambda _: ended())
    closer, told = closer_of(errands)
    closer.begin([one(given=verdict(LEAK))], NOW_S)
    closer.close()
    closer.close()
    assert [errand.stopped for errand in errands.errands] == [True]
    assert told[-1] == ("pid/1", "the closer look is ended, for the watch ends")


def test_a_look_that_never_ends_is_given_up_and_the_next_one_begins(closer_of):
    errands = FakeErrands(lambda _: ended(), polls=10**9)
    closer, told = closer_of(errands)
    closer.begin([one(1, given=verdict(LEAK))], NOW_S)
    assert closer.collected(NOW_S + LONGEST_LOOK_S - 1) is None
    assert not errands.errands[0].stopped
    assert closer.collected(NOW_S + LONGEST_LOOK_S + 1) is None
    assert errands.errands[0].stopped
    assert "had not ended" in told[-1][1]
    closer.begin([one(2, given=verdict(LEAK))], NOW_S + LONGEST_LOOK_S + 2)
    assert errands.targets == ["pid/1", "pid/2"]


def test_a_full_disk_for_what_a_look_is_given_ends_no_watch(closer_of, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    errands = FakeErrands(lambda _: ended())
    closer, told = closer_of(errands)
    closer.begin([one(1, given=verdict(LEAK))], NOW_S)
    assert errands.started == []
    assert "no room" in told[-1][1]


def test_samples_are_given_by_todays_wall_clock(closer_of, tmp_path):
    seen = []

    def look(arguments):
        with open(option(arguments, "--earlier"), "rb") as file:  # noqa: PTH123
            seen.append(samples_from_bytes(file.read())[0].lifetimes[0])
        return ended()

    closer, _ = closer_of(FakeErrands(look), wall_of=lambda stamp_s: stamp_s - 7200.0)
    target = one(1, given=verdict(LEAK))
    before = target.series().lifetimes[0]
    looked(closer, [target], NOW_S)
    assert seen[0].at_s == pytest.approx(before.at_s - 7200.0)
    assert seen[0].started_s == pytest.approx(before.started_s - 7200.0)
