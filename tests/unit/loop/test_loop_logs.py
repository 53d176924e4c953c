"""A log by itself: what is read, judged and said; and what cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fake_clock import FakeClock
from fake_machine import FakeMachine

from oakum.logs import STOPPED, library
from oakum.loop.facts import Facts
from oakum.loop.logs import LogBounds, investigate_log, known_logs, read_logs, tell
from oakum.loop.progress import Silent
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import CallerError
from oakum.model.log import LogFile
from oakum.model.target import LogTarget
from oakum.model.verdict import VerdictName
from oakum.render import investigation_to_json


def investigated(content, name="app.log"):
    """``NOW`` stands for the time of that machine."""
    machine = FakeMachine()
    now = f"{datetime.fromtimestamp(machine.clock.now_s(), UTC):%Y-%m-%d %H:%M:%S}"
    machine.logs.content[name] = content.replace(b"NOW", now.encode())
    found = investigate_log(LogTarget(name), machine=machine.ports(), patterns=library(), progress=Silent())
    assert investigation_to_json(found)
    return found


def test_a_log_that_says_nothing_tells_neither_health_nor_a_leak():
    found = investigated(b"2026-11-22 06:05:57 started\n")
    assert found.verdict.name is VerdictName.CANNOT_TELL
    assert found.verdict.reasons == ("no line tells of memory",)
    assert "oakum investigate pid/N" in found.verdict.settles


def test_memory_that_ran_out_makes_a_suspect_with_its_evidence_and_a_step():
    found = investigated(b"NOW java.lang.OutOfMemoryError: Metaspace\n")
    assert (found.verdict.name, found.runtime) == (VerdictName.SUSPECT, "jvm")
    assert found.evidence[1].facts["id"] == "jvm-metaspace"
    assert found.causes[0].name == "class-loader"
    assert found.plan.steps[0].command == "jcmd PID VM.classloader_stats"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"2020-11-22 06:05:57 java.lang.OutOfMemoryError: Metaspace\n", "more than a day ago"),
        (b"NOW INFO java.lang.OutOfMemoryError: Metaspace\n", "does not report it"),
        (b"NOW java.lang.OutOfMemoryError: Metaspace\nNOW MemoryError\n", "is not known"),
        (b"NOW out of memory\n", "anybody"),
    ],
)
def test_memory_that_ran_out_long_ago_or_elsewhere_is_a_reason_and_accuses_nobody(content, why):
    found = investigated(content)
    assert found.verdict.name is VerdictName.CANNOT_TELL
    assert why in found.verdict.reasons[0]


def collections(floor):
    line = "[%d.500s][info][gc] GC(%d) Pause Young (Normal) (G1 Evacuation Pause) 600M->%dM(1024M) 2.5ms\n"
    return "".join(line % (60 * at, at, floor(at)) for at in range(120)).encode()


def test_a_heap_that_rises_after_each_collection_is_judged_as_any_other_curve():
    found = investigated(collections(lambda at: 100 + 3 * at))
    assert found.verdict.name in {VerdictName.LEAK, VerdictName.SUSPECT}
    assert found.verdict.rate_per_s == pytest.approx(3 * (1 << 20) / 60, rel=0.1)
    assert found.verdict.onset_s is None


GC = b"[%s][info][gc] GC(1) Pause Full (G1 Compaction Pause) 600M->%dM(4096M) 2.5ms\n"


def test_times_that_are_equal_leave_the_curve_as_it_is():
    rows = [(b"%d.000s" % (60 * (at - at % 2)), 100 + 3 * at) for at in range(120)]
    found = investigated(b"".join(GC % row for row in rows))
    assert found.verdict.name in {VerdictName.LEAK, VerdictName.SUSPECT}
    assert found.series.samples == 60
    assert not found.absent


def test_a_clock_that_begins_anew_ends_a_lifetime_and_the_last_is_judged():
    first = b"".join(GC % (b"%d.000s" % (60 * at), 900) for at in range(80))
    found = investigated(first + collections(lambda at: 100 + 3 * at))
    assert found.verdict.name in {VerdictName.LEAK, VerdictName.SUSPECT}
    assert found.verdict.rate_per_s == pytest.approx(3 * (1 << 20) / 60, rel=0.1)
    (absent,) = found.absent
    assert (absent.what, absent.kind) == ("the curve of 80 of the collections in app.log", AbsentKind.NOT_APPLICABLE)
    assert absent.why


def test_a_curve_that_is_thrown_away_is_said():
    rows = [(b"%d.000s" % (60 * (at % 20)), 100 + 3 * at) for at in range(40)]
    found = investigated(b"".join(GC % row for row in rows))
    assert found.verdict.name is VerdictName.CANNOT_TELL
    assert [absent.kind for absent in found.absent] == [AbsentKind.NOT_YET]
    assert "fewer than 24" in found.absent[0].why


def test_one_that_returns_to_the_same_height_is_not():
    found = investigated(collections(lambda at: 100 + at % 3))
    assert found.verdict.name in {VerdictName.HEALTHY, VerdictName.CANNOT_TELL}


def test_a_log_that_is_not_there_is_the_callers_mistake():
    with pytest.raises(CallerError):
        investigate_log(LogTarget("none"), machine=FakeMachine().ports(), patterns=library(), progress=Silent())


def test_what_a_container_prints_is_left_to_its_cluster_and_the_files_that_it_writes_are_not():
    kept = LogFile("0.log", "file:0.log", "kept by the container runtime", 9, printed=True)
    own = LogFile("/srv/app.log", "file:/srv/app.log", "a file that it writes", 9)
    nothing = Absent("the log of pid 7", AbsentKind.NOT_APPLICABLE, "it writes no log file", "PATH")
    refused = Absent("the log of pid 7", AbsentKind.NOT_PERMITTED, "another user", "sudo")
    machine = FakeMachine()
    machine.logs.by_pid[7] = [kept, own, nothing, refused]
    assert known_logs(7, machine.logs) == [kept, own, nothing, refused]
    assert known_logs(7, machine.logs, printed=False) == [own, refused]


def test_logs_that_a_process_writes_are_read_and_one_that_may_not_be_is_missed():
    machine = FakeMachine()
    process = machine.start()
    machine.logs.writes(process.pid, "error.log", b"MemoryError\n")
    machine.logs.by_pid[process.pid].append(Absent("x", AbsentKind.NOT_PERMITTED, "another user", "sudo"))
    machine.logs.writes(process.pid, "gone.log", b"")
    del machine.logs.content["gone.log"]
    facts = Facts(machine.clock)
    files = known_logs(process.pid, machine.logs)
    (reading,) = tell(read_logs(files, machine.logs, facts, library(), LogBounds()), facts)
    assert reading.findings[0].pattern.id == "python-memory-error"
    assert [absent.kind for absent in facts.absent] == [AbsentKind.NOT_PERMITTED, AbsentKind.UNREADABLE]
    assert [row.facts.get("id") for row in facts.evidence] == [None, "python-memory-error"]


def test_the_time_is_looked_at_before_each_line_that_may_match():
    machine = FakeMachine()
    process = machine.start()
    machine.logs.writes(process.pid, "error.log", b"MemoryError\n" * 1000)
    facts = Facts(Ticking())
    (reading,) = read_logs(known_logs(process.pid, machine.logs), machine.logs, facts, library(), LogBounds())
    assert reading.findings[0].count < 100
    assert STOPPED in reading.notes


class Ticking(FakeClock):
    """A second passes whenever it is asked."""

    def monotonic_s(self):
        self.sleep_until(super().monotonic_s() + 1)
        return super().monotonic_s()
