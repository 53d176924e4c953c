"""Memory that no Python holder explains: a leak in C is not blamed on one, and free memory is not called a leak."""

from __future__ import annotations

import pytest
from programs import EXPECTED, answered, named, oakum, running

pytestmark = pytest.mark.lab

PLANTED_MB_PER_S = 2.0


def parts(answer):
    """The last division of its memory that was told."""
    return [evidence["facts"] for evidence in answer["evidence"] if evidence["id"].startswith("memory")][-1]


def test_a_leak_in_a_c_library_is_told_as_memory_outside_the_objects_with_its_rate(lab_row):
    with running("native_leak") as program:
        before = program.anon_bytes()
        run = oakum("investigate", f"pid/{program.pid}", "-o", "json", "--for", "10s")
        anon = program.anon_bytes()
    answer = answered(run)
    first = answer["causes"][0]
    lab_row(
        "native_leak", "-", f"{run.seconds:.1f}", "-", "0.000", "-",
        answer["verdict"]["verdict"], first["cause"], first["holder"],
    )  # fmt: skip
    assert answer["verdict"]["verdict"] in EXPECTED["native_leak"].verdicts
    assert first["cause"] == "native-allocation"
    assert "outside Python's objects" in named(first)
    assert not [cause for cause in answer["causes"] if "access_log" in named(cause)]
    assert first["growth_bytes_per_s"] == pytest.approx(PLANTED_MB_PER_S * 1e6, rel=0.3)
    assert "outside Python's objects grows" in answer["verdict"]["reasons"][0]
    assert any("memray" in step["command"] and "--native" in step["command"] for step in answer["plan"]["steps"])
    told = parts(answer)
    assert told["allocator_read"]
    # It grows on until it is asked here: how long Oakum took to compare is not what is tested.
    assert before < told["total_bytes"][1] <= 1.05 * anon


def test_memory_that_was_used_once_is_told_as_free_memory_and_is_no_leak():
    with running("fragmented") as program:
        run = oakum("investigate", f"pid/{program.pid}", "-o", "json", "--for", "8s")
        anon = program.anon_bytes()
    answer = answered(run)
    assert answer["verdict"]["verdict"] in EXPECTED["fragmented"].verdicts
    assert answer["causes"][0]["cause"] == "fragmentation"
    assert parts(answer)["bytes"]["objects-free"][1] > 0.5 * anon
