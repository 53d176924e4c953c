"""Thousands of containers after a watch: what stood still is not judged one by one, and is told as it is."""

from __future__ import annotations

import numpy as np
import pytest

from oakum.explain.fleet import Member
from oakum.judge import judge
from oakum.loop import scan
from oakum.loop.fleet_memory import FleetMemory, Followed
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_pod import Container, Pod, Role, Running
from oakum.model.series import Metric, Scope, Series, WorkloadSeries
from oakum.model.verdict import VerdictName
from oakum.sense.container_track import Source

MIB = 1 << 20
LIMIT = 512 * MIB
NOT_TOLD = Absent("the limit", AbsentKind.NOT_YET, "it is not told")


def followed(name, values, **changes):
    app = Container("app", Role.MAIN, "shop:1", Running(0.0), None, 0, None, LIMIT, NOT_TOLD, ready=True)
    pod = Pod("shop", name, name, "1", 0.0, None, {}, (), "one", "Running", "", "", "", (app,))
    value = np.array(values, np.float64)
    life = Series(1e9 + 10.0 * np.arange(len(value)), value, np.full(len(value), float(LIMIT)), **changes)
    series = WorkloadSeries(name, (life,), "bytes", Scope.CONTAINER, Metric.ANON)
    return Followed(pod, app, Source.KUBELET, series)


def calm(name, level_mib, count=18):
    return followed(name, level_mib * MIB + 4096.0 * (np.arange(count) % 5))


def climbs(name, count=18):
    return followed(name, 64.0 * MIB + MIB * np.arange(count))


def members(rows, memory):
    return [Member(pod, app, None, memory.of.get((pod.uid, app.name))) for pod, app, *_ in rows]


@pytest.fixture
def judged(monkeypatch):
    asked = []

    def noted(series):
        asked.append(series.id)
        return judge(series)

    monkeypatch.setattr("oakum.loop.fleet_memory.judge", noted)
    monkeypatch.setattr("oakum.loop.scan.judge", noted)
    monkeypatch.setattr("oakum.loop.scan.judge_many", lambda *_, **__: pytest.fail("a compiler was loaded"))
    return asked


def test_of_a_workload_that_stands_still_the_fullest_alone_is_judged(judged):
    rows = [calm(f"cart-{number}", 40 + number) for number in range(50)]
    memory = FleetMemory(rows)
    assert judged == []
    told = memory.settled(members(rows, memory))
    assert judged == ["cart-49"]
    assert told[49].memory.verdict == judge(rows[49].series)
    assert {each.memory.verdict.name for each in told} == {VerdictName.HEALTHY}


def test_where_one_grows_it_is_judged_and_of_the_others_nobody(judged):
    rows = [calm("cart-0", 400), climbs("cart-1"), calm("cart-2", 40)]
    memory = FleetMemory(rows)
    told = memory.settled(members(rows, memory))
    assert judged == ["cart-1"]
    assert [each.memory.grows for each in told] == [False, True, False]


def test_what_cannot_be_judged_is_named_and_too_few_samples_are_no_health(judged):
    broken = followed("cart-0", [1.0, np.nan, 3.0, 4.0, 5.0, 6.0])
    short = calm("cart-1", 40, count=3)
    memory = FleetMemory([broken, short])
    assert [each.id for each in memory.skipped] == ["cart-0"]
    (_, told) = memory.settled(members([broken, short], memory))
    assert told.memory.verdict.name is VerdictName.CANNOT_TELL
    assert judged == ["cart-0", "cart-1"]


def test_five_hundred_that_move_for_minutes_load_no_compiler(judged):
    memory = FleetMemory([climbs(f"cart-{number}", count=6) for number in range(500)])
    assert len(judged) == len(memory.of) == 500 > scan.MANY


def test_a_workload_of_which_nobody_tells_the_memory_is_left_as_it_is(judged):
    rows = [calm("cart-0", 40)]
    nobody = [Member(rows[0][0], rows[0][1])]
    assert FleetMemory([]).settled(nobody) == nobody
    assert judged == []
