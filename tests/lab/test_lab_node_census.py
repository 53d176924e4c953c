"""Counting the containers of real Node.js programs: what grew is named, and no code of theirs runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from node_programs import node_program
from programs import Program

from oakum.host.clock import LiveClock
from oakum.host.inspector import LiveDebuggees
from oakum.host.memory import LiveMemories
from oakum.host.procfs import LiveProcesses
from oakum.loop.node_containers import name_of, shape_of
from oakum.model.absent import Absent
from oakum.model.cause import CauseName
from oakum.probe.node import NodeProbe
from oakum.probe.node_census import NodeCensus
from oakum.probe.node_objects import count_objects
from oakum.probe.node_session import NodeSession

pytestmark = [pytest.mark.lab, pytest.mark.skipif(shutil.which("node") is None, reason="needs node")]

FIRST, THEN = 400, 200


@contextmanager
def session_with(program: Program) -> Iterator[NodeSession]:
    clock, debuggee = LiveClock(), LiveDebuggees().open(program.pid)
    try:
        probe = NodeProbe(program.pid, debuggee, processes=LiveProcesses(), memories=LiveMemories(), clock=clock)
        opening = probe.look()
        assert not isinstance(opening, Absent), opening
        session = probe.open(opening)
        assert not isinstance(session, Absent), session
        with session:
            yield session
    finally:
        debuggee.close()


def census_of(session: NodeSession) -> NodeCensus:
    profiles = session.end_sampling()
    assert profiles is not None
    made = NodeCensus(lambda method, given: session.ask(method, given, within_s=30.0), profiles.frames_of(None))
    assert made.begin() is None
    return made


def test_what_grew_is_named_and_no_code_of_the_program_runs():
    with node_program("keepers.cjs", "--inspect=127.0.0.1:0") as program, session_with(program) as session:
        session.begin_sampling()
        program.ask(f"work {FIRST}")
        census = census_of(session)
        reached = census.reach()
        census.first()
        assert program.number("touched", "touched") == 0
        program.ask(f"work {THEN}")
        seen = census.second(16)
        census.close()
        assert program.number("touched", "touched") == 0
    assert reached > 0
    grown = {name_of(each.path): each for each in seen.grown}
    assert {
        "Baskets.byCustomer",
        "Baskets.#lines",
        "Baskets.seen",
        "Outbox.first",
        "prices in keepers.cjs (Prices): listeners of 'tick'",
    } <= grown.keys(), grown.keys()
    counts = {(each.after - each.before, each.before, each.gone) for each in grown.values()}
    assert counts == {(THEN, FIRST, 0)}
    assert (grown["Outbox.first"].kind, grown["Outbox.first"].of) == ("List", "Letter")
    assert 50 < grown["Outbox.first"].item_bytes < 300
    assert 150 < grown["Baskets.byCustomer"].item_bytes < 600
    listeners = grown["prices in keepers.cjs (Prices): listeners of 'tick'"]
    assert listeners.caught_share > 0.5
    assert listeners.item_bytes > 8 * 50
    assert shape_of(listeners).cause is CauseName.LISTENER


def test_its_objects_are_counted_and_no_more_is_heard_of_them():
    with node_program("keepers.cjs", "--inspect=127.0.0.1:0") as program, session_with(program) as session:
        counted = count_objects(session, within_s=30.0)
        heard = []
        session.listen(lambda: False, within_s=0.5, heard=lambda event, _values: heard.append(event))
    assert counted is not None
    assert 20_000 < counted.objects < 1_000_000
    assert 0.0 < counted.pause_s < 10.0
    assert "HeapProfiler.heapStatsUpdate" not in heard


def test_where_no_handle_leads_to_it_the_heap_is_asked_and_an_es_module_is_no_other():
    """Its handler is called by a timer alone."""
    with node_program("map.mjs", "--inspect=127.0.0.1:0") as program, session_with(program) as session:
        session.begin_sampling()
        program.serve_for(0.7)
        census = census_of(session)
        assert census.query() > 0
        assert not census.missed
        census.first()
        program.serve_for(0.3)
        seen = census.second(16)
        census.close()
    assert [name_of(each.path) for each in seen.grown] == ["Quotes.byBasket"]
    assert (seen.grown[0].kind, seen.grown[0].item_type) == ("Map", "Object")
    assert seen.grown[0].item_bytes == pytest.approx(1200, rel=0.3)


def test_a_program_with_code_of_its_own_in_place_of_built_in_functions_is_left_alone():
    with node_program("keepers.cjs", "--inspect=127.0.0.1:0") as program, session_with(program) as session:
        patched = "Map.prototype.entries = function () { return []; }"
        session.ask("Runtime.evaluate", {"expression": patched}, within_s=9)
        found = NodeCensus(lambda method, given: session.ask(method, given, within_s=30.0), ()).begin()
    assert isinstance(found, Absent)
    assert "built-in functions" in found.why


SETS = """
class Cache extends Map { #most = new Map(); }
class Row { #secret = new Map(); constructor() { this.name = 1; } }
const cache = new Cache(), row = new Row(), items = [];
for (let at = 0; at < 2000; at++) { cache.set(at, at); items.push(at); }
class Listed { #secret = 1; constructor() { this.length = 0; } }
globalThis.cached = { cache, row, listed: new Listed(), items };
Object.defineProperty(items, 1000, { get() { globalThis.called = 1; } });
"""


def test_members_of_a_map_with_private_fields_are_not_asked_and_no_getter_of_an_element_runs():
    """The inspector makes a wrapper for each member of a Map whose properties are asked: that can end a program."""
    with node_program("keepers.cjs", "--inspect=127.0.0.1:0") as program, session_with(program) as session:
        session.ask("Runtime.evaluate", {"expression": SETS}, within_s=9)
        asked = []

        def ask(method, given):
            told = session.ask(method, given, within_s=30.0)
            if method == "Runtime.getProperties":
                asked.extend(row.get("name") for row in told.get("internalProperties", ()))
            return told

        census = NodeCensus(ask, ())
        assert census.begin() is None
        census.first()
        more = "for (let at = 0; at < 200; at++) { cached.items.push(at); cached.cache.set(at + 9000, 1); }"
        session.ask("Runtime.evaluate", {"expression": more}, within_s=9)
        seen = census.second(16)
        called = session.ask("Runtime.evaluate", {"expression": "globalThis.called"}, within_s=9)
        census.close()
    assert {name_of(each.path) for each in seen.grown} == {"globalThis.cached.cache", "globalThis.cached.items"}
    assert "[[Entries]]" not in asked
    assert called["result"] == {"type": "undefined"}


def test_promises_that_one_keeps_which_stays_pending_are_counted_and_that_one_is_named():
    with node_program("gate.cjs", "--inspect=127.0.0.1:0") as program, session_with(program) as session:
        session.begin_sampling()
        program.ask(f"work {FIRST}")
        census = census_of(session)
        census.reach()
        census.first()
        program.ask(f"work {THEN}")
        assert not census.second(16).grown

        def apart() -> float:
            program.ask(f"work {THEN}")
            return 2.0

        promises = census.promises()
        living, seconds = promises.counted(apart)
        ways = promises.pending()
        census.close()
    assert seconds == 2.0
    assert living is not None
    # Of each answer the promise of the race lives on, which has it, and the one that then() made for the reaction.
    assert 2 * THEN <= living.after - living.before < 2.2 * THEN
    assert living.item_bytes > 500
    assert [name_of(way) for way in ways] == ["Gate.closed"]
