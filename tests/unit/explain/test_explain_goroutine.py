"""Goroutines that wait: what each kind of wait means, and how it is ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.explain.causes import findings
from oakum.explain.causes.finding import Clue
from oakum.explain.source import Sites
from oakum.model.cause import CauseName
from oakum.model.growth import HolderGrowth, PathStep, RootKind

HOLDER = HolderGrowth(
    name="goroutines at chan send in main.ask (fetch.go:15)",
    kind="goroutines",
    root=RootKind.FRAME,
    path=(PathStep("main.ask (fetch.go:15)", ""),),
    items_before=10,
    items_after=900,
    bytes_before=10 << 13,
    bytes_after=900 << 13,
    evicted_items=0,
    item_type="chan send",
    owner_type="main.fetch (fetch.go:7)",
    cause=CauseName.GOROUTINE,
)


def found(holder):
    (only,) = findings(Clue(holder, Sites(), "Go"))
    return only


@pytest.mark.parametrize(
    ("operation", "said", "way_out", "fit"),
    [
        ("chan send", "nobody receives any more", "room for every sender", 0.9),
        ("chan receive (nil chan)", "still sends on it or closes it was not looked at", "Close the channel", 0.9),
        ("select", "whether one still comes true was not looked at", "<-ctx.Done()", 0.9),
        ("sync.RWMutex.RLock", "does not give back", "Unlock with defer", 0.9),
        ("sync.WaitGroup.Wait", "never say Done", "Call Done with defer", 0.9),
        ("IO wait", "a peer that says nothing", "Set deadlines", 0.6),
        ("sleep", "no end", "end it by a context", 0.6),
        ("GC assist wait", "more and more of them", "a way to end", 0.6),
    ],
)
def test_each_wait_has_its_meaning_and_its_way_out(operation, said, way_out, fit):
    told = found(replace(HOLDER, item_type=operation))
    assert told.name is CauseName.GOROUTINE
    assert (said in told.why, way_out in told.advice, told.fit) == (True, True, fit)
    assert "started by main.fetch (fetch.go:7)" in told.why


def test_connections_of_an_http_client_are_told_as_such():
    told = found(replace(HOLDER, name="goroutines at select in net/http.(*persistConn).readLoop", item_type="select"))
    assert "connections of an HTTP client" in told.why
    assert "Body.Close" in told.example.after


def test_a_call_path_says_that_a_profile_knows_no_holder():
    told = found(replace(HOLDER, kind="call path", cause=CauseName.SESSION_STATE))
    assert told.name is CauseName.SESSION_STATE
    assert "who keeps it is not in a profile" in told.why
