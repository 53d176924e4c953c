"""What the record promises, on SQLite and on a real PostgreSQL alike."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import insert, update

from oakum.model.errors import CallerError, DataError, InternalError, RefusedError
from oakum.model.incident import (
    Answer,
    Assessed,
    Change,
    Entry,
    EntryKind,
    Impact,
    Incident,
    Kept,
    Runbook,
    Severity,
    State,
    Symptom,
    Triage,
)
from oakum.model.kept_scan import KeptScan, ScanBounds
from oakum.model.mute import Mute
from oakum.model.plan_record import Approval, PlanRecord, StepRecord, StepState
from oakum.model.retention import Claim
from oakum.model.step import Step
from oakum.model.work import Holder, Work
from oakum.store import open_store, tables

AT_S = 1_790_000_000.125
DIGEST = "ab" * 32
PLAIN = Incident("service shop", "pid/7", State.DETECTED, Severity.P3, AT_S, AT_S, AT_S)
FULL = replace(
    PLAIN,
    cause="unbounded-cache",
    holder="shop.Cache.entries",
    verdict="leak",
    headline="pid/7 leaks: sure 97 %",
    alert="PodMemoryHigh",
    owner="the shop's team",
    runbook=Runbook("RB-010", "Platform", "shop", "1.0.0", "2026-01-02", "2026-07-02", "Ann", ("RB-001", "RB-008")),
    impact=Impact("requests fail", "orders lost", "it dies in 20 min"),
    symptoms=(Symptom("steady growth", Answer.YES, "+3 MiB/s"), Symptom("swap growth", Answer.OPEN, "not measured")),
    triage=Triage(Answer.YES, AT_S, ("it grows", "by anonymous memory")),
    escalation=1,
    before=None,
)
ENTRY = Entry(AT_S, EntryKind.OPENED, "ann", "opened", State.DETECTED, facts={"rate": 3.5, "words": ["a", "b"]})
ASSESSED = Assessed(AT_S, {"schema": "oakum.investigation/1", "n": None}, DIGEST)
KEPT = Kept("capture", "a capture", "memory", AT_S, {"n": 1}, DIGEST, 5 << 30, "application/json", "ann")
HOLDER = Holder("host", "boot", 77, 1 << 40)


@pytest.fixture
def place(databases):
    return databases.place()


@pytest.fixture
def reopened(place, tmp_path):
    """Call it for a store of its own on the same place, as another Oakum has it."""
    stores = []

    def opened(**options):
        stores.append(open_store(place, blobs=str(tmp_path / "blobs"), **options))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


@pytest.fixture
def store(reopened):
    return reopened()


def opened_once(incident, *entries):
    """Opens ``incident`` unless one of its identity is there."""
    return lambda known: None if known else Change(incident, entries)


def added(store, incident=PLAIN, *entries):
    return store.incidents.write(incident.identity, lambda _: Change(incident, entries))


def test_an_incident_comes_back_as_it_went_in_after_the_store_was_closed(store, reopened):
    made = store.incidents.write("service shop", lambda _: Change(FULL, (ENTRY,), (ASSESSED,), (KEPT,)))
    assert made == replace(FULL, number=1, revision=1)
    store.close()
    record = reopened().incidents.record(1)
    assert record.incident == made
    assert record.timeline == (replace(ENTRY, number=1),)
    assert record.assessed == (replace(ASSESSED, number=1),)
    assert record.kept == (replace(KEPT, number=1),)


def test_entries_are_numbered_in_order_across_writes(store):
    added(store, PLAIN, ENTRY, ENTRY)
    for word in ("third", "fourth"):
        store.incidents.change(1, lambda was, word=word: Change(was.incident, (replace(ENTRY, text=word),)))
    timeline = store.incidents.record(1).timeline
    assert [(entry.number, entry.text) for entry in timeline] == [
        (1, "opened"),
        (2, "opened"),
        (3, "third"),
        (4, "fourth"),
    ]


def test_what_is_there_is_told_to_whoever_opens_and_nothing_is_written_when_nothing_is_wanted(store):
    assert store.incidents.write("service shop", opened_once(PLAIN)).number == 1
    assert store.incidents.write("service shop", opened_once(PLAIN)) is None
    assert store.incidents.write("service till", opened_once(replace(PLAIN, identity="service till"))).number == 2
    assert [incident.number for incident in store.incidents.list()] == [2, 1]


def test_a_change_that_fails_half_way_leaves_nothing(store):
    added(store, PLAIN, ENTRY)
    broken = replace(KEPT, facts={"n": float("nan")})
    with pytest.raises(Exception, match="JSON"):
        store.incidents.change(1, lambda was: Change(replace(was.incident, owner="bob"), (ENTRY,), kept=(broken,)))
    record = store.incidents.record(1)
    assert record.incident.owner == ""
    assert len(record.timeline) == 1


def test_closed_ones_are_listed_when_asked_for_and_the_same_leak_may_open_again(store):
    added(store)
    store.incidents.change(1, lambda was: Change(replace(was.incident, state=State.CLOSED, closed_at_s=AT_S)))
    assert store.incidents.list() == []
    again = store.incidents.write("service shop", lambda known: Change(replace(PLAIN, before=known[-1].number)))
    assert (again.number, again.before) == (2, 1)
    assert [incident.number for incident in store.incidents.list(closed=True)] == [2, 1]


def test_the_same_leak_cannot_be_open_twice_whatever_the_writer_thinks(store):
    added(store)
    # It says so each time that it is asked again.
    store.database._wait_s = 0.2
    with pytest.raises(RefusedError):
        added(store)
    assert len(store.incidents.list(closed=True)) == 1


def test_an_incident_that_is_not_there_is_the_callers_mistake(store):
    for ask in (store.incidents.get, store.incidents.record, lambda number: store.incidents.change(number, Change)):
        with pytest.raises(CallerError, match="inc-9"):
            ask(9)


def test_two_oakums_that_open_the_same_leak_at_once_open_it_once(reopened):
    stores = [reopened() for _ in range(4)]
    start = threading.Barrier(len(stores))

    def run(store):
        start.wait()
        store.incidents.write("service shop", opened_once(PLAIN, ENTRY))

    together(run, stores)
    assert [incident.number for incident in stores[0].incidents.list(closed=True)] == [1]
    assert len(stores[0].incidents.record(1).timeline) == 1


def test_no_update_is_lost_when_several_oakums_write_to_one_incident(reopened):
    stores = [reopened(wait_s=60.0) for _ in range(4)]
    added(stores[0])

    def run(store):
        for _ in range(10):
            store.incidents.change(
                1,
                lambda was: Change(
                    replace(was.incident, escalation=was.incident.escalation + 1), (replace(ENTRY, text="up"),)
                ),
            )

    together(run, stores)
    record = stores[0].incidents.record(1)
    assert record.incident.escalation == 40
    assert record.incident.revision == 41
    assert [entry.number for entry in record.timeline] == list(range(1, 41))


def together(run, stores):
    """Each in a thread of its own; what one raises is raised here."""
    with ThreadPoolExecutor(len(stores)) as pool:
        list(pool.map(run, stores))


@pytest.mark.parametrize("words", ["caf\u00e9 \U0001f980", "half \udc80 character", "nul \0 inside", "", "x" * 100_000])
def test_any_words_of_a_target_can_be_kept(store, words):
    entry = replace(ENTRY, text=words, facts={"words": words})
    made = added(store, replace(PLAIN, holder=words, headline=words), entry)
    record = store.incidents.record(made.number)
    legible = words.replace("\udc80", r"\udc80").replace("\0", r"\x00")
    assert record.incident.holder == legible
    assert record.timeline[0].text == legible
    assert record.timeline[0].facts == {"words": words}


def test_a_record_that_names_evidence_keeps_its_address_known(store):
    store.incidents.write("service shop", lambda _: Change(PLAIN, (), (ASSESSED,), (replace(KEPT, digest="cd" * 32),)))
    assert store.incidents.digests() == {DIGEST, "cd" * 32}


def test_evidence_is_claimed_by_each_incident_that_names_it_with_the_moment_of_its_closing(store):
    assert store.incidents.claims() == []
    other = replace(KEPT, digest="cd" * 32)
    store.incidents.write(
        "service shop", lambda _: Change(PLAIN, (), (ASSESSED,), (KEPT, other, replace(KEPT, digest="")))
    )
    till = replace(PLAIN, identity="service till")
    store.incidents.write(till.identity, lambda _: Change(till, (), (), (KEPT,)))
    added(store, replace(PLAIN, identity="service none"))
    closed = {"state": State.CLOSED, "closed_at_s": AT_S + 5, "changed_at_s": AT_S + 9}
    store.incidents.change(2, lambda was: Change(replace(was.incident, **closed)))
    assert store.incidents.claims() == [
        Claim(1, None, frozenset({DIGEST, "cd" * 32})),
        Claim(2, AT_S + 5, frozenset({DIGEST})),
    ]
    store.incidents.change(2, lambda was: Change(replace(was.incident, state=State.REOPENED)))
    assert [claim.closed_at_s for claim in store.incidents.claims()] == [None, None]


def test_a_plan_keeps_each_steps_state_and_undo_data(store):
    incident = added(store)
    steps = (
        StepRecord(Step("restart", "frees it", "a pause", "systemctl restart shop", takes_s=3.0)),
        StepRecord(Step("raise the limit", "gives time", "takes memory")),
    )
    plan = store.plans.add(PlanRecord(incident.number, "pid/7", AT_S, "d1", steps, {"start_ticks": 5}))
    assert (plan.number, plan.revision) == (1, 1)
    applying = replace(steps[0], state=StepState.APPLYING, undo_data={"command": ["shop"]}, began_at_s=AT_S)
    changed = store.plans.change(replace(plan, state=StepState.APPLYING, steps=(applying, steps[1])))
    assert store.plans.get(1) == changed
    assert store.plans.of(incident.number) == [changed]
    assert changed.steps[0].undo_data == {"command": ["shop"]}
    assert store.plans.get(1).steps[1].undo_data is None


def test_a_plan_that_another_oakum_changed_is_not_overwritten(store, reopened):
    incident = added(store)
    plan = store.plans.add(PlanRecord(incident.number, "pid/7", AT_S, "d1"))
    reopened().plans.change(replace(plan, state=StepState.APPLIED))
    with pytest.raises(RefusedError, match="changed by another"):
        store.plans.change(replace(plan, state=StepState.FAILED))
    assert store.plans.get(1).state is StepState.APPLIED


def test_an_approval_holds_for_what_was_shown_and_nothing_else(store):
    incident = added(store)
    store.plans.add(PlanRecord(incident.number, "pid/7", AT_S, "d1"))
    approval = Approval(1, "d1", "ann", "typed", AT_S)
    store.plans.approve(approval)
    with pytest.raises(RefusedError, match="not what was shown"):
        store.plans.approve(replace(approval, digest="d2"))
    assert store.plans.approvals(1) == [approval]
    for ask in (store.plans.get, lambda number: store.plans.approve(replace(approval, plan=number))):
        with pytest.raises(CallerError, match="no plan 9"):
            ask(9)


def test_a_plan_belongs_to_an_incident_that_is_there(store):
    with pytest.raises(InternalError, match="refused"):
        store.plans.add(PlanRecord(9, "pid/7", AT_S, "d1"))
    assert store.plans.of(9) == []


def test_a_mute_is_listed_lifted_once_and_replaced_by_a_later_one_of_the_same_scope(store):
    first = store.mutes.add(Mute("pid/7", "a cache", "ann", AT_S, AT_S + 60))
    second = store.mutes.add(Mute("pid/7", "still a cache", "bob", AT_S + 1, AT_S + 90))
    other = store.mutes.add(Mute("pid/8", "warm-up", "ann", AT_S, AT_S + 60, identity="service till"))
    told = store.mutes.list()
    assert [(mute.number, mute.holds(AT_S + 2)) for mute in told] == [(1, False), (2, True), (3, True)]
    assert (told[0].lifted_by, told[1:]) == ("bob", [second, other])
    lifted = store.mutes.lift(2, author="ann", at_s=AT_S + 5)
    assert not lifted.holds(AT_S + 6)
    assert store.mutes.list()[1] == lifted
    with pytest.raises(CallerError, match="lifted before"):
        store.mutes.lift(first.number, author="ann", at_s=AT_S)
    with pytest.raises(CallerError, match="no mute"):
        store.mutes.lift(9, author="ann", at_s=AT_S)


def test_the_last_scan_of_each_source_is_kept_until_it_is_forgotten(store):
    assert store.scans.last("host") is None
    for at_s in (2.0, 1.0):
        store.scans.add("host", at_s, {"at": at_s})
    store.scans.add("file", 3.0, {"at": 3.0})
    assert store.scans.last("host").document == {"at": 2.0}
    assert store.scans.forget(2.0) == 1
    assert store.scans.forget(2.5) == 1
    assert store.scans.last("host") is None
    assert store.scans.last("file").document == {"at": 3.0}


def test_a_scan_comes_back_whole_by_its_name_and_by_its_number(store, reopened):
    document = {
        "schema": "oakum.scan/1",
        "partial": False,
        "series": [{"id": f"s\u20ac{n}", "level": n / 7} for n in range(500)],
    }
    number = store.scans.add("host h", AT_S, document, name="nightly")
    store.scans.add("host h", AT_S + 1, {}, name="baseline")
    store.scans.add("host other", AT_S + 2, {}, name="nightly")
    store.close()
    later = reopened().scans
    kept = later.last("host h", "nightly")
    assert kept == KeptScan("host h", AT_S, document, "nightly", number) == later.get(number)
    assert (kept.id, kept.title) == ("scan-1", "scan-1 (nightly)")
    assert later.last("host h").name == "baseline"
    assert later.last("host h", "weekly") is None
    assert [(head.number, head.name) for head in later.list()] == [(3, "nightly"), (2, "baseline"), (1, "nightly")]
    with pytest.raises(CallerError, match="no scan scan-9"):
        later.get(9)


def test_kept_scans_are_bounded_by_count_and_age_and_the_last_of_each_name_stays(store):
    scans = store.scans
    scans.add("host", 1.0, {}, name="baseline")
    for day in range(2, 8):
        scans.add("host", float(day), {}, name="nightly", bounds=ScanBounds(3, 0.0))
    scans.add("other", 1.5, {}, name="nightly")
    assert [(head.at_s, head.name) for head in scans.list()] == [
        (7.0, "nightly"),
        (6.0, "nightly"),
        (5.0, "nightly"),
        (1.5, "nightly"),
        (1.0, "baseline"),
    ]
    scans.add("host", 8.0, {}, name="weekly", bounds=ScanBounds(9, 7.5))
    assert [head.at_s for head in scans.list()] == [8.0, 7.0, 1.5, 1.0]
    scans.add("host", 9.0, {}, name="nightly")
    assert scans.forget(100.0) == 1
    assert [head.at_s for head in scans.list()] == [9.0, 8.0, 1.5, 1.0]
    assert scans.forget(100.0) == 0


def test_two_oakums_that_keep_at_once_keep_both_and_no_more_than_the_bounds(reopened):
    stores = [reopened() for _ in range(4)]
    for at_s in range(5):
        stores[0].scans.add("host", float(at_s), {"n": at_s}, name="nightly")
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(each.scans.add, "host", 10.0 + n, {"n": n}, name="nightly", bounds=ScanBounds(5, 0.0))
            for n, each in enumerate(stores)
        ]
        numbers = {job.result() for job in jobs}
    kept = stores[0].scans.list()
    assert len(numbers) == 4
    assert [head.at_s for head in kept] == [13.0, 12.0, 11.0, 10.0, 4.0]


def test_a_scan_that_was_written_before_there_were_names_is_read_as_it_is(store):
    row = {"source": "host", "at_s": 1.0, "document": {"series": []}}
    store.database.write(lambda connection: connection.execute(insert(tables.scans).values(**row)))
    assert store.scans.last("host") == KeptScan("host", 1.0, {"series": []}, "", 1)


def test_a_scan_whose_bytes_are_torn_is_said_to_be_broken(store):
    number = store.scans.add("host", 1.0, {"series": []}, name="nightly")
    torn = update(tables.scans).values(packed=b"torn")
    store.database.write(lambda connection: connection.execute(torn))
    for read in (lambda: store.scans.get(number), lambda: store.scans.last("host")):
        with pytest.raises(DataError, match=r"scan-1 of the record .* is broken"):
            read()


def test_a_judges_state_is_its_bytes_and_a_second_watcher_is_refused(store, reopened):
    state = bytes(range(256)) * 100
    assert store.judge_states.get("pid/7") is None
    revision = store.judge_states.put("pid/7", state, revision=0, at_s=AT_S)
    assert store.judge_states.get("pid/7") == (state, revision)
    newer = reopened().judge_states.put("pid/7", b"newer", revision=revision, at_s=AT_S)
    for read in (0, revision):
        with pytest.raises(RefusedError, match="another Oakum judged"):
            store.judge_states.put("pid/7", b"older", revision=read, at_s=AT_S)
    assert store.judge_states.get("pid/7") == (b"newer", newer)


def test_a_judges_state_that_was_not_put_for_long_is_forgotten(store):
    for series, at_s in (("old", 1.0), ("new", 2.0)):
        store.judge_states.put(series, b"state", revision=0, at_s=at_s)
    assert store.judge_states.forget(2.0) == 1
    assert store.judge_states.forget(2.0) == 0
    assert store.judge_states.get("old") is None
    assert store.judge_states.get("new") == (b"state", 1)
    assert store.judge_states.put("old", b"anew", revision=0, at_s=3.0) == 1


def test_work_that_was_begun_is_known_until_it_ends_by_itself_or_with_what_it_made(store, reopened):
    works = [
        store.works.begin(Work("investigate", f"pid/{pid}", f"oakum investigate pid/{pid}", HOLDER, AT_S))
        for pid in (7, 8, 9)
    ]
    store.close()
    later = reopened()
    assert later.works.unfinished() == works
    later.works.finish(works[0].number)
    later.works.finish(works[0].number)
    later.incidents.write("service shop", lambda _: Change(PLAIN, finishes=(works[1].number,)))
    assert later.works.unfinished() == works[2:]
