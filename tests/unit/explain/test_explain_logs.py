"""What logs change in an assessment, and what is said of them."""

from __future__ import annotations

import pytest

from oakum.explain.logs import filled, finding_line, reading_line, reasons, steps, with_logs
from oakum.logs import library, read_log
from oakum.model.cause import Cause, CauseName
from oakum.model.verdict import Pattern, Verdict, VerdictName

NOW_S = 1_795_330_000.0
"""2026-11-22 06:46:40 UTC."""

HEAP = b"2026-11-22T06:0%d:57Z java.lang.OutOfMemoryError: Java heap space\n\tat com.acme.Cart.add(Cart.java:42)\n"


def read(log, **how):
    return read_log([log], library(), now_s=NOW_S, name="app.log", **how)


def verdict(name):
    return Verdict(name, Pattern.FLAT, 0.05, 1e8, reasons=("it is flat",))


def cause(name, confidence=0.5):
    return Cause(name, confidence, "t", "h", 1, 1.0)


def test_who_ran_out_of_memory_today_is_not_healthy_though_its_curve_is_flat():
    found, _ = with_logs(verdict(VerdictName.HEALTHY), (), [read(HEAP % 5 + HEAP % 6)], NOW_S)
    assert (found.name, found.probability) == (VerdictName.SUSPECT, 0.5)
    assert found.reasons[0] == (
        "in its log: java.lang.OutOfMemoryError: Java heap space: 2 times, first 2026-11-22 06:05:57Z,"
        " last 2026-11-22 06:06:57Z, at Cart.java:42 in com.acme.Cart.add"
    )
    assert found.reasons[-1] == "it is flat"
    assert found.settles


@pytest.mark.parametrize(
    ("log", "name"),
    [
        (HEAP.replace(b"2026-11-22", b"2026-11-12") % 5, VerdictName.HEALTHY),  # ten days ago
        (b"FATAL: sorry, too many clients already\n", VerdictName.HEALTHY),
        (b"Out of memory: Killed process 17 (other) total-vm:1kB\n", VerdictName.HEALTHY),  # of somebody else
        (b"nothing\n", VerdictName.HEALTHY),
        (b"MemoryError\n", VerdictName.SUSPECT),  # without a date, of the present run
    ],
)
def test_what_is_old_or_of_others_changes_no_verdict(log, name):
    found, _ = with_logs(verdict(VerdictName.HEALTHY), (), [read(log)], NOW_S)
    assert found.name is name


def test_of_the_run_before_and_without_a_date_nothing_is_concluded():
    found, _ = with_logs(verdict(VerdictName.HEALTHY), (), [read(b"MemoryError\n", previous=True)], NOW_S)
    assert found.name is VerdictName.HEALTHY
    assert found.reasons[-1].endswith("in the run before")


def test_a_leak_stays_one_and_gets_a_reason():
    found, _ = with_logs(verdict(VerdictName.LEAK), (), [read(HEAP % 5)], NOW_S)
    assert found.name is VerdictName.LEAK
    assert "Java heap space" in found.reasons[-1]


def test_a_cause_of_which_the_log_speaks_is_surer_and_one_that_it_denies_less():
    causes = (cause(CauseName.LISTENER), cause(CauseName.NATIVE_ALLOCATION))
    log = b"MaxListenersExceededWarning: Possible EventEmitter memory leak detected\n" + HEAP % 5
    _, (listener, native) = with_logs(verdict(VerdictName.LEAK), causes, [read(log)], NOW_S)
    assert listener.confidence == 0.65
    assert "MaxListenersExceededWarning" in listener.why[-1]
    assert listener.evidence == ("log",)
    assert native.confidence == 0.4
    assert "another memory" in native.against[-1]


def test_where_nothing_else_names_a_cause_the_log_does_and_what_it_holds_is_not_known():
    log = b"HikariPool-1 - Connection leak detection triggered for conn1\n\tat com.acme.Orders.find(Orders.java:7)\n"
    _, (found,) = with_logs(verdict(VerdictName.SUSPECT), (), [read(log)], NOW_S)
    assert (found.name, found.retained_bytes) == (CauseName.CONNECTION_POOL, None)
    assert str(found.where[0]).startswith("Orders.java:7")


def test_what_was_read_is_said_with_its_span_and_what_was_wrong_with_it():
    line = reading_line(read(b"2026-11-22 06:05:57 a\n\0\n"))
    assert line.startswith("app.log: 24 B, 2 lines from 2026-11-22 06:05:57Z to")
    assert "read as UTC" in line
    assert "zero bytes" in line


def test_a_count_without_times_is_told_by_lines():
    reading = read(b"MemoryError\nx\nMemoryError\n")
    assert finding_line(reading.findings[0], reading) == "MemoryError: 2 times, lines 1 to 3"


def test_a_program_that_panics_is_no_reason_of_memory():
    assert reasons([read(b"fatal error: concurrent map writes\n")], NOW_S) == ()


def test_collections_that_take_a_tenth_of_the_time_are_a_reason():
    log = b"".join(b"[%d.500s][info][gc] GC(1) Pause Young (Normal) 60M->59M(64M) 300.0ms\n" % at for at in range(40))
    assert "31 % of the time" in reasons([read(log)], NOW_S)[-1]


def test_steps_name_the_command_filled_in_and_nothing_from_a_log_is_a_command():
    (first, *_) = steps([read(b"Dumping heap to /tmp/java_pid17.hprof ...\n")], "./app.log").steps
    assert first.command == "oakum heap analyze /tmp/java_pid17.hprof"
    (evil, *_) = steps([read(b"Dumping heap to $(reboot);x ...\n")], "./app.log").steps
    assert evil.command == "oakum heap analyze DUMP"
    assert filled("jcmd {pid} x {target}", {"pid": "17"}) == "jcmd 17 x TARGET"
