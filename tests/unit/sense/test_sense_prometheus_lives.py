"""The runs of a container, and the pods of a workload, out of what a Prometheus tells of them."""

from __future__ import annotations

import numpy as np
import pytest

from oakum.model.series import Ending, Metric, Series
from oakum.sense.prometheus.chains import PodLives, chained
from oakum.sense.prometheus.lives import Points, Told
from oakum.sense.prometheus.names import ContainerKey, Owner, PodKey

END_S = 100_000.0
STEP_S = 60.0


def points(begin_s, end_s, value=1.0, step_s=STEP_S):
    at_s = np.arange(begin_s, end_s + 1, step_s)
    return Points(at_s, np.full(at_s.size, float(value)))


def lives(told):
    return told.lifetimes(END_S, STEP_S)


def test_a_run_that_lingers_is_cut_where_the_next_one_was_started():
    told = Told(runs={"a": points(90_000, 95_300, 9), "b": points(95_060, END_S, 1)})
    told.started = {"b": points(95_100, END_S, 95_030)}
    first, second = lives(told)
    assert first.at_s[-1] < 95_030 <= second.at_s[0]
    assert set(first.value) == {9.0}
    assert set(second.value) == {1.0}
    assert second.started_s == 95_030
    assert (first.ending, second.ending) == (Ending.EXITED, Ending.RUNNING)


def test_without_times_of_starts_the_first_sample_of_the_next_run_cuts():
    first, second = lives(Told(runs={"a": points(90_000, 95_300), "b": points(95_060, END_S)}))
    assert first.at_s[-1] < second.at_s[0] == 95_060


def test_a_run_that_was_never_seen_alone_has_no_lifetime_of_its_own():
    """Both were told for the same minutes: the later start is the one that lives."""
    told = Told(runs={"a": points(95_000, 95_120, 9), "b": points(95_000, END_S, 1)})
    told.started = {"a": points(95_000, 95_060, 90_000), "b": points(95_000, END_S, 94_990)}
    (only,) = lives(told)
    assert set(only.value) == {1.0}


@pytest.mark.parametrize("known", ["started", "restarts"])
def test_without_the_label_of_the_run_a_restart_is_known_by_its_start_or_by_the_count(known):
    told = Told(runs={"": points(90_000, END_S)})
    if known == "started":
        told.started = {"": Points(np.array([90_000.0, 97_000.0]), np.array([80_000.0, 95_000.0]))}
    else:
        told.restarts = Points(np.array([90_000.0, 95_000.0, 97_000.0]), np.array([4.0, 5.0, 5.0]))
    first, second = lives(told)
    assert first.at_s[-1] < 95_000 <= second.at_s[0]
    assert len(first) + len(second) == 167


def test_a_count_of_restarts_that_falls_is_a_new_pods_and_no_restart():
    told = Told(runs={"": points(90_000, END_S)})
    told.restarts = Points(np.array([90_000.0, 95_000.0]), np.array([4.0, 0.0]))
    assert len(lives(told)) == 1


def test_a_kill_is_told_of_the_run_before_the_one_in_which_it_is_said():
    told = Told(runs={"a": points(90_000, 92_000), "b": points(92_060, 95_000), "c": points(95_060, END_S)})
    told.killed = points(92_120, 95_000)
    assert [life.ending for life in lives(told)] == [Ending.OOM_KILLED, Ending.EXITED, Ending.RUNNING]


def test_the_last_run_may_have_been_killed_and_not_started_again():
    told = Told(runs={"a": points(90_000, 95_000)})
    told.killed = points(95_060, END_S)
    (only,) = lives(told)
    assert only.ending is Ending.OOM_KILLED
    assert only.ended_s == 94_980.0


def test_a_pod_that_was_killed_once_and_later_replaced_was_killed_only_once():
    """The state of the first end is told until the pod object goes, a few minutes after its last sample."""
    told = Told(runs={"a": points(80_000, 82_000), "b": points(82_060, 95_000)})
    told.killed = points(82_120, 95_240)
    assert [life.ending for life in lives(told)] == [Ending.OOM_KILLED, Ending.EXITED]


def test_the_state_of_an_earlier_kill_that_one_step_still_holds_is_not_that_of_the_next_end():
    told = Told(runs={"a": points(80_040, 82_000), "b": points(82_080, 95_000), "c": points(95_040, END_S)})
    told.killed = points(82_140, 95_100)
    assert told.killed.at_s[-1] == 95_100
    assert [life.ending for life in lives(told)] == [Ending.OOM_KILLED, Ending.EXITED, Ending.RUNNING]


def test_what_is_a_few_scrapes_late_still_runs():
    (only,) = lives(Told(runs={"a": points(90_000, END_S - 240)}))
    assert only.ending is Ending.RUNNING


