"""A container's samples fall into the lifetimes that its restarts make."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.model.cluster_pod import Container, Pod, Role, Running, Terminated, Waiting
from oakum.model.series import Ending, Scope
from oakum.sense.container_track import ContainerTrack, Source

KILLED = Terminated("OOMKilled", 137, 90.0, 200.0)
FIRST = Container(
    "app", Role.MAIN, "shop/cart:1", Running(90.0), None, 0, None, 256 << 20, 256 << 20, True, container_id="a" * 64
)


def pod(container, uid="u-1"):
    return Pod("shop", "cart-1", uid, "7", 80.0, None, {}, (), "n-1", "Running", "", "", "Burstable", (container,))


@pytest.fixture
def track():
    made = ContainerTrack(pod(FIRST), FIRST, Source.KUBELET)
    for second in range(3):
        made.add(100.0 + second, second << 20)
    return made


def test_a_series_is_a_containers_with_the_limit_that_the_pod_says_and_its_start(track):
    series = track.series()
    assert (series.id, series.scope, series.labels["node"]) == ("pod/shop/cart-1/app", Scope.CONTAINER, "n-1")
    (life,) = series.lifetimes
    assert list(life.limit) == [256 << 20] * 3
    assert (life.started_s, life.ending) == (90.0, Ending.RUNNING)


def test_a_figure_that_is_told_twice_is_one_sample_and_the_sources_limit_goes_before_the_pods(track):
    track.add(102.0, 5 << 20)
    track.add(103.0, 5 << 20, 128 << 20)
    (life,) = track.series().lifetimes
    assert list(life.at_s) == [100.0, 101.0, 102.0, 103.0]
    assert life.limit[-1] == 128 << 20


def test_another_run_is_another_lifetime_and_the_one_before_ended_as_the_cluster_says(track):
    waits = replace(FIRST, state=Waiting("CrashLoopBackOff"), last=KILLED, restarts=1)
    track.now(pod(waits))
    track.add(150.0, 9 << 20)
    anew = replace(FIRST, state=Running(210.0), last=KILLED, restarts=1, container_id="b" * 64)
    track.now(pod(anew))
    track.now(pod(anew))
    track.add(211.0, 1 << 20)
    first, second = track.series().lifetimes
    assert (first.ending, len(first)) == (Ending.OOM_KILLED, 3)
    assert (second.ending, second.started_s, list(second.value)) == (Ending.RUNNING, 210.0, [1 << 20])


def test_a_run_that_came_between_two_looks_is_a_lifetime_too(track):
    track.now(pod(replace(FIRST, state=Running(210.0), last=KILLED, container_id="b" * 64)))
    track.add(211.0, 1 << 20)
    assert [life.ending for life in track.series().lifetimes] == [Ending.OOM_KILLED, Ending.RUNNING]


def test_a_pod_that_is_gone_ends_the_series(track):
    track.now(None)
    track.add(120.0, 1 << 20)
    (life,) = track.series().lifetimes
    assert (life.ending, len(life)) == (Ending.EXITED, 3)


def test_a_kubelet_that_still_tells_the_run_before_tells_nothing_of_this_one(track):
    """Its last figure comes again, and one that was measured between the end and the next begin."""
    anew = replace(FIRST, state=Running(210.0), last=KILLED, restarts=1, container_id="b" * 64)
    track.now(pod(anew))
    for at_s in (102.0, 205.0, 211.0, 211.0):
        track.add(at_s, int(at_s) << 20)
    first, second = track.series().lifetimes
    assert (first.ending, list(first.at_s)) == (Ending.OOM_KILLED, [100.0, 101.0, 102.0])
    assert list(second.at_s) == [211.0]
