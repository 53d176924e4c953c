"""What stands around a process, gathered in whole investigations on a machine in memory."""

from __future__ import annotations

import pytest
from fake_machine import MIB, FakeMachine, FakePiece

from oakum.loop.investigate import Settings, investigate
from oakum.loop.progress import Silent
from oakum.model.cause import CauseName
from oakum.model.policy import Policy
from oakum.model.surroundings import Connection
from oakum.model.target import parse_target
from oakum.model.verdict import VerdictName
from oakum.probe.heap_cap import go_cap, java_cap, node_cap

WATCH = Settings.of(watch_s=20.0, interval_s=0.5)


def investigated(machine, target):
    return investigate(
        parse_target(target), machine=machine.ports(), policy=Policy(), settings=WATCH, progress=Silent()
    )


@pytest.fixture
def machine():
    return FakeMachine()


def native(machine, **changes):
    process = machine.start(("/usr/bin/sleep", "60"), **changes)
    process.executable = "/usr/bin/sleep"
    process.pieces[0x5000_0000] = FakePiece(bytearray(4096), "/usr/bin/sleep")
    return process


def every_s(machine, process, do):
    """``do`` is called each second, for as long as the process lives."""

    def step():
        do()
        if not process.ended:
            machine.clock.after(1.0, step)

    machine.clock.after(1.0, step)


def evidence(found, kind):
    return next((row for row in found.evidence if row.id == kind), None)


def test_connections_that_only_become_more_are_told_and_named(machine):
    process = native(machine)

    def lose_one():
        process.anon_bytes += 2 * MIB
        process.connections += (Connection(inbound=False, remote="10.0.0.5:5432", state="established"),)

    every_s(machine, process, lose_one)
    found = investigated(machine, f"pid/{process.pid}")
    told = evidence(found, "connections")
    assert told.facts["outbound"]["10.0.0.5:5432"][0] == 0
    cause = next(cause for cause in found.causes if cause.name is CauseName.CONNECTION_POOL)
    assert cause.holder == "connections to 10.0.0.5:5432"
    assert cause.evidence == ("connections",)
    assert found.story is not None


def test_a_process_without_connections_has_no_such_evidence(machine):
    found = investigated(machine, f"pid/{native(machine).pid}")
    assert evidence(found, "connections") is None


def test_children_that_come_and_stay_are_told_with_who_came(machine):
    parent = native(machine)

    def fork():
        machine.start(("convert",), parent_pid=parent.pid, anon_bytes=4 * MIB)

    every_s(machine, parent, fork)
    found = investigated(machine, f"pid/{parent.pid}")
    assert found.verdict.name is VerdictName.SUSPECT
    assert found.causes[0].name is CauseName.MANY_PROCESSES
    assert found.causes[0].holder == "processes named convert"
    assert found.causes[0].evidence[0] == "workers"
    assert len(evidence(found, "workers").facts["came"]) >= 10


def test_processes_that_were_there_before_are_not_new_however_many_they_are(machine):
    parent = native(machine)
    for _ in range(80):
        machine.start(("php-fpm",), parent_pid=parent.pid, anon_bytes=4 * MIB)
    found = investigated(machine, f"pid/{parent.pid}")
    assert found.verdict.name is not VerdictName.SUSPECT
    assert found.causes == ()
    assert evidence(found, "workers").facts["came"] == []


def test_many_processes_that_take_the_places_of_others_are_not_more(machine):
    parent = native(machine)
    first = [machine.start(("php-fpm",), parent_pid=parent.pid, anon_bytes=4 * MIB) for _ in range(80)]

    def recycled():
        for process in first[-10:]:
            machine.end(process.pid)
            machine.start(("php-fpm",), parent_pid=parent.pid, anon_bytes=4 * MIB)

    machine.clock.after(5.0, recycled)
    found = investigated(machine, f"pid/{parent.pid}")
    assert found.verdict.name is not VerdictName.SUSPECT
    assert found.causes == ()


