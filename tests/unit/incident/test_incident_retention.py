"""Which evidence goes: unnamed, expired, or over the budget; and never what an open incident names."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from examples_render import NOW_S

from oakum.incident import GRACE_S, Keeping, expiring, retention
from oakum.model.blob import Blob
from oakum.model.incident import Change, EntryKind, Incident, Record, Severity, State
from oakum.model.retention import Claim, Going, Why

DAY_S = 86_400.0
KEEPING = Keeping()


def blob(name, size_bytes=10, *, days=90.0):
    return Blob(name, size_bytes, NOW_S - days * DAY_S)


def closed(number, days, *digests):
    return Claim(number, NOW_S - days * DAY_S, frozenset(digests))


def still_open(number, *digests):
    return Claim(number, None, frozenset(digests))


def gone(blobs, claims, **keeping):
    found = retention(blobs, claims, now_s=NOW_S, keeping=replace(KEEPING, **keeping))
    return [(each.blob.digest, each.why.value, each.incidents) for each in found.going]


def test_what_no_record_names_goes_when_it_is_older_than_a_day():
    blobs = [blob("a", days=1.01), blob("b", days=0.99), blob("future", days=-3.0)]
    assert gone(blobs, []) == [("a", "unnamed", ())]
    assert gone(blobs, [], unnamed=False) == []


def test_what_was_closed_for_longer_than_it_is_kept_goes():
    claims = [closed(1, 30.1, "a"), closed(2, 29.9, "b"), still_open(3, "c")]
    assert gone([blob("a"), blob("b"), blob("c")], claims) == [("a", "expired", (1,))]
    assert gone([blob("a"), blob("b"), blob("c")], claims, keep_s=0.0) == [
        ("a", "expired", (1,)),
        ("b", "expired", (2,)),
    ]


def test_what_several_incidents_name_is_kept_for_the_last_of_them():
    assert gone([blob("a")], [closed(1, 90, "a"), still_open(2, "a")], budget_bytes=0) == []
    assert gone([blob("a")], [closed(1, 90, "a"), closed(2, 3, "a")]) == []
    assert gone([blob("a")], [closed(2, 31, "a"), closed(1, 90, "a")]) == [("a", "expired", (1, 2))]


def test_what_was_put_again_after_the_closing_is_left_for_a_day():
    claims = [closed(1, 90, "a")]
    assert gone([blob("a", days=0.5)], claims, budget_bytes=0) == []
    assert gone([blob("a", days=1.5)], claims) == [("a", "expired", (1,))]


def test_over_the_budget_the_evidence_of_those_closed_the_longest_ago_goes_first_and_the_largest_of_one():
    claims = [closed(1, 3, "a", "A"), closed(2, 5, "b"), closed(3, 1, "c"), still_open(4, "d")]
    blobs = [blob("a", 1), blob("A", 100), blob("b", 10), blob("c", 5), blob("d", 50)]
    assert gone(blobs, claims, budget_bytes=166) == []
    assert gone(blobs, claims, budget_bytes=165) == [("b", "budget", (2,))]
    assert gone(blobs, claims, budget_bytes=60) == [("b", "budget", (2,)), ("A", "budget", (1,))]
    assert [name for name, _, _ in gone(blobs, claims, budget_bytes=0)] == ["b", "A", "a", "c"]


def test_what_was_closed_a_moment_ago_goes_too_where_the_budget_wants_it():
    """Its evidence is younger than a day, but older than the closing."""
    assert gone([blob("a", days=0.1)], [closed(1, 0.05, "a")], budget_bytes=0) == [("a", "budget", (1,))]


def test_the_answer_counts_bytes_and_says_why_a_budget_cannot_be_kept():
    blobs = [blob("a", 1 << 20), blob("b", 2 << 20), blob("new", 3 << 20, days=0.5), blob("other", 5 << 20)]
    claims = [closed(1, 90, "a"), still_open(2, "b")]
    found = retention(blobs, claims, now_s=NOW_S, keeping=Keeping(budget_bytes=1 << 20, unnamed=False))
    assert (found.bytes_before, found.bytes_after) == (11 << 20, 10 << 20)
    assert found.over == (
        "open incidents name 2.00 MiB; 3.00 MiB was put within the last day; "
        "no incident here names 5.00 MiB, which may be another record's"
    )
    kept = retention(blobs, claims, now_s=NOW_S, keeping=Keeping(budget_bytes=10 << 20, unnamed=False))
    assert (kept.bytes_after, kept.over) == (10 << 20, "")


@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_record_is_nothing_goes_that_is_open_or_fresh_and_the_sums_hold(seed):
    chance = random.Random(seed)
    names = [f"{number:02d}" for number in range(30)]
    blobs = [blob(name, chance.randrange(100), days=chance.choice([0.1, 0.9, 2.0, 40.0])) for name in names]
    claims = [
        Claim(
            number,
            None if chance.random() < 0.3 else NOW_S - chance.choice([0.2, 3.0, 31.0, 60.0]) * DAY_S,
            frozenset(chance.sample(names, chance.randrange(6))),
        )
        for number in range(8)
    ]
    keeping = Keeping(budget_bytes=chance.choice([None, 0, 300, 1000]), unnamed=chance.random() < 0.5)
    found = retention(blobs, claims, now_s=NOW_S, keeping=keeping)
    went = {each.blob.digest: each for each in found.going}
    assert len(went) == len(found.going)
    assert found.bytes_before == sum(each.size_bytes for each in blobs)
    assert found.bytes_after == found.bytes_before - sum(each.blob.size_bytes for each in found.going)
    named_open = {digest for claim in claims if claim.closed_at_s is None for digest in claim.digests}
    assert not named_open & set(went)
    for each in found.going:
        closings = [claim.closed_at_s for claim in claims if each.blob.digest in claim.digests]
        assert (each.why is Why.UNNAMED) == (not closings)
        assert NOW_S - each.blob.at_s > GRACE_S or each.blob.at_s <= max(closings)
        assert each.why is not Why.EXPIRED or NOW_S - max(closings) > keeping.keep_s
    if keeping.budget_bytes is not None:
        assert (found.bytes_after > keeping.budget_bytes) == bool(found.over)


CLOSED = Record(
    Incident(
        "a", "pid/7", State.CLOSED, Severity.P3, NOW_S, NOW_S, NOW_S - 40 * DAY_S, 1, closed_at_s=NOW_S - 40 * DAY_S
    )
)
GOING = (Going(blob("ab" * 32, 3 << 20), Why.EXPIRED, (1,)), Going(blob("cd" * 32, 1 << 20), Why.EXPIRED, (1,)))


def after(record, change):
    assert isinstance(change, Change)
    return replace(record, incident=change.incident, timeline=(*record.timeline, *change.entries))


def test_the_timeline_says_once_what_expired_and_by_which_rule():
    record = after(CLOSED, expiring(CLOSED, GOING, author="ann", now_s=NOW_S, keeping=KEEPING))
    (line,) = record.timeline
    assert (line.kind, line.author, line.at_s, line.state) == (EntryKind.EVIDENCE, "ann", NOW_S, State.CLOSED)
    assert line.text == "evidence expired: 2 files, 4.00 MiB; it is kept for 30 d after the closing"
    assert record.expiry("ab" * 32) is line
    assert record.expiry("ef" * 32) is None
    assert expiring(record, GOING, author="bob", now_s=NOW_S + 5, keeping=KEEPING) is None
    more = (*GOING, Going(blob("ef" * 32, 1 << 20), Why.BUDGET, (1,)))
    again = expiring(record, more, author="bob", now_s=NOW_S + 5, keeping=Keeping(budget_bytes=2 << 30))
    assert again.entries[0].text == "evidence expired: 1 file, 1.00 MiB; all evidence together may take 2.00 GiB"


def test_an_incident_that_was_reopened_meanwhile_says_nothing():
    reopened = replace(CLOSED, incident=replace(CLOSED.incident, state=State.REOPENED))
    assert expiring(reopened, GOING, author="ann", now_s=NOW_S, keeping=KEEPING) is None
