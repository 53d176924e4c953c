"""When a JVM may be asked, whether a signal opens its socket, what is wrong about its flags, and what fits."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from fake_machine import MIB, FakeMachine

from oakum.model.absent import Absent, AbsentKind
from oakum.model.attach import JvmStanding
from oakum.model.budget import Budget
from oakum.model.debugger import Dispositions
from oakum.model.node import Room
from oakum.probe.jvm import JvmProbe, Reach
from oakum.probe.jvm_cost import dump_needs, histogram_pause_s
from oakum.probe.jvm_flags import judge_flags, number, read_flags

FOLDER = next(folder / "recordings" / "jvm" for folder in Path(__file__).parents if (folder / "recordings").is_dir())
PERFORMANCE = (FOLDER / "17-serial" / "hsperfdata").read_bytes()


class Stands:
    """Port Jvm, of which only what it is can be seen."""

    def __init__(
        self, command=("java", "shop.Main"), *, libraries=("libjvm.so",), caught=(signal.SIGQUIT,), listens=False,
        performance=b"",
    ):  # fmt: skip
        signals = Dispositions(frozenset(caught), frozenset(), frozenset())
        self._standing = JvmStanding(0, frozenset(libraries), command, signals, performance, listens, 1 << 30)

    def standing(self):
        return self._standing


def looked(jvm, environment=None):
    machine = FakeMachine()
    process = machine.start(("java", "shop.Main"))
    process.environment = environment or {}
    return JvmProbe(process.pid, jvm, machine.processes).look()


def test_a_signal_opens_the_socket_of_one_that_handles_it_and_none_is_sent_to_one_that_listens():
    assert looked(Stands()).signals
    assert not looked(Stands(listens=True)).signals
    assert not looked(Stands(listens=True, caught=())).signals
    assert looked(Stands(performance=PERFORMANCE)).version == "17.0.15"


@pytest.mark.parametrize(
    ("jvm", "why"),
    [
        (Stands(libraries=("libjvm.so", "libj9vm29.so")), "OpenJ9"),
        (Stands(libraries=("libc.so.6",)), "no HotSpot"),
        (Stands(caught=()), "would end it"),
        (Stands(("java", "-Xrs", "shop.Main"), caught=()), "-Xrs"),
        (Stands(("java", "-Xrs", "shop.Main")), "not the JVM's"),
        (Stands(("java", "-XX:+ReduceSignalUsage", "-cp", "x", "shop.Main")), "not the JVM's"),
        (Stands(("java", "-XX:+DisableAttachMechanism", "shop.Main")), "takes no questions"),
        (Stands(("java", "-XX:+DisableAttachMechanism", "shop.Main"), listens=True), "takes no questions"),
    ],
)
def test_one_that_must_be_left_alone_is_told_with_what_would_help(jvm, why):
    found = looked(jvm)
    assert isinstance(found, Absent)
    assert why in found.why
    assert found.get


@pytest.mark.parametrize(
    "command",
    [
        ("java", "shop.Main", "-Xrs"),
        ("java", "-jar", "shop.jar", "-XX:+DisableAttachMechanism"),
        ("java", "-XX:+DisableAttachMechanism", "-XX:-DisableAttachMechanism", "shop.Main"),
    ],
)
def test_the_applications_own_words_and_options_taken_back_do_not_count(command):
    assert isinstance(looked(Stands(command)), Reach)


def test_options_of_its_environment_and_of_its_performance_data_count():
    assert isinstance(looked(Stands(), {"JAVA_TOOL_OPTIONS": "-XX:+DisableAttachMechanism"}), Absent)
    disabled = PERFORMANCE.replace(b"1100000000000000", b"0100000000000000")
    assert looked(Stands(performance=disabled)).kind is AbsentKind.NOT_PERMITTED


FLAGS = dict(read_flags((FOLDER / "17-serial" / "VM.flags_-all.txt").read_text(encoding="utf-8")))


def wrong(limit_mib, **changed):
    flags = {**FLAGS, **{name: str(value) for name, value in changed.items()}}
    limit = None if limit_mib is None else limit_mib * MIB
    found = judge_flags(flags, limit_bytes=limit, metaspace_bytes=60 * MIB, threads=100)
    return {row.flag.partition(" ")[0]: row for row in found}


def test_a_heap_as_large_as_the_limit_is_killed_before_it_can_tell():
    assert "before any OutOfMemoryError" in wrong(256)["-Xmx256m"].wrong
    assert "beside it" in wrong(400)["-Xmx256m"].wrong
    assert "-Xmx256m" not in wrong(1024)
    assert "-Xmx256m" not in wrong(None)


def test_what_is_not_set_for_the_day_that_it_runs_out_is_told():
    found = wrong(1024)
    assert {"-XX:+HeapDumpOnOutOfMemoryError", "-XX:+ExitOnOutOfMemoryError", "-XX:MaxMetaspaceSize"} <= set(found)
    set_well = wrong(
        1024, HeapDumpOnOutOfMemoryError="true", HeapDumpPath="/dumps", ExitOnOutOfMemoryError="true",
        MaxMetaspaceSize=128 * MIB,
    )  # fmt: skip
    assert set_well == {}
    assert "-XX:HeapDumpPath" in wrong(1024, HeapDumpOnOutOfMemoryError="true")
    assert "-XX:OnOutOfMemoryError" in wrong(1024, OnOutOfMemoryError="kubectl delete pod $HOSTNAME")
    assert "-XX:-UseContainerSupport" in wrong(1024, UseContainerSupport="false")
    assert "-XX:MaxDirectMemorySize" in wrong(600)


def test_a_dump_is_refused_for_its_pause_its_memory_and_its_disk():
    needs = dump_needs(400 * MIB)
    assert needs.pause_s > histogram_pause_s(400 * MIB)
    assert needs.refusal(None, Budget(60.0), "oakum") is None
    assert "--max-pause" in needs.refusal(None, Budget(1.0), "oakum").get
    room = Room(10 * MIB, "the limit of cgroup /shop")
    assert "left below the limit" in needs.refusal(room, Budget(60.0), "oakum").why
    slowly = dump_needs(400 * MIB, carried_bytes_per_s=10e6)
    assert slowly.pause_s == pytest.approx(needs.pause_s + 800 * MIB / 10e6)
    assert "--max-pause" in slowly.refusal(None, Budget(60.0), "oakum").get
    assert needs.disk_refusal(4000 * MIB) is None
    assert "that is memory" in needs.disk_refusal(0).why
    assert "cannot be seen" in needs.disk_refusal(None).why
    assert "are free there" in needs.disk_refusal(100 * MIB).why


@pytest.mark.parametrize(("said", "told"), [("1048576", 1 << 20), ("9" * 5000, None), ("\N{SUPERSCRIPT TWO}", None)])
def test_a_flag_that_is_no_number_of_a_jvm_is_none(said, told):
    assert number({"MaxHeapSize": said}, "MaxHeapSize") == told