def test_children_that_are_only_there_at_the_end_accuse_nobody(machine):
    parent = native(machine)

    def helpers():
        for _ in range(3):
            machine.start(("sh",), parent_pid=parent.pid, anon_bytes=4 * MIB)

    machine.clock.after(18.0, helpers)
    found = investigated(machine, f"pid/{parent.pid}")
    assert len(evidence(found, "workers").facts["came"]) == 3
    assert found.verdict.name is not VerdictName.SUSPECT


def test_page_cache_that_grows_beside_a_calm_process_is_no_leak(machine):
    process = native(machine, cgroup="/shop")
    group = machine.groups["/shop"]
    group.limit_bytes = 128 * MIB

    def read():
        group.cache_bytes += 4 * MIB

    every_s(machine, process, read)
    found = investigated(machine, "cgroup/shop")
    assert found.verdict.name is not VerdictName.LEAK
    assert [cause.name for cause in found.causes] == [CauseName.PAGE_CACHE]
    cgroup = next(row for row in found.evidence if "page cache" in row.title)
    assert found.causes[0].evidence == (cgroup.id,)


def test_a_limit_that_calm_memory_fills_is_named(machine):
    process = native(machine, cgroup="/shop", anon_bytes=480 * MIB)
    machine.groups["/shop"].limit_bytes, machine.groups["/shop"].kills = 512 * MIB, 2
    found = investigated(machine, f"pid/{process.pid}")
    assert [cause.name for cause in found.causes] == [CauseName.UNDERSIZED_LIMIT]


@pytest.mark.parametrize(
    ("words", "size"),
    [
        (["-Xmx512m", "-jar"], 512 * MIB),
        (["-Xmx1g", "-Xmx2G"], 2048 * MIB),
        (["-XX:MaxHeapSize=1048576"], MIB),
        (["-XX:MaxRAMPercentage=70"], None),
        (["-Xmxlots"], None),
        (["-Xmx512m", "-jar", "a.jar", "-Xmx99g"], 512 * MIB),
        (["-jar", "-Xmx512m", "a.jar", "-Xmx99g"], 512 * MIB),
        (["-cp", "a.jar:b.jar", "-Xmx512m", "shop.Main", "-Xmx99g"], 512 * MIB),
        (["--add-modules", "ALL", "-p=x", "@more", "-Xmx512m", "-m", "shop/shop.Main", "-Xmx99g"], 512 * MIB),
        (["--module-path", "lib", "--module=shop", "-Xmx99g"], None),
        (["-Xmx" + "9" * 400], None),
        (["-Xmx" + "9" * 5000 + "g"], None),
        (["-Xmx999999999999999t"], None),
        ([], None),
    ],
)
def test_the_cap_of_a_jvm_is_what_counts_last(words, size):
    cap = java_cap(words)
    assert (cap and cap.limit_bytes) == size


def test_options_of_the_environment_come_first_and_do_not_end_where_one_holds_a_space():
    assert java_cap(["-Xmx1g", "Main"], ["-Dname='a", "b'", "-Xmx2g"]).limit_bytes == 1024 * MIB
    assert java_cap(["Main", "-Xmx1g"], ["-Dname='a", "b'", "-Xmx2g"]).limit_bytes == 2048 * MIB


@pytest.mark.parametrize("mib", ["9" * 15, "0", "9" * 400])
def test_a_cap_of_node_that_no_machine_has_is_none(mib):
    assert node_cap([f"--max-old-space-size={mib}"]) is None


@pytest.mark.parametrize(
    ("told", "size"),
    [
        ("900MiB", 900 * MIB),
        ("1048576", MIB),
        ("", None),
        ("off", None),
        ("9223372036854775807", None),
        ("9" * 5000, None),
        ("9" * 16 + "TiB", None),
    ],
)
def test_the_cap_of_go_is_its_soft_limit(told, size):
    cap = go_cap({"GOMEMLIMIT": told} if told else {})
    assert (cap and cap.limit_bytes) == size
