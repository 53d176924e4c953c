"""The assessment: when a series and two captures make a leak, and when they must not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples_explain import MIB, PLACE, clue, growth, holder, series
from hypothesis import given
from hypothesis import strategies as st

from oakum.explain import explain
from oakum.explain.assess import EVICTED_SHARE, RETURNING, assess
from oakum.explain.rank import clues
from oakum.explain.source import Sites
from oakum.explain.suspicion import TRIFLE_BYTES
from oakum.model.growth import Bound, Cycles, RootKind
from oakum.model.policy import Policy
from oakum.model.units import parse_duration
from oakum.model.verdict import LEAK_PATTERNS, Pattern, VerdictName

LEAK, SUSPECT, HEALTHY, CANNOT_TELL = (
    VerdictName.LEAK,
    VerdictName.SUSPECT,
    VerdictName.HEALTHY,
    VerdictName.CANNOT_TELL,
)


def assessed(verdict, *clues):
    return assess(verdict, growth(*(clue.holder for clue in clues)), list(clues))


def test_one_holder_that_grows_at_the_measured_rate_makes_a_suspect_a_leak():
    verdict = assessed(series(), clue())
    assert (verdict.name, verdict.probability, verdict.settles) == (LEAK, 0.97, "")
    assert verdict.reasons[0] == "shop.cart._seen gained 10.0 MiB in 10 s (+1.00 MiB/s), 1,000 items more"
    assert "100 % of what the process gains" in verdict.reasons[1]
    assert verdict.reasons[-1] == "it climbs"


@pytest.mark.parametrize(("rate_mib", "name"), [(4.0, SUSPECT), (3.2, LEAK), (0.4, LEAK), (0.3, SUSPECT)])
def test_a_holder_that_does_not_account_for_the_growth_proves_nothing(rate_mib, name):
    assert assessed(series(rate_per_s=rate_mib * MIB), clue()).name is name


def test_a_holder_that_was_measured_over_a_time_of_its_own_grew_at_the_rate_of_that_time():
    shorter = replace(clue(), holder=replace(clue().holder, seconds=5.0))
    verdict = assessed(series(rate_per_s=4.0 * MIB), shorter)
    assert verdict.name is LEAK
    assert "50 % of what the process gains" in verdict.reasons[1]


@pytest.mark.parametrize("pattern", [pattern for pattern in Pattern if not pattern.leaks])
def test_a_curve_that_does_not_climb_for_good_is_at_most_suspect(pattern):
    for name in VerdictName:
        if name is not LEAK:
            assert assessed(series(name, pattern), clue()).name is not LEAK


@pytest.mark.parametrize("pattern", sorted(RETURNING))
def test_a_healthy_curve_that_comes_back_by_itself_stays_healthy(pattern):
    assert assessed(series(HEALTHY, pattern), clue()).name is HEALTHY


@pytest.mark.parametrize(
    ("whole_mib", "name"), [(-4, HEALTHY), (0, HEALTHY), (2, HEALTHY), (4, SUSPECT), (11, SUSPECT)]
)
def test_what_one_holder_gained_and_others_gave_up_makes_no_suspect_of_a_flat_curve(whole_mib, name):
    grown = growth(clue().holder)
    moved = replace(grown, heap_bytes_after=grown.heap_bytes_before + whole_mib * MIB)
    verdict = assess(series(HEALTHY, Pattern.FLAT), moved, [clue()])
    assert verdict.name is name
    assert any("others gave up" in reason for reason in verdict.reasons) is (name is HEALTHY)


def test_little_growth_that_no_object_holds_is_no_suspicion():
    slow = series(SUSPECT, rate_per_s=0.1 * MIB)
    verdict = assess(slow, growth(), [])
    assert (verdict.name, verdict.probability) == (CANNOT_TELL, 0.2)
    assert verdict.reasons[0].startswith("no object holds noticeably more")
    assert verdict.settles


def test_too_short_a_history_with_a_growing_holder_is_suspect():
    verdict = assessed(series(CANNOT_TELL, None, None), clue())
    assert verdict.name is SUSPECT
    assert verdict.settles


@pytest.mark.parametrize("name", [SUSPECT, LEAK, CANNOT_TELL])
def test_a_bound_that_is_not_reached_keeps_it_suspect_and_says_how_long_to_watch(name):
    verdict = assessed(series(name), clue(bound=Bound(62_000, "lru_cache(maxsize=…)")))
    assert (verdict.name, verdict.probability) == (SUSPECT, 0.35)
    assert "62,000" in verdict.reasons[1]
    assert "10 min:" in verdict.settles


@pytest.mark.parametrize("left", [0, 1, 10, 12_345, 60_000, 5_000_000, 10**12])
def test_the_option_that_would_settle_it_can_be_typed(left):
    verdict = assessed(series(), clue(bound=Bound(2000 + left, "deque(maxlen=…)")))
    assert parse_duration(verdict.settles.partition(" --for ")[2]) >= 20


def test_a_bound_that_was_passed_is_none():
    assert assessed(series(), clue(bound=Bound(1999, "maxsize"))).name is LEAK


def test_a_class_that_may_bound_itself_keeps_it_suspect():
    verdict = assessed(series(LEAK), clue(may_bound="shop.Lru$1, a java.util.LinkedHashMap"))
    assert verdict.name is SUSPECT
    assert "shop.Lru$1" in verdict.reasons[1]
    assert verdict.settles


def test_a_source_that_seems_to_bound_it_keeps_it_suspect():
    verdict = assessed(series(), clue(Sites(bounds=[PLACE])))
    assert verdict.name is SUSPECT
    assert "cart.py:12 in put" in verdict.reasons[1]


@pytest.mark.parametrize("name", [SUSPECT, LEAK])
def test_a_holder_that_lost_most_of_what_it_held_is_no_proof(name):
    # Of 100 items 60 went, while 400 more came to stay so far.
    filling = clue(items_before=100, items_after=500, evicted_items=60)
    verdict = assessed(series(name), filling)
    assert (verdict.name, "it turns over" in verdict.reasons[1]) == (SUSPECT, True)
    few = clue(items_before=10, items_after=5000, evicted_items=9)
    assert assessed(series(name), few).name is LEAK
    # The hundred were in flight, and nine times as many stayed.
    in_flight = clue(items_before=100, items_after=900, evicted_items=100)
    assert assessed(series(name), in_flight).name is LEAK


@pytest.mark.parametrize("name", [SUSPECT, LEAK])
def test_a_holder_that_turns_over_is_no_proof(name):
    evicted = int(1000 * EVICTED_SHARE / (1 - EVICTED_SHARE)) + 1
    verdict = assessed(series(name), clue(evicted_items=evicted))
    assert verdict.name is SUSPECT
    assert "it turns over" in verdict.reasons[1]
    assert assessed(series(name), clue(evicted_items=evicted - 2)).name is LEAK


def test_growth_inside_of_few_items_is_told_as_such_although_one_of_them_was_replaced():
    verdict = assessed(series(), clue(items_before=3, items_after=3, evicted_items=1))
    assert verdict.name is LEAK
    assert "inside of its 3 items" in verdict.reasons[0]
    assert assessed(series(), clue(items_before=3, items_after=3, evicted_items=3)).name is SUSPECT


@pytest.mark.parametrize(
    "weak",
    [
        {"bytes_after": 10 * MIB + TRIFLE_BYTES - 1},
        {"root": RootKind.UNREACHABLE},
    ],
)
def test_a_trifle_and_garbage_accuse_nobody_and_may_be_one_tooth(weak):
    verdict = assessed(series(), clue(**weak))
    assert verdict.name is VerdictName.CANNOT_TELL
    assert "one tooth of garbage" in verdict.reasons[0]
    assert "--for 2m" in verdict.settles
    assert "--stop" in verdict.settles


@pytest.mark.parametrize(("per_s", "name"), [(MIB / 6, VerdictName.CANNOT_TELL), (MIB, VerdictName.SUSPECT)])
def test_little_that_no_holder_of_another_runtime_accounts_for_may_be_its_pages(per_s, name):
    found = replace(growth(), language="JavaScript")
    assert assess(series(rate_per_s=per_s), found, []).name is name


@pytest.mark.parametrize(
    ("lives_mib", "seconds", "name"),
    [((16, 16), 8.0, CANNOT_TELL), ((16, 18), 8.0, SUSPECT), ((6, 6), 8.0, SUSPECT), ((900, 900), 20.0, SUSPECT)],
)
def test_go_takes_room_for_as_much_garbage_as_lives(lives_mib, seconds, name):
    lives = dict(zip(("heap_bytes_before", "heap_bytes_after"), (each * MIB for each in lives_mib), strict=True))
    found = replace(growth(), language="Go", from_memory=True, seconds=seconds, **lives)
    verdict = assess(series(rate_per_s=1.2 * MIB), found, [])
    assert verdict.name is name
    assert (name is SUSPECT) or ("16.0 MiB" in verdict.reasons[0] and "--for 2m" in verdict.settles)


def test_what_no_collection_took_in_minutes_is_more_than_a_tooth():
    found = clue(root=RootKind.UNREACHABLE)
    longer = replace(growth(found.holder), seconds=120.0)
    assert assess(series(rate_per_s=MIB / 12), longer, [found]).name is SUSPECT


def test_growth_that_no_python_object_is_part_of_stays_suspect():
    same = replace(growth(holder(bytes_after=10 * MIB)), heap_bytes_after=20 * MIB)
    verdict = assess(series(), same, [])
    assert verdict.name is SUSPECT
    assert "no holder in the Python heap accounts for the growth" in verdict.reasons[0]
    assert "--stop" in verdict.settles
    # A curve that was seen for long enough needs no captures.
    assert assess(series(LEAK), growth(), []).name is LEAK


@pytest.mark.parametrize(("name", "told"), [(SUSPECT, CANNOT_TELL), (LEAK, LEAK), (CANNOT_TELL, CANNOT_TELL)])
def test_garbage_that_was_not_collected_is_no_suspicion_and_no_proof_of_health(name, told):
    idle = replace(growth(), uncollected="what lives in its heap does not grow", language="JavaScript")
    verdict = assess(series(name), idle, [])
    assert verdict.name is told
    if name is SUSPECT:
        assert verdict.reasons[0] == "what lives in its heap does not grow"
        assert (verdict.settles != "", verdict.probability) == (True, 0.2)
        assert assess(series(SUSPECT), replace(idle, uncollected=""), []).name is SUSPECT


def test_garbage_that_was_not_collected_explains_a_curve_that_bends():
    idle = replace(growth(), uncollected="what lives in its heap does not grow", language="JavaScript")
    idle = replace(idle, room_per_s=0.6 * MIB)
    verdict = assess(series(SUSPECT, Pattern.WARM_UP), idle, [])
    assert (verdict.name, verdict.reasons[0]) == (HEALTHY, "what lives in its heap does not grow")
    assert (verdict.probability, verdict.settles) == (0.2, "")


@pytest.mark.parametrize(("room_mib", "outside"), [(0.08, ""), (0.6, "it is not Go's memory that grows")])
def test_garbage_is_no_proof_of_health_where_other_memory_grows(room_mib, outside):
    taken = "Go took 5.00 MiB more of the system"
    found = replace(growth(), uncollected=taken, room_per_s=room_mib * MIB, outside=outside, language="Go")
    verdict = assess(series(SUSPECT, Pattern.WARM_UP), found, [])
    assert (verdict.name, verdict.probability) == (CANNOT_TELL, 0.2)
    assert verdict.reasons[:2] == ((outside, taken) if outside else (taken, "it climbs"))
    assert verdict.settles


@pytest.mark.parametrize(
    ("before", "after", "evicted", "name"),
    [(400, 430, 400, CANNOT_TELL), (400, 430, 200, SUSPECT), (400, 900, 400, SUSPECT)],
)
def test_what_lets_all_go_that_it_held_does_not_accumulate(before, after, evicted, name):
    found = clue(items_before=before, items_after=after, evicted_items=evicted, bytes_after=10.5 * MIB)
    verdict = assessed(series(SUSPECT), found)
    assert verdict.name is name
    assert verdict.settles
    assert verdict.reasons[0].startswith("nearly all that") is (name is CANNOT_TELL)


@pytest.mark.parametrize(("before_mib", "after_mib", "rate_mib"), [(100, 160, 6.0), (100, 160, 60.0), (100, 105, 0.5)])
def test_what_is_made_anew_and_grows_with_the_process_stays_a_suspicion(before_mib, after_mib, rate_mib):
    found = clue(
        items_before=100_000,
        items_after=110_000,
        evicted_items=100_000,
        bytes_before=before_mib * MIB,
        bytes_after=after_mib * MIB,
    )
    verdict = assessed(series(SUSPECT, rate_per_s=rate_mib * MIB), found)
    assert (verdict.name, verdict.probability) == (SUSPECT, 0.75)


def test_nothing_that_holds_more_makes_a_flat_curve_healthy_and_leaves_a_long_leak_one():
    assert assessed(series(CANNOT_TELL, Pattern.FLAT, 0.0)).name is HEALTHY
    assert assessed(series(LEAK)) == series(LEAK)


def test_without_captures_the_series_speaks_alone():
    assert assess(series(), None, []) == series()


@given(
    st.sampled_from(list(VerdictName)),
    st.none() | st.sampled_from(list(Pattern)),
    st.none() | st.floats(-1e9, 1e9),
    st.integers(0, 10**9),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.none() | st.integers(0, 10**6),
)
def test_no_evidence_makes_a_healthy_or_an_unknown_curve_a_leak(name, pattern, rate, size, items, evicted, bound):  # noqa: PLR0917
    found = clue(
        bytes_after=size,
        items_after=items,
        evicted_items=evicted,
        bound=None if bound is None else Bound(bound, "maxsize"),
    )
    verdict = assessed(series(name, pattern, rate), found)
    if verdict.name is LEAK and name is not LEAK:
        assert pattern in LEAK_PATTERNS
        assert name is not HEALTHY
        assert rate > 0
    assert verdict.probability is None or 0 <= verdict.probability <= 1
    assert verdict.name in {LEAK, HEALTHY} or verdict.settles


def test_the_holder_that_grew_most_is_the_one_that_is_judged():
    trifle = holder(name="b", bytes_after=10 * MIB + 1)
    verdict = assess(series(), growth(holder(), trifle), [clue(), clue(name="b", bytes_after=10 * MIB + 1)])
    assert verdict.name is LEAK


@pytest.mark.parametrize(
    ("gone", "said"), [(0, "nothing left it, nothing bounds it"), (40, "40 left it, nothing bounds it")]
)
def test_what_left_a_holder_is_not_denied(gone, said):
    found = assessed(series(), clue(evicted_items=gone))
    assert found.name is VerdictName.LEAK
    assert any(reason.startswith(said) for reason in found.reasons)


def test_after_two_captures_no_captures_are_advised():
    settles = "two captures of the heap, or 9 min 39 s more: a cache that fills would have bent by then"
    curve = series(VerdictName.CANNOT_TELL, settles=settles)
    found = growth(holder(root=RootKind.UNREACHABLE))
    told = assess(curve, found, clues(found, {}))
    because = "watch for 9 min 39 s more (a cache that fills would have bent by then)"
    assert told.settles == f"{because}: the same command with --for 10m"
    assert assess(curve, None, []).settles == curve.settles


def test_what_nothing_refers_to_any_more_is_told():
    found = growth(holder(), holder(root=RootKind.UNREACHABLE))
    told = assess(series(), found, clues(found, {}))
    assert "objects that no root leads to gained 10.0 MiB in 10 s: cycles" in told.reasons[-1]


def test_cycles_under_a_collector_that_is_off_are_the_cause_and_stay_a_suspicion():
    cycles = Cycles(1000, 9000, MIB, 11 * MIB, "shop.Node", "gc.disable()")
    told = explain("pid/1", series(), replace(growth(), cycles=cycles), sources={}, policy=Policy())
    assert told.verdict.name is VerdictName.SUSPECT
    assert told.verdict.settles.startswith("gc.collect() within it")
    assert "gc.disable() keeps the collector from them" in told.verdict.reasons[-1]
    (cause,) = told.causes
    assert (cause.name.value, cause.holder, cause.share) == ("gc-misconfigured", "cycles of shop.Node", 1.0)
    on = replace(growth(), cycles=replace(cycles, off=""))
    assert not explain("pid/1", series(), on, sources={}, policy=Policy()).causes


def test_what_grew_over_another_time_than_the_captures_is_measured_by_its_own():
    found = holder(seconds=5.0, bytes_after=15 * MIB)
    verdict = assess(series(), growth(found), [clue(seconds=5.0, bytes_after=15 * MIB)])
    assert "100 % of what the process gains" in verdict.reasons[1]


@pytest.mark.parametrize("function", ["check", "check (made in watchShipment)"])
def test_what_its_items_call_is_told_as_a_call(function):
    (one,) = clues(growth(holder(kind="Map", calls=replace(PLACE, function=function))), {})
    told = explain("pid/1", series(), growth(one.holder), sources={}, policy=Policy()).causes[0].title
    assert f" that call {function.replace('check', 'check()')} in " in told
