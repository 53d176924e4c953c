"""Cores that gdb's gcore wrote of real programs: what is lost is told to the block, and who holds the rest."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from native import built, core_of, running_native
from programs import oakum

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cores")


def analyzed(core):
    run = oakum("heap", "analyze", core, "-o", "json", "--memory", "600MiB", "--fresh")
    assert run.code == 0, run.err
    return run.json


def core(program, folder, *words):
    with running_native(program, *words) as native:
        return core_of(native.pid, folder)


def classes(answer):
    return {row["name"]: row["count"] for row in answer["classes"]}


@pytest.fixture(scope="module")
def lost(folder):
    return core(built("leak_objects.cc", folder, "-s"), folder, "lost", 20_000)


def test_lost_objects_of_a_stripped_program_are_counted_by_their_class(lost):
    answer = analyzed(lost)
    first = answer["suspects"][0]
    assert first["cause"] == "native-allocation"
    assert first["holder"] == "nothing holds objects of shop::Session"
    # A word that was left in a register or on the stack may still lead to one.
    assert first["count"] == pytest.approx(20_000, abs=3)
    assert first["retained_bytes"] == pytest.approx(20_000 * (256 + 48), rel=0.001)
    assert classes(answer)["objects of shop::Basket"] == 100
    assert answer["unreachable"]["objects"] == pytest.approx(40_000, abs=10)


def test_objects_that_are_held_are_led_to_by_a_global_with_its_name(folder):
    answer = analyzed(core(built("leak_objects.cc", folder), folder, "held", 20_000))
    first = answer["suspects"][0]
    assert first["holder"] == "global table of leak_objects"
    assert first["item_type"] == "shop::Session"
    assert first["share"] > 0.9
    assert answer["unreachable"]["bytes"] < 0.01 * answer["shallow_bytes"]


def test_two_cores_of_one_process_tell_the_size_that_grew(folder):
    with running_native(built("leak_blocks.c", folder), 300, 5_000, 4_000) as native:
        (folder / "first").mkdir()
        before = core_of(native.pid, folder / "first")
        after = core_of(native.pid, folder)
        while after.stat().st_size < before.stat().st_size + (2 << 20):
            after = core_of(native.pid, folder)
    run = oakum("heap", "diff", before, after, "-o", "json", "--fresh")
    assert run.code == 0, run.err
    grown = run.json["grown"][0]
    assert grown["name"] == "blocks of 297 to 312 bytes"
    assert grown["count"][1] > grown["count"][0] >= 5_000
    assert run.json["suspects"][0]["holder"] == "nothing holds blocks of 297 to 312 bytes"


def test_arenas_of_threads_are_led_to_from_their_stacks(folder):
    answer = analyzed(core(built("many_arenas.c", folder), folder, 6, 3_000_000))
    assert classes(answer)["blocks of 3993 to 4008 bytes"] == 6 * 732
    assert answer["unreachable"]["objects"] < 10
    assert "7 threads" in answer["runtime"]


def test_a_core_that_is_cut_off_is_a_partial_answer_and_exit_4(lost, folder):
    cut = folder / "cut"
    cut.write_bytes(lost.read_bytes()[: 4 << 20])
    run = oakum("heap", "analyze", cut, "-o", "json", "--fresh")
    assert run.code == 4
    assert run.json["reach_known"] is False
    assert run.json["suspects"] == []
    assert sum(row["count"] for row in run.json["classes"]) > 10_000


def test_profiles_of_jemalloc_name_the_function_that_allocates(folder):
    program = built("leak_objects.cc", folder)
    library = next(iter(sorted(Path("/usr/lib").glob("*/libjemalloc.so.2"))), None)
    if library is None:
        pytest.skip("no jemalloc on this machine")
    settings = f"prof:true,lg_prof_sample:14,prof_final:true,prof_prefix:{folder}/shop"
    environment = {**os.environ, "LD_PRELOAD": str(library), "MALLOC_CONF": settings}
    subprocess.run([program, "lost", "20000", "-1"], env=environment, check=True, timeout=60, stdout=subprocess.DEVNULL)
    (profile,) = folder.glob("shop.*.heap")
    answer = analyzed(profile)
    assert answer["format"] == "jeprof"
    assert answer["shallow_bytes"] == pytest.approx(20_000 * (256 + 32), rel=0.25)
    assert "open_session" in answer["suspects"][0]["holder"]
