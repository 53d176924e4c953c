"""What a collection tells: how much of what had grown was garbage, and how much is held."""

from __future__ import annotations

from dataclasses import replace

from oakum.act.steps.collect import CollectDeed
from oakum.act.tools import Tools
from oakum.model.action import Collect
from oakum.model.collection import Collected
from oakum.model.policy import Policy
from oakum.model.sighting import Sighting

MIB = 1 << 20
SEEN = Sighting("vm", "boot-1", 4242, 99, 1000, ("node", "app.js"), "/", 17)
FOUND = Collected(80 * MIB, 50 * MIB, 120 * MIB, 96 * MIB, 0.25)


def done(found):
    asked = []
    tools = Tools(
        hands=None,
        processes=None,
        cgroups=None,
        clock=None,
        policy=Policy(),
        keep_evidence=str,
        collect=lambda seen: asked.append(seen) or found,
        seen=SEEN,
        mark="plan-1-step-1",
    )
    told = CollectDeed(Collect("node"), tools).do({"anon_bytes": 121 * MIB})
    assert asked == [SEEN]
    return told


def test_used_heap_and_anonymous_memory_are_told_before_and_after():
    told = done(FOUND)
    for words in (
        "80.0 MiB before, 50.0 MiB after",
        "30.0 MiB were garbage",
        "50.0 MiB are held",
        "120 MiB before, 96.0 MiB",
    ):
        assert words in told.outcome
    assert "grown" not in told.outcome
    assert told.data["anon_bytes"] == 121 * MIB
    assert (told.data["heap_bytes"], told.data["after_heap_bytes"]) == (80 * MIB, 50 * MIB)


def test_growth_since_the_first_look_is_parted_into_garbage_and_what_is_held():
    assert (
        "of 60.0 MiB grown since it was first looked at, 30.0 MiB were garbage and 30.0 MiB are held"
        in done(replace(FOUND, grown_from_bytes=20 * MIB)).outcome
    )
    assert (
        "of 20.0 MiB grown since it was first looked at, 20.0 MiB were garbage and 0 B are held"
        in done(replace(FOUND, grown_from_bytes=60 * MIB)).outcome
    )
    # It had more before: nothing has grown.
    assert "grown" not in done(replace(FOUND, grown_from_bytes=90 * MIB)).outcome


def test_a_collection_that_gave_nothing_back_is_no_negative_garbage():
    told = done(replace(FOUND, heap_after_bytes=81 * MIB, grown_from_bytes=20 * MIB)).outcome
    assert "0 B were garbage" in told
    assert "60.0 MiB are held" in told.rpartition("of 60.0 MiB grown")[2]


def test_after_a_try_that_was_cut_off_it_says_that_garbage_may_have_gone_before():
    assert done(replace(FOUND, again=True)).outcome.startswith("an earlier try was cut off")
