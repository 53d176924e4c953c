"""What real JVMs answered (tests/recordings/jvm), read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.model.absent import Absent
from oakum.model.errors import DataError
from oakum.probe.jvm_flags import read_flags
from oakum.probe.jvm_histogram import grown_classes, read_histogram, source_name
from oakum.probe.jvm_memory import read_heap_info, read_metaspace, read_native_memory
from oakum.probe.jvm_performance import gc_totals, may_attach, read_performance
from oakum.probe.jvm_threads import read_loaders, read_threads

FOLDER = next(folder / "recordings" / "jvm" for folder in Path(__file__).parents if (folder / "recordings").is_dir())
KIB = 1 << 10
MIB = 1 << 20


def reply(jvm, command):
    return (FOLDER / jvm / f"{command.replace(' ', '_')}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("jvm", "used", "committed"),
    [
        ("17-serial", 19621 * KIB, (78656 + 174784) * KIB),
        ("17-parallel", 19700 * KIB, (76288 + 175104) * KIB),
        ("17-g1", 12384 * KIB, 262144 * KIB),
        ("17-z", 16 * MIB, 256 * MIB),
        ("17-shenandoah", 14080 * KIB, 256 * MIB),
        ("25-serial", (22428 + 1166) * KIB, (78656 + 174784) * KIB),
        ("25-parallel", (21007 + 1166) * KIB, (76288 + 175104) * KIB),
        ("25-g1", 14957 * KIB, 262144 * KIB),
        ("25-z", 16 * MIB, 256 * MIB),
        ("25-shenandoah", 15104 * KIB, 256 * MIB),
    ],
)
def test_every_collectors_heap_is_read(jvm, used, committed):
    assert read_heap_info(reply(jvm, "GC.heap_info")) == (used, committed)


@pytest.mark.parametrize(("jvm", "used", "committed"), [("17-serial", 612.45, 865.00), ("25-g1", 718.99, 960.00)])
def test_metaspace_is_read(jvm, used, committed):
    assert read_metaspace(reply(jvm, "VM.metaspace")) == (int(used * KIB), int(committed * KIB))


@pytest.mark.parametrize("read", [read_heap_info, read_metaspace, read_histogram])
def test_another_text_is_a_data_error_with_its_begin(read):
    with pytest.raises(DataError) as told:
        read("Something else entirely")
    assert "Something else" in told.value.why


@pytest.mark.parametrize("jvm", ["17-serial", "25-g1"])
def test_classes_are_told_as_in_source_and_hidden_ones_are_one(jvm):
    found = read_histogram(reply(jvm, "GC.class_histogram -all"))
    assert found["byte[]"][1] > 10 * MIB
    assert "java.lang.String" in found
    assert "leaks.Loaders$AppLoader" in found
    assert not [name for name in found if "0x" in name or name.startswith("[")]


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("[B", "byte[]"),
        ("[[I", "int[][]"),
        ("[Ljava.lang.String;", "java.lang.String[]"),
        ("leaks.Life$$Lambda$15/0x0000000800c03000", "leaks.Life$$Lambda$15"),
        ("java.lang.invoke.LambdaForm$MH.0x00007f5b4c002400", "java.lang.invoke.LambdaForm$MH"),
        ("shop.Session", "shop.Session"),
    ],
)
def test_a_name_of_the_jvm_is_told_as_a_developer_writes_it(name, want):
    assert source_name(name) == want


def test_classes_that_grew_are_told_most_first_and_trifles_are_not():
    before = {"a": (1, 100_000), "b": (1, 100_000), "c": (1, 100_000)}
    after = {"a": (2, 300_000), "b": (9, 900_000), "c": (2, 100_010), "d": (1, 200_000)}
    assert [row.name for row in grown_classes(before, after)] == ["b", "a", "d"]


@pytest.mark.parametrize("jvm", ["17-serial", "25-g1"])
def test_flags_are_read_empty_ones_too(jvm):
    flags = read_flags(reply(jvm, "VM.flags -all"))
    assert flags["MaxHeapSize"] == str(256 * MIB)
    assert (flags["HeapDumpOnOutOfMemoryError"], flags["HeapDumpPath"]) == ("false", "")
    assert flags["OnOutOfMemoryError"] == ""
    assert int(flags["MaxMetaspaceSize"]) > 1 << 62


@pytest.mark.parametrize("jvm", ["17-serial", "25-g1"])
def test_threads_are_counted_by_state_and_by_name_without_numbers(jvm):
    found = read_threads(reply(jvm, "Thread.print"))
    text = reply(jvm, "Thread.print")
    assert found.total == text.count('\n"') + text.startswith('"')
    assert dict(found.states)["TIMED_WAITING"] == text.count("State: TIMED_WAITING")
    assert dict(found.names)["pulse"] == 1
    assert not [name for name, _ in found.names if any(digit in name.replace("CN", "") for digit in "123456789")]


@pytest.mark.parametrize("jvm", ["17-serial", "25-g1"])
def test_class_loaders_are_counted_by_their_class(jvm):
    found = read_loaders(reply(jvm, "VM.classloader_stats"))
    assert found.kinds[0] == ("leaks.Loaders$AppLoader", 12, 12)
    assert found.loaders == 15
    # JDK 17 prints words and JDK 25 bytes: 6 KiB of metaspace each, by both.
    assert found.each_bytes("leaks.Loaders$AppLoader") == 6 * KIB
    assert found.each_bytes("leaks.Loaders$Unknown") == 0


def test_native_memory_is_read_by_use_or_told_to_be_off():
    found = read_native_memory(reply("25-g1", "VM.native_memory summary"))
    assert (found["Total"], found["Java Heap"], found["Thread"]) == (332368 * KIB, 262144 * KIB, 1161 * KIB)
    assert found["Shared class space"] == 13908 * KIB
    off = read_native_memory(reply("17-serial", "VM.native_memory summary"))
    assert isinstance(off, Absent)
    assert "-XX:NativeMemoryTracking=summary" in off.get
    assert isinstance(read_native_memory("?"), Absent)


@pytest.mark.parametrize(("jvm", "version", "young"), [("17-serial", "17.0.15", 1), ("25-g1", "25.0.3", 0)])
def test_performance_data_are_read(jvm, version, young):
    found = read_performance((FOLDER / jvm / "hsperfdata").read_bytes())
    assert found["java.property.java.version"] == version
    assert "-Xmx64m" in str(found["java.rt.vmArgs"])
    assert may_attach(found) is True
    assert gc_totals(found).young == young
    assert (0 < gc_totals(found).young_s < 10) == bool(young)


@given(st.binary(max_size=400))
def test_any_bytes_give_performance_data_or_none(raw):
    read_performance(raw)
    read_performance(b"\xca\xfe\xc0\xc0\x01\x02" + raw)


def test_performance_data_that_were_cut_off_are_read_as_far_as_they_go():
    whole = (FOLDER / "17-serial" / "hsperfdata").read_bytes()
    known = read_performance(whole)
    for end in range(0, 3000, 61):
        assert set(read_performance(whole[:end])) <= set(known) | {""}
    assert may_attach({}) is None
    assert gc_totals({}) is None
