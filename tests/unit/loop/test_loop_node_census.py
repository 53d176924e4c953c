"""Whole investigations of a Node.js in memory whose heap has no room for a snapshot: its containers are counted."""

from __future__ import annotations

import pytest
from fake_machine import MIB
from fake_node import FakeNode
from fake_node_census import FakeCensus, row
from test_loop_node import FILE, SITE, absent, investigated, kinds, machine, process

from oakum.model.cause import CauseName
from oakum.model.verdict import VerdictName

__all__ = ["machine"]

SEEN = row(("variable", f"{FILE}:seen", ""), before=4000, after=9000)
HIDDEN = "how many members its containers have"


@pytest.fixture
def node(machine):
    """20 MB/s of garbage aside, what lives gains 2 MB a second; the second collection comes 10 s after the first."""
    profile = {"head": SITE | {"callFrame": SITE["callFrame"] | {"functionName": "put"}}}
    made = FakeNode(machine.clock, profile=profile, census=FakeCensus([SEEN], [(4000.0, 0.0, 0.0, 0.0)] * 3))
    made.heap_limit_bytes = 4096 * MIB

    def live():
        made.heap_bytes += MIB // 5
        machine.clock.after(0.1, live)

    machine.clock.after(0.1, live)
    return made


@pytest.fixture
def started(machine):
    machine.start(("other",), cgroup="/shop")
    machine.groups["/shop"].limit_bytes = 400 * MIB
    return process(machine)


def test_where_no_snapshot_fits_the_container_that_grows_is_named(machine, node, started):
    found = investigated(machine, node, started)
    assert absent(found)["a heap snapshot"].kind == "too-dear"
    assert found.verdict.name is VerdictName.LEAK
    first = found.causes[0]
    assert (first.holder, first.name) == ("seen in app.js", CauseName.UNBOUNDED_CACHE)
    assert str(first.where[0]) == f"{FILE}:3 in put"
    steps = [(step.via, step.node) for step in found.growth.holders[0].path]
    assert steps == [("", "scope in app.js"), ("variable seen", "Map")]
    assert any("estimate" in doubt for doubt in first.against)
    assert (node.census.queried, node.census.held, node.listens) == (0, set(), [])


def test_its_evidence_says_what_it_rests_upon_and_what_it_paused(machine, node, started):
    node.pause_s = 0.5
    found = investigated(machine, node, started)
    growth = next(each for each in found.evidence if each.id == "growth")
    assert growth.origin == "sizes of maps, sets, arrays and objects, twice"
    assert growth.cost.pause_s == pytest.approx(0.5)
    assert "seen in app.js: 4,000 → 9,000 members" in growth.title
    assert "snapshot" not in kinds(found)
    assert found.causes[0].confidence < 0.9


@pytest.mark.parametrize(
    ("path", "holder", "cause"),
    [
        ([("variable", f"{FILE}:hub", ""), ("property", "clients", "Hub")], "Hub.clients", None),
        ([("variable", f"{FILE}:hub", ""), ("property", "#rows", "Hub")], "Hub.#rows", None),
        ([("global", "store", ""), ("property", "byId", "Object")], "globalThis.store.byId", None),
        ([("module", FILE, ""), ("property", "seen", "Object")], "app.js: exports.seen", None),
        (
            [("variable", f"{FILE}:prices", ""), ("property", "_events", "Feed"), ("property", "tick", "Object")],
            "prices in app.js (Feed): listeners of 'tick'",
            CauseName.LISTENER,
        ),
    ],
)
def test_a_holder_is_named_as_a_developer_would_write_it(path, holder, cause, machine, node, started):
    node.census.grown = [row(*path, before=4000, after=9000, kind="Array")]
    found = investigated(machine, node, started)
    assert found.causes[0].holder == holder
    assert cause is None or found.causes[0].name is cause


def test_what_its_functions_caught_is_a_closure(machine, node, started):
    node.census.grown = [
        row(("variable", f"{FILE}:shop", ""), ("property", "stack", "App"), before=4000, after=9000, kind="Array")
    ]
    node.census.weights = [(4000.0, 0.0, 3500.0, 0.0)] * 3
    assert investigated(machine, node, started).causes[0].name is CauseName.CLOSURE


