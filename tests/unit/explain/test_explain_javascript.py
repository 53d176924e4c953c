"""Causes in a V8 heap, and causes from a sampling profile alone."""

from __future__ import annotations

import pytest
from examples_explain import MIB, growth, holder, series

from oakum.explain import explain, files_wanted
from oakum.explain.causes import java, javascript
from oakum.explain.causes.finding import Clue
from oakum.explain.source import Sites
from oakum.model.allocation import Allocation, AllocationProfile
from oakum.model.cause import CauseName, CodePlace
from oakum.model.policy import Policy
from oakum.model.verdict import VerdictName

FILE = "/srv/app.mjs"
FOLLOW = """const bus = new EventEmitter();
function follow(number) {
  const receipt = { number };
  bus.on('change', () => receipt);
}
"""
BOUNDED = """const recent = new Map();
function put(key, value) {
  recent.set(key, value);
  if (recent.size > 2000) recent.delete(recent.keys().next().value);
}
"""
HANDLER = """function makeHandler() {
  const history = [];
  return function handle(number) {
    history.push(number);
  };
}
"""


def told(source, name, cause, series_verdict=None):
    """Of a holder of V8's with that name."""
    place = CodePlace(FILE, 2, "put")
    held = holder(
        name=f"{name} in app.mjs",
        attribute=name,
        module=FILE,
        defined=place,
        cause=cause,
        kind="Map",
        advice="Bound it.",
    )
    return explain("pid/7", series_verdict or series(), growth(held), sources={FILE: source}, policy=Policy())


def test_a_bound_in_the_source_keeps_a_cache_from_being_accused():
    found = told(BOUNDED, "recent", CauseName.UNBOUNDED_CACHE)
    assert found.verdict.name is VerdictName.SUSPECT
    assert found.verdict.settles
    assert any("app.mjs:4" in reason for reason in found.verdict.reasons)


def test_listeners_lead_to_the_line_that_adds_them():
    found = told(FOLLOW, "bus", CauseName.LISTENER)
    assert found.verdict.name is VerdictName.LEAK
    assert str(found.causes[0].where[0]) == f"{FILE}:4 in follow"
    assert "bus.off" in found.causes[0].example.after


def test_a_variable_of_a_function_is_a_closures():
    assert told(HANDLER, "history", CauseName.GLOBAL).causes[0].name is CauseName.CLOSURE
    assert told("const history = [];\n", "history", CauseName.GLOBAL).causes[0].name is CauseName.GLOBAL


def test_a_field_that_a_constructor_makes_is_no_closures():
    source = (
        "class Hub {\n  constructor() {\n    this.rows = [];\n  }\n  add(row) {\n    this.rows.push(row);\n  }\n}\n"
    )
    assert told(source, "rows", CauseName.GLOBAL).causes[0].name is CauseName.GLOBAL


def profile(*sites):
    return AllocationProfile(20.0, 10 * MIB, tuple(Allocation(place, size) for place, size in sites))


def test_without_a_holder_the_profile_names_who_allocates_and_claims_no_more():
    seen = profile((CodePlace(FILE, 2, "follow"), 9 * MIB), (CodePlace("node:events", 5, "on"), MIB))
    found = explain("pid/7", series(), None, profile=seen, sources={FILE: FOLLOW}, policy=Policy())
    assert found.verdict.name is VerdictName.SUSPECT
    (cause,) = found.causes
    assert cause.name is CauseName.LISTENER
    assert [str(place) for place in cause.where] == [f"{FILE}:4 in follow", f"{FILE}:2 in follow"]
    assert cause.confidence < 0.5
    assert cause.against


def test_a_profile_whose_sources_cannot_be_read_still_names_the_line():
    found = explain(
        "pid/7", series(), None, profile=profile((CodePlace(FILE, 2, "f"), MIB * 9)), sources={}, policy=Policy()
    )
    assert str(found.causes[0].where[0]) == f"{FILE}:2 in f"


def test_a_healthy_series_has_no_causes_whatever_a_profile_saw():
    healthy = series(name=VerdictName.HEALTHY)
    seen = profile((CodePlace(FILE, 2, "f"), MIB * 9))
    assert explain("pid/7", healthy, None, profile=seen, sources={}, policy=Policy()).causes == ()


def test_only_sources_of_the_application_are_wanted():
    seen = profile(
        (CodePlace(FILE, 2, "f"), 5), (CodePlace("node:fs", 1, "g"), 4), (CodePlace("/a/node_modules/b.js", 1, "h"), 3)
    )
    assert files_wanted(None, seen) == (FILE,)


@pytest.mark.parametrize(
    "text",
    ["setInterval(() => join(next()), 50);\n", "bus.on('paid', function keep() {\n  join(1);\n});\n"],
)
def test_who_calls_a_function_says_nothing_of_what_it_keeps(text):
    seen = profile((CodePlace(FILE, 1, "(anonymous)"), 9 * MIB))
    (cause,) = explain("pid/7", series(), None, profile=seen, sources={FILE: text}, policy=Policy()).causes
    assert cause.name is CauseName.GLOBAL
    assert cause.confidence < 0.3


@pytest.mark.parametrize("look", [java.look, javascript.look])
def test_what_the_dump_advises_is_for_what_it_named(look):
    found = Clue(holder(cause=CauseName.TIMER, advice="Clear the timer."), Sites(), "JavaScript")
    assert look(found, CauseName.TIMER).advice == "Clear the timer."
    assert look(found, CauseName.LISTENER).advice not in {"", "Clear the timer."}
