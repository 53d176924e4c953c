"""What is said of one dump: numbers that add up, and holders by the names that a developer wrote."""

from __future__ import annotations

import numpy as np
import pytest
from shop_dump import SESSIONS, shop_dump

from oakum.heap.analysis import analyze
from oakum.heap.formats.detect import read_dump
from oakum.model.cause import CauseName
from oakum.model.errors import DataError


def of(data):
    return analyze(np.frombuffer(data, np.uint8), file="shop.hprof", told=lambda _: None)


@pytest.fixture(scope="module")
def report():
    return of(shop_dump())


def suspect(report, holder):
    return next(row for row in report.suspects if row.holder == holder)


def test_the_largest_leak_is_named_by_the_static_field_that_holds_it(report):
    first = report.suspects[0]
    assert first.holder == "shop.SessionCache.entries"
    assert first.cause is CauseName.SESSION_STATE
    assert (first.count, first.item_type) == (SESSIONS, "shop.Session")
    assert [(step.via, step.node) for step in first.path] == [
        ("", "class shop.SessionCache"),
        ("static entries", "java.util.HashMap"),
    ]
    assert 0 < first.confidence <= 0.6


def test_a_list_in_an_object_is_named_by_the_objects_field(report):
    found = suspect(report, "shop.Bus.listeners")
    assert found.cause is CauseName.LISTENER
    assert found.count == 100
    assert found.path[-1].via == ".listeners"


def test_a_thread_local_is_named_by_the_static_that_it_is_kept_in(report):
    found = suspect(report, "shop.Worker.history (thread-local)")
    assert found.cause is CauseName.THREAD_LOCAL
    assert found.path[0].node == 'thread "worker-1" (java.lang.Thread)'


def test_what_a_frame_holds_is_the_threads_and_its_line_is_told(report):
    found = next(row for row in report.suspects if "local of" in row.holder)
    assert "Worker.java:42" in found.holder
    assert [(place.file, place.line) for place in found.places] == [("Worker.java", 42)]


def test_garbage_is_counted_apart_and_named_by_no_suspect(report):
    assert report.unreachable.objects == 30
    assert report.unreachable.bytes == 30 * 5024
    assert report.reachable.bytes + report.unreachable.bytes == report.total.bytes
    assert report.reachable.objects + report.unreachable.objects == report.total.objects
    assert sum(row.shallow_bytes for row in report.classes) == report.reachable.bytes
    assert sum(row.count for row in report.classes) == report.reachable.objects
    assert report.tree.retained_bytes == report.reachable.bytes


def test_much_garbage_is_said_in_a_warning():
    lean = of(shop_dump(sessions=1))
    assert any("no leak" in warning for warning in lean.warnings)


def test_equal_arrays_and_half_empty_tables_are_waste(report):
    rows = {(row.what, row.name): row for row in report.waste}
    equal = rows["duplicate arrays", "byte[]"]
    assert equal.wasted_bytes == (SESSIONS - 256) * 528
    equal = rows["duplicate arrays", "long[]"]
    assert equal.wasted_bytes == 99 * 824


def test_a_dump_cut_at_any_hundredth_says_so_or_is_refused():
    whole = shop_dump()
    for hundredth in range(100):
        data = whole[: len(whole) * hundredth // 100]
        try:
            found = of(data)
        except DataError:
            continue
        assert found.partial
        assert any("cut off" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\0", "begins with"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"\x7fELF\x02\x01", "core"),
        (b"<html><body>404</body></html>", "HTML"),
        (b"JAVA PROFILE 1.0.2\0\x08\x00\x00\x00" + bytes(8), "little-endian"),
        (b"JAVA PROFILE 1.0.2\0\x00\x00\x00\x08" + bytes(8), "no heap segment"),
        (b"JAVA PROFILE 1.0.2", "begins with"),
    ],
)
def test_what_is_no_dump_gets_one_clear_error(data, words):
    with pytest.raises(DataError) as told:
        read_dump(np.frombuffer(data, np.uint8))
    assert words in str(told.value)