@pytest.mark.parametrize(("field", "cause"), [("compiled", CauseName.UNBOUNDED_CACHE), ("steps", CauseName.CLOSURE)])
def test_what_is_looked_up_by_a_key_is_more_than_its_functions_where_its_name_says_so(
    field, cause, machine, node, started
):
    node.census.grown = [
        row(("variable", f"{FILE}:mail", ""), ("property", field, "Mailer"), before=4000, after=9000, kind="Object")
    ]
    node.census.weights = [(4000.0, 0.0, 3500.0, 0.0)] * 3
    assert investigated(machine, node, started).causes[0].name is cause


def test_a_file_that_is_named_for_a_cache_does_not_say_what_its_functions_are_kept_for(machine, node, started):
    path = ("variable", f"{FILE.replace('app', 'cache')}:steps", "")
    node.census.grown = [row(path, before=4000, after=9000, kind="Object")]
    node.census.weights = [(4000.0, 0.0, 3500.0, 0.0)] * 3
    (first, *_) = investigated(machine, node, started).causes
    assert (first.holder, first.name) == ("steps in cache.js", CauseName.CLOSURE)


def test_one_that_turns_over_is_no_leak(machine, node, started):
    node.census.grown = [SEEN | {"gone": 20}]
    found = investigated(machine, node, started)
    assert found.verdict.name is not VerdictName.LEAK
    assert any("turns over" in reason for reason in found.verdict.reasons)


def test_a_container_that_explains_little_is_not_accused(machine, node, started):
    """Counters grow beside a leak that nobody sees; then the profile speaks."""
    node.census.weights = [(40.0, 0.0, 0.0, 0.0)]
    found = investigated(machine, node, started)
    assert found.verdict.name is VerdictName.SUSPECT
    assert found.causes[0].evidence == ("profile",)
    assert "promises became no more" in absent(found)["the container that grows"].why


def test_functions_that_no_handle_leads_to_are_asked_of_the_heap(machine, node, started):
    node.census.reached = False
    found = investigated(machine, node, started)
    assert (node.census.queried, found.causes[0].holder) == (1, "seen in app.js")


STOPPED = (("variable", f"{FILE}:life", ""), ("property", "stopped", "Lifecycle"))
CLOSING = (("variable", f"{FILE}:closing", ""),)


@pytest.mark.parametrize(
    ("pending", "holder", "verdict"),
    [
        ([STOPPED], "reactions of Lifecycle.stopped, pending all the time", VerdictName.LEAK),
        ([], "promises that live on", VerdictName.SUSPECT),
        ([CLOSING] * 3, "promises that live on", VerdictName.SUSPECT),
    ],
)
def test_promises_that_live_on_are_kept_by_the_one_that_stays_pending(pending, holder, verdict, machine, node, started):
    node.census.grown, node.census.promises, node.census.weights = [], [20_000, 22_500], [(3800.0, 0.0, 0.0, 0.0)]
    node.census.pending = [[[*step, "object"] for step in path] for path in pending]
    found = investigated(machine, node, started)
    first = found.causes[0]
    assert (first.holder, first.name, found.verdict.name) == (holder, CauseName.CLOSURE, verdict)
    assert "what waits for one that never settles" in first.why[0]
    assert any("is inferred" in text for text in first.against)
    assert first.growth_bytes_per_s == pytest.approx(2e6, rel=0.2)
    told = next(row for row in found.evidence if row.id == "promises")
    assert "20,000 → 22,500 promises in 5.00 s" in told.title
    assert not node.census.held


def test_promises_that_hold_little_of_what_lives_more_are_suspect(machine, node, started):
    node.census.grown, node.census.promises, node.census.weights = [], [20_000, 22_500], [(1000.0, 0.0, 0.0, 0.0)]
    node.census.pending = [[[*step, "object"] for step in STOPPED]]
    found = investigated(machine, node, started)
    assert (found.causes[0].holder, found.verdict.name) == (
        "reactions of Lifecycle.stopped, pending all the time",
        VerdictName.SUSPECT,
    )


def test_promises_that_become_no_more_are_not_accused(machine, node, started):
    node.census.grown, node.census.promises = [], [20_000, 20_003]
    found = investigated(machine, node, started)
    assert found.verdict.name is VerdictName.SUSPECT
    assert "promises" not in kinds(found)


def test_a_query_that_could_pause_for_too_long_is_not_made(machine, node, started):
    node.census.reached = False
    found = investigated(machine, node, started, max_pause_s=4.0)
    assert node.census.queried == 0
    assert "--max-pause" in absent(found)[HIDDEN].get
    assert found.causes[0].evidence == ("profile",)


