"""Programs in C and C++: a leak is named by its class or size, and told from free blocks and from threads' arenas."""

from __future__ import annotations

import pytest
from native import built, running_native
from programs import answered, oakum

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("native")


def told(program, *words):
    with running_native(program, *words) as native:
        return answered(oakum("investigate", f"pid/{native.pid}", "-o", "json", "--for", "6s"))


def facts(answer, kind):
    return next(evidence["facts"] for evidence in answer["evidence"] if evidence["id"] == kind)


def test_objects_that_leak_are_named_by_their_class_in_a_stripped_program(folder):
    program = built("leak_objects.cc", folder, "-s")
    answer = told(program, "lost", 20_000, 8_000)
    first = answer["causes"][0]
    assert answer["runtime"] == "native"
    assert answer["verdict"]["verdict"] in {"suspect", "leak"}
    assert (first["cause"], first["holder"]) == ("native-allocation", "objects of shop::Session")
    # 8,000 a second, of 256 bytes and a name of 48.
    assert first["growth_bytes_per_s"] == pytest.approx(8_000 * 304, rel=0.3)
    assert facts(answer, "chunks")["lost_bytes"][1] < 1 << 20
    steps = [step["command"] for step in answer["plan"]["steps"]]
    assert any("(umask 077; gcore -o leak " in command for command in steps)


def test_what_was_used_once_is_free_blocks_and_no_leak(folder):
    answer = told(built("fragmented.c", folder), 40_000)
    assert answer["verdict"]["verdict"] in {"healthy", "cannot-tell"}
    assert [cause["cause"] for cause in answer["causes"]] == ["fragmentation"]
    told_chunks = facts(answer, "chunks")
    assert told_chunks["free_bytes"][1] > 10 * told_chunks["used_bytes"][1] > 0


def test_threads_with_an_arena_each_are_told_before_the_blocks_that_fill_them(folder):
    answer = told(built("many_arenas.c", folder), 60, 2_000_000, "grow")
    assert answer["causes"][0]["cause"] == "workers-or-arenas"
    known = facts(answer, "mappings")
    assert known["threads"][1] > known["threads"][0]
    assert known["malloc_arenas"][1] > known["malloc_arenas"][0]


def test_blocks_that_come_and_go_have_no_cause(folder):
    answer = told(built("healthy.c", folder))
    assert answer["verdict"]["verdict"] in {"healthy", "cannot-tell"}
    assert answer["causes"] == []
