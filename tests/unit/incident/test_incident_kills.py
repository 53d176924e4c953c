"""Kills on the timeline: each run once, whoever tells of it, and however often."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples_render import leak

from oakum.incident import identity, telling
from oakum.incident.triage import symptoms
from oakum.model.evidence import Evidence
from oakum.model.incident import EntryKind, Incident, Record, Severity, State
from oakum.model.kill import Kill, KillKind

AT_S = 1_700_000_000.0
EMPTY = Record(Incident("k", "deploy/shop/cart", State.ASSESSED, Severity.P3, AT_S, AT_S, AT_S, number=1))


def kill(run, at_s, *, uid="u1", container="app", kind=KillKind.OOM, kernel_s=None):
    return Kill(
        (uid, container, run, at_s), "shop", "cart-1", container, kind, 0.99, kernel_s or at_s, None, None, None, (), ()
    )


def told(record, *kills):
    """The record with what a look at these kills adds to it."""
    change = telling(record, [(each, f"{each.kind.value}") for each in kills], author="ann", now_s=AT_S + 60)
    return replace(record, incident=change.incident, timeline=(*record.timeline, *change.entries))


def test_a_run_is_told_once_by_its_number_and_the_next_one_too():
    record = told(told(EMPTY, kill(3, AT_S)), kill(3, AT_S + 0.4), kill(4, AT_S + 9))
    assert [(entry.kind, entry.facts["kill"]["run"]) for entry in record.timeline] == [
        (EntryKind.KILL, 3),
        (EntryKind.KILL, 4),
    ]
    assert record.timeline[0].facts["kill"]["confidence"] == 0.99


def test_a_run_that_only_the_kernel_still_tells_of_is_the_one_that_the_cluster_told_of_at_that_time():
    record = told(told(EMPTY, kill(3, AT_S)), kill(None, AT_S + 1.2, container=""), kill(None, AT_S + 30, container=""))
    assert [entry.facts["kill"]["at_s"] for entry in record.timeline] == [AT_S, AT_S + 30]


@pytest.mark.parametrize("other", [{"uid": "u2"}, {"container": "proxy"}])
def test_another_pod_or_container_at_the_same_moment_is_another_kill(other):
    assert len(told(EMPTY, kill(3, AT_S), kill(3, AT_S, **other)).timeline) == 2


def test_children_of_one_run_are_told_each_and_once():
    one, two = (kill(0, at_s, kind=KillKind.CHILD) for at_s in (AT_S, AT_S + 4))
    assert len(told(told(EMPTY, one, two), one, two).timeline) == 2


@pytest.mark.parametrize("later_s", [0.9, 30.0], ids=["the same end", "a kernel's time that is far from it"])
def test_an_end_that_the_node_knows_better_to_be_a_child_s_is_the_one_that_was_told_from_elsewhere(later_s):
    record = told(EMPTY, kill(3, AT_S))
    assert len(told(record, kill(3, AT_S, kind=KillKind.CHILD, kernel_s=AT_S - later_s)).timeline) == 1


def test_a_child_s_end_of_another_count_is_compared_with_whole_seconds_by_two():
    record = told(EMPTY, kill(3, AT_S))
    assert len(told(record, kill(4, AT_S + 1.3, kind=KillKind.CHILD)).timeline) == 1
    close = [kill(4, AT_S + at_s, kind=KillKind.CHILD) for at_s in (0.25, 1.5)]
    assert len(told(EMPTY, *close).timeline) == 2


def test_nothing_new_changes_nothing_but_ends_the_works():
    record = told(EMPTY, kill(3, AT_S))
    change = telling(record, [(kill(3, AT_S), "again")], author="ann", now_s=AT_S + 99, finishes=(7,))
    assert (change.incident, change.entries, change.finishes) == (record.incident, (), (7,))


def test_a_workload_is_known_by_its_api_server_and_container_not_by_its_pods_or_whatever_a_context_is_called():
    labels = {"server": "https://a:6443", "workload": "deploy/shop/cart", "container": "app", "context": "mine"}
    known = identity("deploy/shop/cart", labels, host="here")
    assert known == identity("pod/shop/cart-1/app@yours", labels | {"context": "yours"}, host="there")
    assert known != identity("deploy/shop/cart", labels | {"container": "proxy"}, host="here")
    assert known != identity("deploy/shop/cart", labels | {"server": "https://b:6443"}, host="here")


def test_restarts_and_kills_of_a_workload_are_counted_once_and_of_the_container_that_is_judged():
    labels = {"workload": "deploy/shop/cart", "container": "app"}
    rows = [
        Evidence(name, "", "", AT_S, facts={"container": whose, "restarts": count})
        for name, whose, count in (
            ("container", "app", 3),
            ("container-2", "app", 2),
            ("container-3", "proxy", 9),
            ("loop", "app", 3),
        )
    ]
    found = replace(
        leak(),
        generated_at_s=AT_S + 60,
        evidence=tuple(rows),
        series=replace(leak().series, labels=labels),
        kills=(kill(1, AT_S), kill(2, AT_S + 9, container="proxy"), kill(0, AT_S - 90_000)),
    )
    told = {symptom.name: symptom.evidence for symptom in symptoms(found)}
    assert told["restarts"] == "5 in all its pods, as the cluster counts them"
    assert told["OOM kills"] == "1 in the last day, as the cluster and the kernel tell"


def test_a_dependency_is_known_by_where_it_is_whoever_asks_it():
    labels = {"dependency": "postgresql://db:5432/shop"}
    assert identity("postgresql://me@db/shop", labels, host="here") == "postgresql://db:5432/shop"
    assert identity("postgresql://you@db/shop", labels, host="there") == "postgresql://db:5432/shop"
