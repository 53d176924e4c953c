"""``oakum investigate`` on real JVMs: leaks named by class and field, the target serving on as it was found."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from jvm_programs import compiled, jdks, jvm_program, left_of
from programs import OAKUM, PAUSE_BEYOND_S, Program, Run, answered, oakum

pytestmark = pytest.mark.lab

LEAKS = {
    "StaticMap": ("leaks.StaticMap.byBasket", {"unbounded-cache", "static-collection"}),
    "Listeners": ("leaks.Listeners$Prices.listeners", {"listener"}),
    "ThreadLocals": ("leaks.ThreadLocals.history (thread-local)", {"thread-local"}),
    "Loaders": ("leaks.Loaders$Hooks.registered", {"class-loader"}),
}
STEPS = {"Loaders"}
"""They grow by 2 MB at a time: over so short a watch that may look as if it had ended."""


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("java"))


def investigated(program: Program, *options: str) -> tuple[Run, dict]:
    """The target serves on afterwards and nothing is left in its folders, or this fails."""
    program.ask("reset")
    run = oakum("investigate", f"pid/{program.pid}", "-o", "json", *options)
    assert program.process.poll() is None, run.err
    before = program.serve_for(0.0)
    assert program.serve_for(2.5) > before
    assert left_of(program.pid) == []
    return run, answered(run)


def evidence(answer: dict, kind: str) -> list[dict]:
    return [row for row in answer["evidence"] if row["id"].partition("-")[0] == kind]


def absent(answer: dict, what: str) -> dict:
    return next(row for row in answer["absent"] if row["what"] == what)


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_named_by_class_and_field(leak, classes, jvm_row):
    holder, causes = LEAKS[leak]
    with jvm_program(leak, classes) as program:
        run, answer = investigated(program, "--inspect")
        pause_s, peak = program.number("pause", "pause_s"), program.number("pause", "peak")
    told(jvm_row, leak, answer, pause_s, peak, run.seconds)
    first = answer["causes"][0] if answer["causes"] else {"holder": "-", "cause": "-"}
    verdict = answer["verdict"]["verdict"]
    assert verdict == "leak" or (leak in STEPS and verdict == "suspect"), answer["verdict"]
    assert run.code == (1 if verdict == "leak" else 5)
    assert (first["holder"], first["cause"] in causes) == (holder, True)
    dumps = evidence(answer, "dump")
    assert len(dumps) == 2
    said_s = max(row["cost"]["pause_s"] for row in [*dumps, *evidence(answer, "histogram")])
    assert pause_s <= said_s + PAUSE_BEYOND_S


def told(jvm_row, name: str, answer: dict, pause_s: float, peak: float, seconds: float) -> None:
    first = answer["causes"][0] if answer["causes"] else {"holder": "-", "cause": "-"}
    counted = [row["cost"]["pause_s"] for row in evidence(answer, "histogram")]
    dumps = evidence(answer, "dump")
    jvm_row(
        name, answer["verdict"]["verdict"], first["cause"], first["holder"],
        f"{max((row['cost']['bytes_read'] for row in dumps), default=0) / 1e6:.0f}",
        f"{max(counted, default=0.0):.2f}",
        f"{max((row['cost']['pause_s'] for row in dumps), default=0.0):.2f}", f"{pause_s:.2f}",
        f"{max((row['facts']['extra_bytes'] for row in dumps), default=0) / 1e6:.0f}", f"{peak / 1e6:.0f}",
        f"{seconds:.0f}",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("version", "options"),
    [
        ("17", ("-XX:+UseG1GC",)),
        ("17", ("-XX:+UseParallelGC",)),
        ("25", ("-XX:+UseSerialGC",)),
        ("25", ("-XX:+UseG1GC",)),
    ],
)
def test_other_collectors_and_a_newer_jvm_tell_the_same(version, options, classes, jvm_row, probe_row):
    if version not in jdks():
        pytest.skip(f"no JDK {version} on this machine")
    java = str(jdks()[version] / "java")
    with jvm_program("StaticMap", classes, *options, java=java) as program:
        run, answer = investigated(program, "--inspect")
        pause_s, peak = program.number("pause", "pause_s"), program.number("pause", "peak")
    told(jvm_row, f"StaticMap {version} {options[0].removeprefix('-XX:+Use')}", answer, pause_s, peak, run.seconds)
    probe_row.of(answer, pause_s, version)
    assert answer["verdict"]["verdict"] in {"leak", "suspect"}, answer["verdict"]
    assert answer["causes"][0]["holder"] == "leaks.StaticMap.byBasket"


def test_a_bounded_cache_is_not_accused(classes):
    with jvm_program("Lru", classes, "-XX:+UseSerialGC", "-Xms64m", "-Xmn16m") as program:
        program.serve_for(10.0)
        _, answer = investigated(program, "--inspect")
    assert answer["verdict"]["verdict"] != "leak", answer["verdict"]


def test_without_a_yes_nothing_is_sent(classes):
    with jvm_program("StaticMap", classes) as program:
        _, answer = investigated(program, "--for", "6s")
        assert not Path(f"/tmp/.java_pid{program.pid}").exists()
    assert "nobody was there to be asked" in absent(answer, "what the heap holds")["why"]


def test_a_pause_above_what_was_allowed_is_not_made(classes):
    with jvm_program("StaticMap", classes) as program:
        _, answer = investigated(program, "--inspect", "--max-pause", "1ms")
    assert absent(answer, "two class histograms, compared")["kind"] == "too-dear"
    assert absent(answer, "a heap dump")["kind"] == "too-dear"
    assert not evidence(answer, "dump")


def test_what_is_wrong_about_its_flags_is_told(classes):
    with jvm_program("Lru", classes, limit_bytes=660 << 20) as program:
        _, answer = investigated(program, "--inspect", "--for", "6s")
    titles = " ".join(row["title"] for row in evidence(answer, "flag"))
    for flag in ("-Xmx640m", "HeapDumpOnOutOfMemoryError", "ExitOnOutOfMemoryError", "MaxMetaspaceSize"):
        assert flag in titles
    assert "-XX:NativeMemoryTracking" in absent(answer, "what the JVM takes outside of its heap, by use")["get"]


def asked(pid: int, *options: str) -> subprocess.Popen[str]:
    command = [OAKUM, "investigate", f"pid/{pid}", "-o", "json", *options]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def heard(process: subprocess.Popen[str], words: str) -> bool:
    """Wait until it says so on standard error. False: it ended, and never did."""
    return any(words in line for line in process.stderr)


def killed_at(pid: int, stage: str, after_s: float) -> None:
    """On a busy machine a short watch may not see enough growth for a dump: then a longer one does."""
    for watch in ("8s", "20s", "30s"):
        with asked(pid, "--inspect", "--for", watch) as process:
            if heard(process, stage):
                time.sleep(after_s)
                os.kill(process.pid, signal.SIGKILL)
                return
    raise AssertionError(f"it never said {stage}")


@pytest.mark.parametrize(
    ("stage", "after_s"),
    [("a class histogram:", 0.05), ("a heap dump:", 0.0), ("a heap dump:", 0.1), ("a heap dump:", 0.2)],
)
def test_oakum_killed_in_the_middle_leaves_a_target_that_serves_and_no_file(stage, after_s, classes):
    with jvm_program("StaticMap", classes, rate=4.0) as program:
        killed_at(program.pid, stage, after_s)
        before = program.serve_for(0.0)
        assert program.serve_for(0.5) > before
        until_s = time.monotonic() + 10.0
        while left_of(program.pid) and time.monotonic() < until_s:
            program.serve_for(0.1)
        assert left_of(program.pid) == []
        # And the next one works.
        _, answer = investigated(program, "--inspect", "--for", "6s")
        assert evidence(answer, "histogram")