def test_a_program_that_replaced_built_in_functions_is_not_walked(machine, node, started):
    node.census.refuses = "the program has put code of its own in the place of built-in functions"
    found = investigated(machine, node, started)
    assert absent(found)[HIDDEN].why == node.census.refuses
    assert (node.census.held, node.listens) == (set(), [])


def test_without_room_for_a_walk_none_is_made(machine, node, started):
    machine.groups["/shop"].limit_bytes = started.anon_bytes + 60 * MIB
    found = investigated(machine, node, started)
    assert absent(found)[HIDDEN].kind == "too-dear"
    assert "Runtime.callFunctionOn" not in node.asked


def test_timers_that_became_more_are_named_by_what_they_call(machine, node, started):
    node.census.grown, node.census.timers = [], [4000, 9000]
    found = investigated(machine, node, started)
    first = found.causes[0]
    assert (first.name, first.holder) == (CauseName.TIMER, "timers that call put in app.js:2")
    assert "4,000 → 9,000 timers" in first.title
    assert (node.census.queried, node.census.held) == (1, set())


def test_what_timers_call_is_not_asked_where_that_could_pause_for_too_long(machine, node, started):
    node.census.grown, node.census.timers = [], [4000, 9000]
    found = investigated(machine, node, started, max_pause_s=4.0)
    assert absent(found)["what the timers call that became more"].kind == "too-dear"
    assert node.census.queried == 0


def test_members_that_catch_what_cannot_be_seen_are_all_that_is_left(machine, node, started):
    """Arrow functions that use ``this``: the inspector shows it in no scope."""
    prices = row(
        ("variable", f"{FILE}:prices", ""), ("property", "_events", "Feed"), before=4000, after=9000, kind="Array"
    )
    node.census.grown = [prices]
    node.census.weights = [(40.0, 0.0, 0.0, 1.0)] * 3
    found = investigated(machine, node, started)
    assert (found.verdict.name, found.causes[0].holder) == (VerdictName.LEAK, "prices in app.js (Feed): listeners")
    node.census.grown = [prices, SEEN]
    assert investigated(machine, node, started).causes[0].evidence == ("profile",)


def test_what_does_not_fit_twice_below_the_limit_of_v8_is_not_walked(machine, node, started):
    """V8 ends a program whose heap meets its limit, however much the machine has."""
    node.heap_limit_bytes = node.heap_bytes + 60 * MIB
    found = investigated(machine, node, started)
    assert absent(found)[HIDDEN].kind == "too-dear"
    assert "--max-old-space-size" in absent(found)[HIDDEN].get
    assert "Runtime.callFunctionOn" not in node.asked


def test_where_the_limit_of_v8_is_not_told_nothing_is_walked(machine, node, started):
    node.heap_limit_bytes = 0
    assert "is not known" in absent(investigated(machine, node, started))[HIDDEN].why


def test_evidence_tells_the_longest_question(machine, node, started):
    """A walk stands still too: each question is timed."""
    node.census.takes_s, node.census.clock = 1.7, machine.clock
    growth = next(each for each in investigated(machine, node, started).evidence if each.id == "growth")
    assert growth.cost.pause_s == pytest.approx(1.7)


@pytest.mark.parametrize("name", ["every", "exec", "now", "call", "Symbol(Symbol.iterator)", "isProxy"])
def test_any_built_in_function_that_is_used_is_looked_at_first(name, machine, node, started):
    node.census.replaced = [name]
    assert name in absent(investigated(machine, node, started))[HIDDEN].why
    assert "Runtime.callFunctionOn" not in node.asked


def test_whose_class_was_not_met_may_bound_it(machine, node, started):
    hub = row(("variable", f"{FILE}:hub", ""), ("property", "clients", "Hub"), before=4000, after=9000)
    node.census.grown, node.census.owned = [hub], False
    found = investigated(machine, node, started)
    assert found.verdict.name is VerdictName.SUSPECT
    assert any("the source of Hub was not read" in reason for reason in found.verdict.reasons)


def test_a_container_that_another_took_the_place_of_is_suspect(machine, node, started):
    node.census.grown = [SEEN | {"same": False}]
    assert investigated(machine, node, started).verdict.name is VerdictName.SUSPECT
