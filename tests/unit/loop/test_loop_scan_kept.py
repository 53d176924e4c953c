"""Which scan another one is compared with, and what of it is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oakum.loop.scan_kept import Comparing, Wish, check_record, on_record
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import DataError, MachineError
from oakum.model.kept_scan import KeptScan
from oakum.model.policy import Policy
from oakum.model.scan import Replicas, Scan, Skipped, Window
from oakum.model.series import Ending, Series, WorkloadSeries
from oakum.model.source import parse_source
from oakum.model.verdict import Verdict, VerdictName
from oakum.render.codec_scan import scan_to_json
from oakum.store import open_store
from oakum.store.place import FilePlace

NOW_S = 1_790_000_000.0
DAY_S = 86_400.0


@pytest.fixture
def place(tmp_path):
    return lambda: open_store(FilePlace(tmp_path / "oakum.db"), blobs="")


def row(name, verdict=VerdictName.HEALTHY, rate=None, *, killed_s=None, **labels):
    life = Series(np.array([NOW_S - 60, NOW_S]), np.array([1.0, 2.0]))
    lives = (life,) if killed_s is None else (replace(life, ended_s=killed_s, ending=Ending.OOM_KILLED), life)
    interval = None if rate is None else (rate * 0.9, rate * 1.1)
    series = WorkloadSeries(name, lives, labels=labels)
    return series, Verdict(verdict, None, None, 2.0, rate_per_s=rate, rate_interval=interval)


def scan(*rows, at_s=NOW_S, **told):
    return Scan("the source", at_s, Window(at_s - DAY_S, at_s, 60.0), rows, **told)


DIFF = Wish(diff=True)


def comparing(source="http://p:9090", *, wish=DIFF, **narrowed):
    return Comparing.of([parse_source(source)], host="h", policy=Policy(), wish=wish, **narrowed)


def keep(place, found, source="http://p:9090", **narrowed):
    told, failed = on_record(found, comparing(source, wish=Wish("nightly"), **narrowed), place)
    assert failed is None
    return told.kept


def compared(place, found, source="http://p:9090", **narrowed):
    told, _ = on_record(found, comparing(source, **narrowed), place)
    return None if told.since is None else [(each.name.value, each.id) for each in told.since.changes]


def test_a_part_of_a_source_is_another_source_and_a_login_is_none(place):
    keep(place, scan(row("a")), "http://ann:secret@p:9090/")
    assert compared(place, scan(row("a"))) == []
    assert compared(place, scan(row("a")), namespaces=["shop"]) is None
    assert compared(place, scan(row("a")), labels=['pod="x"']) is None
    assert compared(place, scan(row("a")), "http://q:9090") is None
    store = place()
    assert [head.source for head in store.scans.list()] == ["http://p:9090"]
    store.close()


def test_a_cluster_is_known_by_its_server_whatever_its_context_is_called(place):
    keep(place, scan(row("a"), origin="kube https://10.0.0.1:6443"), "kube://prod")
    assert compared(place, scan(row("a"), origin="kube https://10.0.0.1:6443"), "kube://") == []
    assert compared(place, scan(row("a"), origin="kube https://10.0.0.2:6443"), "kube://prod") is None


@pytest.mark.parametrize(
    ("source", "origin"),
    [
        ("http://127.0.0.1:9090/", "http://127.0.0.1:9090 on h"),
        ("http://ann:secret@localhost:9090", "http://localhost:9090 on h"),
        ("http://[::1]:9090", "http://[::1]:9090 on h"),
        ("http://10.0.0.1:9090", "http://10.0.0.1:9090"),
        ("/data/a.csv", "h: /data/a.csv"),
        ("host", "host h"),
    ],
)
def test_what_means_another_thing_on_another_machine_is_known_with_this_one(source, origin):
    assert comparing(source).origin_of(scan()) == origin
    assert comparing(source, namespaces=["shop"]).origin_of(scan()) == f"{origin} -n shop"


def test_a_server_in_a_cluster_is_known_by_its_api_server_whatever_the_context_is_called(place):
    prod, lab = (scan(row("a"), origin=f"kube https://{each}:6443") for each in ("10.0.0.1", "127.0.0.1"))
    service = "kube+http://prometheus.monitoring:9090"
    keep(place, prod, f"{service}@prod")
    assert compared(place, prod, service) == []
    assert compared(place, lab, service) is None
    assert compared(place, prod, "kube+http://prometheus.other:9090") is None
    assert comparing(service).origin_of(lab) == f"{service} in kube https://127.0.0.1:6443 on h"
    assert comparing("kube://").origin_of(lab) == "kube https://127.0.0.1:6443 on h"


def test_a_scan_that_is_partial_is_kept_as_such_and_makes_nothing_gone(place):
    assert keep(place, scan(row("a"), row("b"), partial=True)) == "scan-1 (nightly)"
    told, _ = on_record(scan(row("a"), row("c")), comparing(), place)
    assert told.since.partial
    assert [(each.name.value, each.id) for each in told.since.changes] == [("gone", "b")]
    assert "scan-1 (nightly) is partial" in told.since.notes[0]
    told, _ = on_record(scan(row("a"), partial=True), comparing(), place)
    assert told.since.changes == ()
    assert "nothing is called gone: this scan is partial" in told.since.notes


def test_what_could_not_be_judged_is_not_gone(place):
    keep(place, scan(row("a")))
    assert compared(place, scan(skipped=(Skipped("a", "torn"),))) == []


def test_what_could_not_be_judged_is_known_by_its_labels_too(place):
    process = {"command": "python shop.py", "cgroup": "/system.slice/shop.service"}
    keep(place, scan(row("pid/7", **process), row("pod/shop/cart-5d8f7c9b4-x2x9z/app", pod="cart-5d8f7c9b4-x2x9z")))
    pod = Skipped("pod/shop/cart-5d8f7c9b4-9q2lk/app", "torn", {"pod": "cart-5d8f7c9b4-9q2lk"})
    assert compared(place, scan(skipped=(Skipped("pid/8", "torn", process), pod))) == []
    assert len(compared(place, scan(skipped=(Skipped("pid/8", "torn"),)))) == 2


@pytest.mark.parametrize("what", ["workloads", "owners, limits and ends of many clusters"])
def test_names_are_not_compared_where_one_scan_alone_could_not_tell_workloads(place, what):
    alone, owned = row("pod/shop/cart-0/app", pod="cart-0"), row("deploy/shop/cart/app", pod="cart-0")
    untold = scan(alone, absent=(Absent(what, AbsentKind.NOT_APPLICABLE, "there is no kube_pod_owner", ""),))
    keep(place, scan(owned))
    told, _ = on_record(untold, comparing(), place)
    assert told.since.changes == ()
    why = "could not tell all workloads by their pods"
    assert told.since.notes == (f"nothing is called gone, or appeared: this scan {why}",)
    keep(place, untold)
    told, _ = on_record(scan(owned), comparing(), place)
    assert told.since.changes == ()
    assert told.since.notes == (f"nothing is called gone, or appeared: scan-2 (nightly) {why}",)
    # Where neither could, they have the same names.
    assert compared(place, replace(untold, rows=())) == [("gone", "pod/shop/cart-0/app")]


def test_pods_and_processes_that_were_started_again_are_the_same(place):
    pod = "pod/shop/cart-5d8f7c9b4-{}/app"
    process = {"command": "python shop.py", "cgroup": "/system.slice/shop.service"}
    keep(place, scan(row(pod.format("x2x9z"), pod="cart-5d8f7c9b4-x2x9z"), row("pid/7", **process)))
    now = scan(row(pod.format("9q2lk"), pod="cart-5d8f7c9b4-9q2lk"), row("pid/8", VerdictName.LEAK, 5.0, **process))
    assert compared(place, now) == [("new-leak", "pid/8")]
    told, _ = on_record(scan(), comparing(), place)
    assert [each.standing.title for each in told.since.changes] == ["python shop.py", ""]


def test_a_kill_within_the_window_that_was_seen_before_is_no_news(place):
    keep(place, scan(row("a", killed_s=NOW_S - 100)))
    later = scan(row("a", killed_s=NOW_S - 100), at_s=NOW_S + 600)
    assert compared(place, later) == []
    assert compared(place, scan(row("a", killed_s=NOW_S + 100), at_s=NOW_S + 600)) == [("killed", "a")]


def test_kills_that_a_cluster_tells_are_compared_by_their_time(place):
    def told(kills, last_s):
        return {"a": Replicas("deploy/shop/cart", "app", "cart-1", 1, 1, 0, kills, kills, last_s)}

    keep(place, scan(row("a"), replicas=told(3, NOW_S - 9)))
    assert compared(place, scan(row("a"), replicas=told(3, NOW_S - 9))) == []
    assert compared(place, scan(row("a"), replicas=told(1, NOW_S + 9))) == [("killed", "a")]


def test_windows_of_other_lengths_are_told(place):
    keep(place, scan(row("a")))
    week = replace(scan(row("a")), window=Window(NOW_S - 7 * DAY_S, NOW_S, 60.0))
    told, _ = on_record(week, comparing(), place)
    assert told.since.notes == ("scan-1 (nightly) looked at 24 h, this one at 7 d",)


def test_rows_that_a_newer_oakum_wrote_in_another_way_are_left_out(place):
    store = place()
    document = scan_to_json(scan(row("a"), row("b")))
    document["series"][0]["verdict"] = "guilty"
    document["series"].append("nonsense")
    store.scans.add("http://p:9090", NOW_S, document, name="nightly")
    store.close()
    assert compared(place, scan(row("a"), row("b"))) == [("appeared", "a")]


def test_an_earlier_scan_that_cannot_be_read_is_absent_and_the_scan_stands(place, monkeypatch):
    from oakum.store.scans import SqlScans  # noqa: PLC0415

    def torn(*_):
        raise DataError("scan-1 is broken", why="torn")

    keep(place, scan(row("a")))
    monkeypatch.setattr(SqlScans, "last", torn)
    told, failed = on_record(scan(row("a")), comparing(), place)
    assert (failed, told.since) == (None, None)
    assert told.absent == (Absent("what has changed since", AbsentKind.UNREADABLE, "scan-1 is broken: torn", ""),)


def test_where_nothing_is_asked_of_it_the_record_is_not_opened():
    def never():
        raise MachineError("it was opened")

    asked = comparing(wish=Wish())
    check_record(asked, never)
    found = scan(row("a"))
    assert on_record(found, asked, never) == (found, None)


def test_what_is_kept_is_the_answer_as_programs_get_it(place):
    keep(place, scan(row("a", VerdictName.LEAK, 5.0)))
    store = place()
    kept = store.scans.last("http://p:9090")
    store.close()
    assert isinstance(kept, KeptScan)
    assert kept.document == scan_to_json(scan(row("a", VerdictName.LEAK, 5.0)))
