"""What logs change in an assessment, and what is said of them."""

from __future__ import annotations

import pytest

from oakum.explain.logs import Whose, filled, finding_line, reading_line, reasons, risk_of, steps, with_logs
from oakum.logs import library, read_log
from oakum.model.cause import Cause, CauseName
from oakum.model.verdict import Pattern, Verdict, VerdictName

NOW_S = 1_795_330_000.0
"""2026-11-22 06:46:40 UTC."""

WHOSE = Whose.of(NOW_S)
JVM = Whose.of(NOW_S, "jvm 17.0.15")
PYTHON = Whose.of(NOW_S, "cpython 3.11.7")

HEAP = b"2026-11-22T06:0%d:57Z java.lang.OutOfMemoryError: Java heap space\n\tat com.acme.Cart.add(Cart.java:42)\n"


def read(log, **how):
    return read_log([log], library(), now_s=NOW_S, name="app.log", **how)


def verdict(name):
    return Verdict(name, Pattern.FLAT, 0.05, 1e8, reasons=("it is flat",))


def cause(name, confidence=0.5):
    return Cause(name, confidence, "t", "h", 1, 1.0)


def test_who_ran_out_of_memory_today_is_not_healthy_though_its_curve_is_flat():
    found, _ = with_logs(verdict(VerdictName.HEALTHY), (), [read(HEAP % 5 + HEAP % 6)], JVM)
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
    found, _ = with_logs(verdict(VerdictName.HEALTHY), (), [read(log)], PYTHON)
    assert found.name is name


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-22 06:05:57 INFO forwarded from pod cart-7f: %s",
        '{"level":"info","msg":"%s"}',
        '{"time":1795330000,"level":30,"msg":"%s"}',
        "[2026-11-22 06:05:57: DEBUG/MainProcess] %s",
        "[2026-11-22 06:05:57] app.INFO: %s",
        "I1122 06:05:57.123456  17 main.go:7] %s",
        '127.0.0.1 - - [22/Nov/2026:06:05:57 +0000] "GET /?q=%s HTTP/1.1" 200 12',
        "2026-11-22 06:05:57 WARN not found: /wiki/%s",
        "%s: handled",
        "WARN caught %s, answered 413",
    ],
)
def test_a_line_that_only_speaks_of_it_accuses_nobody(line):
    log = (line % "java.lang.OutOfMemoryError: Java heap space").encode()
    found, _ = with_logs(verdict(VerdictName.HEALTHY), (), [read(log)], JVM)
    assert found.name is VerdictName.HEALTHY
    assert found.reasons[-1].endswith("nothing is concluded of it: the line speaks of it, and does not report it")


@pytest.mark.parametrize(
    "line",
    [
        "will exit if out of memory",
        "0 requests failed: out of memory=0",
        "CUDA out of memory, retrying",
        "Dumping heap to /tmp/java_pid17.hprof ...",
        "PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 12 bytes)",
    ],
)
def test_nor_does_one_that_anybody_may_write_or_that_is_no_end_of_memory(line):
    for whose in (JVM, PYTHON, Whose.of(NOW_S, "native"), WHOSE):
        found, _ = with_logs(verdict(VerdictName.HEALTHY), (), [read(f"{line}\n".encode())], whose)
        assert found.name is VerdictName.HEALTHY


def test_words_of_another_runtime_accuse_nobody_and_have_no_step():
    logs = [read(b"ERROR java.lang.OutOfMemoryError: Java heap space\n")]
    for whose, name in ((JVM, VerdictName.SUSPECT), (PYTHON, VerdictName.HEALTHY), (WHOSE, VerdictName.HEALTHY)):
        assert with_logs(verdict(VerdictName.HEALTHY), (), logs, whose)[0].name is name
    assert "heap.hprof" in steps(logs, "pid/7", JVM).steps[0].command
    assert steps(logs, "pid/7", PYTHON).steps == ()


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-22 06:05:57 ERROR request failed after INFO: %s",
        "2026-11-22 06:05:57,123 WARNING %s",
        '{"msg":"%s","level":"error"}',
        'Exception in thread "main" %s',
        "Uncaught, unhandled: %s",
    ],
)
def test_one_that_reports_it_in_words_of_its_own_does(line):
    log = (line % "java.lang.OutOfMemoryError: Java heap space").encode()
    assert with_logs(verdict(VerdictName.HEALTHY), (), [read(log)], JVM)[0].name is VerdictName.SUSPECT


def test_what_concludes_nothing_says_why():
    found, _ = with_logs(verdict(VerdictName.HEALTHY), (), [read(HEAP % 5)], PYTHON)
    assert found.reasons[-1].endswith("nothing is concluded of it: those are words of jvm, not of what it runs")


def test_a_line_from_before_the_process_is_not_of_now():
    at = "2026-11-22T06:05:57Z"
    for started_s, name in ((NOW_S - 60, VerdictName.HEALTHY), (NOW_S - 7200, VerdictName.SUSPECT)):
        whose = Whose.of(NOW_S, "cpython 3.11.7", started_s)
        found, _ = with_logs(verdict(VerdictName.HEALTHY), (), [read(f"{at} MemoryError\n".encode())], whose)
        assert found.name is name


