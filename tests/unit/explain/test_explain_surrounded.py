"""What stands around a process: caps, limits, page cache, processes, connections, one large step."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import pytest
from examples_explain import MIB, growth, holder, series

from oakum.explain import explain
from oakum.explain.causes import (
    connection_pool,
    gc_misconfigured,
    large_load,
    load_growth,
    many_processes,
    page_cache,
    undersized_limit,
)
from oakum.model.cause import CauseName
from oakum.model.growth import PathStep, TypeGrowth
from oakum.model.policy import Policy
from oakum.model.process import CgroupLimit, CgroupMemory
from oakum.model.surroundings import Crowd, HeapCap, Member, Surroundings
from oakum.model.verdict import Pattern, VerdictName

LIMIT = 512 * MIB
IDS = {"charge": "series-3", "cap": "limit", "members": "workers", "crowds": "connections"}
CALM = series(VerdictName.HEALTHY, Pattern.FLAT, 0.0)


def charge(at_s=0.0, anon=100, file=10, limit=LIMIT, kills=0):
    """Sizes in MiB."""
    return CgroupMemory(
        at_s=at_s,
        path="/shop",
        version=2,
        usage_bytes=(anon + file) * MIB,
        anon_bytes=anon * MIB,
        file_bytes=file * MIB,
        working_set_bytes=anon * MIB,
        swap_bytes=0,
        limits=(CgroupLimit("/shop", limit),) if limit else (),
        kills=kills,
        pressure_some_us=None,
    )


def around(first=None, last=None, **changes):
    both = (first or charge(), last or first or charge(at_s=20.0))
    return Surroundings(**({"language": "Java", "charge": both, "evidence": IDS} | changes))


def crowd(at_s, inbound=0, anon=100, **by_remote):
    return Crowd(float(at_s), inbound, dict(by_remote), {}, anon * MIB)


CAP = HeapCap(1024 * MIB, "-Xmx1g")


def test_a_cap_above_the_limit_is_told_with_its_flag_and_the_limit():
    cause = gc_misconfigured.look(around(charge(anon=400), cap=CAP), series())
    assert cause.name is CauseName.GC_MISCONFIGURED
    assert cause.holder == "-Xmx1g"
    assert "1.00 GiB" in cause.title
    assert "512 MiB" in cause.title
    assert cause.confidence >= 0.8
    assert cause.evidence == ("limit", "series-3")
    assert "MaxRAMPercentage" in cause.advice


@pytest.mark.parametrize(
    "here",
    [
        around(charge(anon=400), cap=HeapCap(256 * MIB, "-Xmx256m")),
        around(charge(anon=400, limit=None), cap=CAP),
        around(charge(anon=400)),
        Surroundings(cap=CAP),
    ],
    ids=["fits", "no limit", "no cap", "no cgroup"],
)
def test_no_cap_is_accused_that_fits_or_is_not_known(here):
    assert gc_misconfigured.look(here, series()) is None


def test_a_wrong_cap_of_a_calm_small_heap_is_left_alone_until_it_was_killed():
    assert gc_misconfigured.look(around(charge(anon=50), cap=CAP), CALM) is None
    killed = gc_misconfigured.look(around(charge(anon=50, kills=2), cap=CAP), CALM)
    assert any("2 OOM kills" in why for why in killed.why)


def test_a_limit_that_calm_memory_fills_is_undersized_and_more_surely_after_kills():
    high = undersized_limit.look(around(charge(anon=470)), CALM)
    killed = undersized_limit.look(around(charge(anon=470, kills=3)), CALM)
    assert high.confidence < 0.6 <= killed.confidence
    assert any("no kill" in text for text in high.against)
    assert isnan(high.growth_bytes_per_s)


@pytest.mark.parametrize(
    "verdict",
    [series(VerdictName.LEAK), series(), series(VerdictName.HEALTHY, Pattern.LINEAR)],
    ids=["leak", "suspect", "rising"],
)
def test_what_grows_is_never_called_an_undersized_limit(verdict):
    assert undersized_limit.look(around(charge(anon=470, kills=3)), verdict) is None


def test_a_limit_far_away_is_large_enough():
    assert undersized_limit.look(around(charge(anon=200)), CALM) is None


def test_page_cache_that_grows_is_told_as_no_leak():
    cause = page_cache.look(around(charge(file=10), charge(at_s=20.0, file=200)), CALM)
    assert cause.name is CauseName.PAGE_CACHE
    assert "no leak" in cause.title
    assert cause.growth_bytes_per_s == pytest.approx(190 * MIB / 20)
    assert any("tmpfs" in text for text in cause.against)


def test_page_cache_beside_a_leak_is_told_only_where_it_is_what_grows():
    big = charge(anon=100, file=300)
    assert page_cache.look(around(big, replace(big, at_s=20.0)), CALM) is not None
    assert page_cache.look(around(big, replace(big, at_s=20.0)), series()) is None
    assert page_cache.look(around(charge(file=40)), CALM) is None


@pytest.mark.parametrize("limit", [None, 8 << 30])
def test_page_cache_far_from_any_limit_alarms_nobody(limit):
    first, last = charge(limit=limit), charge(at_s=20.0, file=200, limit=limit)
    assert page_cache.look(around(first, last), CALM) is None


def test_processes_that_become_more_are_named_and_make_a_calm_target_suspect():
    members = (
        Member(1, "master", 20 * MIB, 20 * MIB),
        *(Member(10 + number, "convert", None, 12 * MIB, age_s=3.0 * number) for number in range(6)),
    )
    here = around(charge(), charge(at_s=20.0), members=members)
    cause = many_processes.look(here)
    assert cause.holder == "processes named convert"
    assert cause.growth_bytes_per_s == pytest.approx(72 * MIB / 20)
    told = explain("pid/1", CALM, None, sources={}, policy=Policy(), around=here)
    assert told.verdict.name is VerdictName.SUSPECT
    assert told.causes[0].name is CauseName.MANY_PROCESSES


def test_a_holder_that_is_proven_stands_before_processes_that_became_more():
    members = (
        Member(1, "master", 20 * MIB, 30 * MIB),
        *(Member(10 + number, "helper", None, 12 * MIB, age_s=10.0) for number in range(3)),
    )
    here = around(charge(), charge(at_s=20.0), members=members)
    told = explain("pid/1", series(), growth(holder()), sources={}, policy=Policy(), around=here)
    assert told.verdict.name is VerdictName.LEAK
    assert [cause.name for cause in told.causes if cause.instead_of is None] == [
        CauseName.UNBOUNDED_CACHE,
        CauseName.MANY_PROCESSES,
    ]


@pytest.mark.parametrize("age_s", [None, 0.5])
def test_processes_that_only_just_came_make_no_suspect_of_a_calm_target(age_s):
    members = (
        Member(1, "master", 20 * MIB, 20 * MIB),
        *(Member(10 + number, "sh", None, 4 * MIB, age_s=age_s) for number in range(3)),
    )
    here = around(charge(), charge(at_s=20.0), members=members)
    told = explain("pid/1", CALM, None, sources={}, policy=Policy(), around=here)
    assert told.verdict.name is VerdictName.HEALTHY


def test_workers_that_are_replaced_are_no_more_than_before():
    members = (
        *(Member(number, "worker", 12 * MIB, None) for number in range(4)),
        *(Member(10 + number, "worker", None, 12 * MIB) for number in range(4)),
    )
    assert many_processes.look(around(members=members)) is None


def test_many_small_processes_that_fill_a_limit_together_are_told():
    members = tuple(Member(number, "worker", 50 * MIB, 50 * MIB) for number in range(10))
    cause = many_processes.look(around(charge(anon=500), members=members))
    assert cause.retained_bytes == 500 * MIB
    assert cause.growth_bytes_per_s == 0
    assert not many_processes.grows(around(members=members))


def test_memory_that_follows_connections_is_perhaps_load():
    crowds = tuple(crowd(number, 10 + 10 * number, 100 + 5 * number) for number in range(8))
    cause = load_growth.look(around(crowds=crowds), series())
    assert cause.name is CauseName.LOAD_GROWTH
    assert cause.confidence < 0.6
    assert "10 → 80" in cause.title


def test_memory_that_does_not_follow_connections_is_no_load():
    crowds = tuple(crowd(number, [10, 80][number % 2], 100 + 5 * number) for number in range(8))
    assert load_growth.look(around(crowds=crowds), series()) is None


def test_a_curve_that_follows_the_request_rate_is_load():
    verdict = series(VerdictName.HEALTHY, Pattern.LOAD_DRIVEN, 100.0)
    assert load_growth.look(Surroundings(), verdict).evidence == ("series",)


def test_connections_to_one_remote_that_only_become_more_are_not_given_back():
    crowds = tuple(crowd(number, **{"10.0.0.5:5432": 4 + 2 * number}) for number in range(6))
    cause = connection_pool.sockets(around(crowds=crowds))
    assert cause.holder == "connections to 10.0.0.5:5432"
    assert "4 → 14" in cause.title
    assert cause.retained_bytes is None


def test_connections_that_the_peer_has_ended_and_it_has_not_are_surer():
    crowds = tuple(Crowd(float(number), 0, {}, {"10.0.0.5:80": 3 * number}, MIB) for number in range(6))
    cause = connection_pool.sockets(around(crowds=crowds))
    assert cause.confidence >= 0.7
    assert any("CLOSE_WAIT" in why for why in cause.why)


@pytest.mark.parametrize("counts", [[4, 8, 6, 10, 12, 20], [0, 20, 20, 20, 20, 20], [4, 4, 4, 4, 4, 4]])
def test_connections_that_go_or_come_all_at_once_are_a_pool_at_work(counts):
    crowds = tuple(crowd(number, **{"10.0.0.5:5432": many}) for number, many in enumerate(counts))
    assert connection_pool.sockets(around(crowds=crowds)) is None


def test_one_step_is_a_large_load_named_by_what_the_heap_gained():
    calm = series(VerdictName.HEALTHY, Pattern.STEP, 0.0)
    row = TypeGrowth("numpy.ndarray", 1, 2, 0, 64 * MIB)
    cause = large_load.step(Surroundings(language="Python"), calm, replace(growth(), types=(row,)))
    assert cause.holder == "objects of numpy.ndarray"
    assert cause.confidence >= 0.6
    open_one = series(VerdictName.CANNOT_TELL, Pattern.STEP, 0.0)
    assert large_load.step(Surroundings(), open_one, None).confidence < 0.6
    assert large_load.step(Surroundings(), calm, None) is None
    assert large_load.step(Surroundings(), series(), None) is None


def test_what_is_known_of_a_heap_stands_before_what_has_no_bytes():
    here = around(charge(anon=400), cap=CAP)
    told = explain("pid/1", series(), growth(holder()), sources={}, policy=Policy(), around=here)
    assert [cause.name for cause in told.causes if cause.instead_of is None] == [
        CauseName.UNBOUNDED_CACHE,
        CauseName.GC_MISCONFIGURED,
    ]
    assert told.causes[0].share == pytest.approx(1.0)
    assert told.causes[-1].share is None


def test_class_loaders_that_the_jvm_counts_more_of_are_named_where_memory_grows():
    here = around(loaders={"shop.Rules$Loader": 2104, "Proxy": 2}, evidence={"loaders": "pools"})
    told = explain("pid/1", series(), None, sources={}, policy=Policy(), around=here)
    assert [(cause.name, cause.holder) for cause in told.causes] == [(CauseName.CLASS_LOADER, "shop.Rules$Loader")]
    assert told.causes[0].evidence == ("pools",)
    assert told.verdict.name is VerdictName.SUSPECT
    assert explain("pid/1", CALM, None, sources={}, policy=Policy(), around=here).causes == ()
    few = replace(here, loaders={"Proxy": 3, "jdk.internal.reflect.DelegatingClassLoader": 90})
    assert explain("pid/1", series(), None, sources={}, policy=Policy(), around=few).causes == ()


LOADER = "shop.Rules$Loader"


def retired(loaders_more, items=160):
    """A deque that gained so many items in 10 s; told by the shape of the dump as a queue, a global second."""
    path = (PathStep("class shop.Rules", ""), PathStep("java.util.ArrayDeque", "static retired"))
    kept = holder(
        name="shop.Rules.retired",
        kind="java.util.ArrayDeque",
        path=path,
        items_before=480,
        items_after=480 + items,
        item_type="shop.Rules$Edition",
        attribute="retired",
        module="",
        cause=CauseName.QUEUE_BACKLOG,
        others=((CauseName.GLOBAL, 0.4),),
        loaders_more=loaders_more,
        eviction_known=False,
    )
    return replace(growth(kept), language="Java", seconds=10.0)


def causes_of(grew, loaders=328, **changes):
    both = (charge(), charge(at_s=20.5))
    here = Surroundings(
        **(
            {"language": "Java", "charge": both, "evidence": {"loaders": "pools"}, "loaders": {LOADER: loaders}}
            | changes
        )
    )
    return explain("pid/1", series(), grew, sources={}, policy=Policy(), around=here).causes


@pytest.mark.parametrize(("more", "sure"), [(160, 0.92), (130, 0.75), (200, 0.74)])
def test_what_keeps_a_loader_with_each_item_is_the_cause_and_what_it_looks_like_stands_behind(more, sure):
    first, second, third = causes_of(retired({LOADER: more}))
    assert (first.name, first.holder, first.instead_of) == (CauseName.CLASS_LOADER, "shop.Rules.retired", None)
    assert first.confidence == sure
    assert first.evidence == ("growth", "pools")
    assert f"{more} more {LOADER} would go with it" in first.why[0]
    assert "328 more loaders" in first.why[1]
    assert "outlives the application" in first.advice
    assert (second.name, second.instead_of) == (CauseName.QUEUE_BACKLOG, CauseName.CLASS_LOADER)
    assert (third.name, third.instead_of) == (CauseName.GLOBAL, CauseName.CLASS_LOADER)
    assert first.confidence > second.confidence >= third.confidence
    assert (first.share, second.share, third.share) == (pytest.approx(1.0), None, None)


@pytest.mark.parametrize(
    ("grew", "changes"),
    [
        (retired({LOADER: 60}), {}),
        (retired({}), {}),
        (retired({"shop.Other$Loader": 160}), {}),
        (retired({LOADER: 160}), {"loaders": 12}),
        (retired({LOADER: 160}, items=0), {}),
        (retired(None), {"loaders": 900}),
        (retired(None), {"charge": None}),
    ],
)
def test_a_holder_whose_items_keep_no_loader_each_stays_what_it_is(grew, changes):
    first, *rest = causes_of(grew, **changes)
    assert (first.name, first.instead_of) == (CauseName.QUEUE_BACKLOG, None)
    assert all(cause.holder != first.holder for cause in rest if cause.name is CauseName.CLASS_LOADER)


def test_where_no_dump_tells_of_loaders_equal_rates_do_less_surely():
    first = causes_of(retired(None))[0]
    assert (first.name, first.holder) == (CauseName.CLASS_LOADER, "shop.Rules.retired")
    assert 0.7 <= first.confidence <= 0.75
    assert "16 items a second" in first.why[0]


def test_a_limit_of_nothing_is_no_measure_and_one_above_it_is():
    members = tuple(Member(number, "worker", 50 * MIB, 50 * MIB) for number in range(10))
    none = replace(charge(anon=500, file=300), limits=(CgroupLimit("/shop", 0),))
    here = around(none, cap=CAP, members=members)
    assert here.limit is None
    for verdict in (CALM, series()):
        assert explain("pid/1", verdict, None, sources={}, policy=Policy(), around=here).causes == ()
    above = replace(none, limits=(CgroupLimit("/shop", 0), CgroupLimit("/", LIMIT)))
    assert around(above).limit.path == "/"
    assert undersized_limit.look(around(above), CALM).holder == "limit of / (512 MiB)"