def test_each_sample_has_the_limit_of_its_time_and_zero_is_none():
    told = Told(runs={"a": points(90_000, END_S)})
    told.limit = Points(np.array([90_600.0, 95_000.0]), np.array([512.0, 1024.0]))
    (only,) = lives(told)
    assert only.limit[0] == 512
    assert only.limit[-1] == 1024
    told.limit = Points(np.array([90_600.0]), np.array([0.0]))
    assert lives(told)[0].limit is None


def test_the_same_run_told_by_two_series_is_one():
    """Another node, another image name: what is told twice counts once."""
    run = Points()
    run.add(*_pair(points(0, 300, 1)))
    run.add(*_pair(points(240, 600, 2)))
    assert run.at_s.tolist() == [60.0 * k for k in range(11)]
    assert run.value.tolist() == [1.0] * 6 + [2.0] * 5


def test_the_runs_of_a_container_that_crashes_on_and_on_are_put_together_once(monkeypatch):
    calls, made = [], Told._runs
    monkeypatch.setattr(Told, "_runs", lambda told: calls.append(1) or made(told))
    begins = [90_340 + 240 * number for number in range(40)]
    told = Told(runs={str(begin): points(begin, begin + 180) for begin in begins})
    told.killed = points(begins[1], begins[20] - 60)
    endings = [life.ending for life in lives(told)]
    assert endings == [Ending.OOM_KILLED] * 19 + [Ending.EXITED] * 20 + [Ending.RUNNING]
    assert len(calls) == 1


def _pair(given):
    return given.at_s, given.value


def pod(name, *spans, ending=Ending.RUNNING):
    found = []
    for number, (begin, end) in enumerate(spans):
        at = points(begin, end)
        last = number + 1 == len(spans)
        found.append(Series(at.at_s, at.value, ending=ending if last else Ending.EXITED))
    return PodLives(ContainerKey(PodKey("", "shop", name), "app"), found)


def chain(*pods):
    return [series for series, _ in chained(Owner("deploy", "cart"), pods, Metric.RSS, STEP_S)]


def test_pods_that_run_side_by_side_are_series_of_their_own_with_one_id():
    found = chain(pod("a", (0, 6000)), pod("b", (0, 6000)), pod("c", (600, 6000)))
    assert [series.id for series in found] == ["deploy/shop/cart/app"] * 3
    assert [series.labels["pod"] for series in found] == ["a", "b", "c"]


def test_a_pod_that_takes_anothers_place_goes_on_its_series_though_both_ran_for_a_minute():
    (only,) = chain(pod("old", (0, 3000), ending=Ending.EXITED), pod("new", (2940, 6000)))
    assert [life.ending for life in only.lifetimes] == [Ending.REPLACED, Ending.RUNNING]
    assert only.lifetimes[0].at_s[-1] < only.lifetimes[1].at_s[0]
    assert only.labels["pod"] == "new"


def test_with_a_long_step_the_last_sample_of_the_old_pod_may_stand_after_the_first_of_the_new():
    old = pod("old", (0, 3600), ending=Ending.EXITED)
    new = pod("new", (3000, 9000))
    assert len(chained(Owner("deploy", "cart"), [old, new], Metric.RSS, 60.0)) == 1
    ((series, pods),) = chained(Owner("deploy", "cart"), [old, new], Metric.RSS, 600.0)
    assert len(series.lifetimes) == len(pods) == 2


def test_each_new_pod_takes_the_place_of_the_one_that_ended_last():
    found = chain(
        pod("a1", (0, 3000), ending=Ending.EXITED),
        pod("b1", (0, 3600), ending=Ending.EXITED),
        pod("a2", (3060, 9000)),
        pod("b2", (3660, 9000)),
    )
    assert [(len(series.lifetimes), series.labels["pod"]) for series in found] == [(2, "a2"), (2, "b2")]


def test_what_was_scaled_away_has_no_row_beside_what_runs():
    (only,) = chain(pod("gone", (0, 3000), ending=Ending.EXITED), pod("here", (0, 6000)))
    assert only.labels["pod"] == "here"
    (ended,) = chain(pod("gone", (0, 3000), ending=Ending.EXITED))
    assert ended.labels["pod"] == "gone"


def test_lifetimes_of_a_series_never_overlap_even_after_restarts_in_the_last_minutes():
    before = pod("old", (0, 2700), (2760, 2880), (2940, 3000), ending=Ending.OOM_KILLED)
    (only,) = chain(before, pod("new", (2820, 6000)))
    ends = [(life.at_s[0], life.at_s[-1]) for life in only.lifetimes]
    assert all(a[1] < b[0] for a, b in zip(ends, ends[1:], strict=False))
