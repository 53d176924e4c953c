"""Rust: what leaks is named by its type where it stands behind a trait, by its size elsewhere."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from native import core_of, running_native
from programs import answered, oakum
from rust import STRIPPED, V0, rust_service

from oakum.heap.warm import warm_up_native

pytestmark = pytest.mark.lab

SESSION = "objects of service::shop::Session"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("rust")


def analyzed(core):
    run = oakum("heap", "analyze", core, "-o", "json", "--fresh")
    assert run.code == 0, run.err
    return run.json


def test_a_leak_is_named_by_its_type_and_what_keeps_within_its_bound_is_none(folder):
    """Both are watched at the same time, and nothing is compiled twice: the lab's seconds are counted."""
    program = rust_service(folder, "service", *V0)
    warm_up_native()

    def told(kind):
        with running_native(program, kind, 20_000, 8_000) as native:
            return answered(oakum("investigate", f"pid/{native.pid}", "-o", "json", "--for", "6s"))

    with ThreadPoolExecutor(2) as both:
        leaking, bounded = both.map(told, ("traits", "bounded"))
    first = leaking["causes"][0]
    assert (first["cause"], first["holder"]) == ("native-allocation", SESSION)
    assert leaking["verdict"]["verdict"] in {"suspect", "leak"}
    # 8,000 a second, of 224 bytes with their user's 22.
    assert first["growth_bytes_per_s"] == pytest.approx(8_000 * (240 + 32), rel=0.3)
    assert any("Rust 1." in evidence["title"] for evidence in leaking["evidence"])
    assert bounded["verdict"]["verdict"] in {"healthy", "cannot-tell"}
    assert bounded["causes"] == []


def test_a_core_counts_objects_behind_traits_by_type_and_names_the_static_that_holds_them(folder):
    with running_native(rust_service(folder, "service"), "traits", 20_000, 1) as native:
        answer = analyzed(core_of(native.pid, folder))
    counts = {row["name"]: row["count"] for row in answer["classes"]}
    assert counts[SESSION] == pytest.approx(20_000, abs=5)
    assert counts["objects of service::shop::Basket"] == 100
    first = answer["suspects"][0]
    assert (first["holder"], first["item_type"]) == ("global service::OPEN of service", "service::shop::Session")


def test_a_circle_of_counted_pointers_is_lost_in_a_stripped_program_too(folder):
    with running_native(rust_service(folder, "stripped", *STRIPPED), "cycle", 5_000, 1) as native:
        first = analyzed(core_of(native.pid, folder))["suspects"][0]
    assert first["cause"] == "native-allocation"
    # Pairs of 232 bytes, each with room for one pointer: by size, for no symbol is left.
    assert first["holder"].startswith("nothing holds blocks of ")
    assert first["retained_bytes"] == pytest.approx(10_000 * (240 + 48), rel=0.2)


def test_profiles_of_jemalloc_name_the_function_of_rust_that_allocates(folder):
    library = next(iter(sorted(Path("/usr/lib").glob("*/libjemalloc.so.2"))), None)
    if library is None:
        pytest.skip("no jemalloc on this machine")
    program = rust_service(folder, "profiled", *V0)
    settings = f"prof:true,lg_prof_sample:14,prof_final:true,prof_prefix:{folder}/shop"
    environment = {**os.environ, "LD_PRELOAD": str(library), "MALLOC_CONF": settings}
    subprocess.run([program, "traits", "20000"], env=environment, check=True, timeout=60, stdout=subprocess.DEVNULL)
    (profile,) = folder.glob("shop.*.heap")
    answer = analyzed(profile)
    assert answer["format"] == "jeprof"
    holders = [suspect["holder"] for suspect in answer["suspects"][:3]]
    assert any(holder.startswith("service::open_session") or "service::session" in holder for holder in holders)