def test_a_line_from_before_a_clock_since_the_start_began_anew_is_not_of_now():
    before, after = b"[812.250s] MemoryError\n", b"[3.250s] up\n[4.250s] ready\n"
    for log, name in (
        (before + after, VerdictName.HEALTHY),
        (after + before, VerdictName.SUSPECT),
        (before + after + b"[9.250s] MemoryError\n", VerdictName.SUSPECT),
    ):
        found, _ = with_logs(verdict(VerdictName.HEALTHY), (), [read(log)], PYTHON)
        assert found.name is name


def test_a_line_without_a_date_among_dated_ones_is_not_of_now():
    log = b"MemoryError\n" + b"2026-11-22 06:05:57 up\n" * 3
    found, _ = with_logs(verdict(VerdictName.HEALTHY), (), [read(log)], PYTHON)
    assert found.name is VerdictName.HEALTHY


def test_of_the_run_before_and_without_a_date_nothing_is_concluded():
    found, _ = with_logs(verdict(VerdictName.HEALTHY), (), [read(b"MemoryError\n", previous=True)], PYTHON)
    assert found.name is VerdictName.HEALTHY
    assert found.reasons[-1].endswith("in the run before")


def test_a_leak_stays_one_and_gets_a_reason():
    found, _ = with_logs(verdict(VerdictName.LEAK), (), [read(HEAP % 5)], JVM)
    assert found.name is VerdictName.LEAK
    assert "Java heap space" in found.reasons[-1]


def test_a_cause_of_which_the_log_speaks_is_surer_and_one_that_it_denies_less():
    causes = (cause(CauseName.LISTENER), cause(CauseName.NATIVE_ALLOCATION))
    log = b"2026-11-22T06:05:50Z MaxListenersExceededWarning: Possible EventEmitter memory leak detected\n" + HEAP % 5
    _, (listener, native) = with_logs(verdict(VerdictName.LEAK), causes, [read(log)], WHOSE)
    assert listener.confidence == 0.65
    assert "MaxListenersExceededWarning" in listener.why[-1]
    assert listener.evidence == ("log",)
    assert native.confidence == 0.4
    assert "another memory" in native.against[-1]


def test_where_nothing_else_names_a_cause_the_log_does_and_what_it_holds_is_not_known():
    log = b"HikariPool-1 - Connection leak detection triggered for conn1\n\tat com.acme.Orders.find(Orders.java:7)\n"
    _, (found,) = with_logs(verdict(VerdictName.SUSPECT), (), [read(log)], WHOSE)
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
    assert reasons([read(b"fatal error: concurrent map writes\n")], WHOSE) == ()


def test_collections_that_take_a_tenth_of_the_time_are_a_reason():
    log = b"".join(b"[%d.500s][info][gc] GC(1) Pause Young (Normal) 60M->59M(64M) 300.0ms\n" % at for at in range(40))
    assert "31 % of the time" in reasons([read(log)], WHOSE)[-1]


def test_steps_name_the_command_filled_in_and_nothing_from_a_log_is_a_command():
    (first, *_) = steps([read(b"Dumping heap to /tmp/java_pid17.hprof ...\n")], "./app.log", WHOSE).steps
    assert first.command == "oakum heap analyze /tmp/java_pid17.hprof"
    (evil, *_) = steps([read(b"Dumping heap to $(reboot);x ...\n")], "./app.log", WHOSE).steps
    assert evil.command == "oakum heap analyze DUMP"
    assert filled("jcmd {pid} x {target}", {"pid": "17"}) == "jcmd 17 x TARGET"


@pytest.mark.parametrize(
    ("log", "risk"),
    [
        (b"java.lang.OutOfMemoryError: Java heap space", "a full collection and the dump stop it"),
        (b"java.lang.OutOfMemoryError: Metaspace", "stops it for a moment"),
        (b"java.lang.OutOfMemoryError: unable to create native thread", "stops it for a moment"),
        (b"FATAL ERROR: Reached heap limit Allocation failed", "none here"),  # it has just been looked at
        (b"System.OutOfMemoryException", "a full collection stops it"),
        (b"Dumping heap to /tmp/java_pid17.hprof ...", "none: it looks"),
    ],
)
def test_a_step_says_what_it_does_to_who_is_looked_at(log, risk):
    assert steps([read(log)], "pid/7", WHOSE).steps[0].risk.startswith(risk)


def test_a_command_that_is_not_known_is_not_said_to_be_harmless():
    assert risk_of("kubectl delete pod x").startswith("not known")
    assert risk_of("oakum investigate pid/7 --inspect").startswith("stops it while its heap is written")


def test_of_each_command_of_the_library_it_is_known_what_it_does():
    for pattern in library():
        assert not (pattern.risk or risk_of(pattern.command)).startswith("not known"), pattern.id
        if "jcmd" in pattern.command or "capture" in pattern.command or "dump collect" in pattern.command:
            assert "stop" in (pattern.risk or risk_of(pattern.command)), pattern.id


def test_the_time_of_collections_is_that_of_all_runs_together():
    run = b"".join(b"[%d.500s][info][gc] GC(1) Pause Young (Normal) 60M->59M(64M) 300.0ms\n" % at for at in range(40))
    assert "31 % of the time" in reasons([read(run * 3)], WHOSE)[-1]
