"""``oakum investigate`` on real Node.js processes: leaks named with file and line, the target left as it was found."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from node_programs import errors_of, free_port, line_of, newer_node, node_program, ports_of
from programs import OAKUM, PAUSE_BEYOND_S, Program, Run, answered, named, oakum

from oakum.probe.node_session import HOLDS_S

pytestmark = [pytest.mark.lab, pytest.mark.skipif(shutil.which("ss") is None, reason="needs ss (iproute2)")]

LEAKS = {
    "map": ("Quotes.byBasket", {"unbounded-cache"}, "this.byBasket.set("),
    "listeners": ("prices", {"listener"}, "prices.on("),
    "timers": ("sendReminder", {"timer"}, "setInterval(function sendReminder"),
    "closure": ("history", {"closure"}, "history.push("),
}
INSPECTOR = 9229


def investigated(program: Program, *options: str) -> tuple[Run, dict]:
    """The target serves on afterwards, or this fails."""
    program.ask("reset")
    # On a busy machine the heap is larger by the time that it is looked at; the default limit would refuse it.
    run = oakum("investigate", f"pid/{program.pid}", "-o", "json", "--max-pause", "5m", *options)
    assert program.process.poll() is None, run.err
    before = program.serve_for(0.0)
    assert program.serve_for(0.5) > before
    return run, answered(run)


def evidence(answer: dict, kind: str) -> list[dict]:
    return [row for row in answer["evidence"] if row["id"].partition("-")[0] == kind]


def absent(answer: dict, what: str) -> dict:
    return next(row for row in answer["absent"] if row["what"] == what)


def fitted(answer: dict) -> bool:
    """Whether snapshots were made: where it made more than usual, or little memory is free, its containers are counted.

    That nothing was made for another reason fails.
    """
    if evidence(answer, "snapshot"):
        return True
    missing = [row for row in answer["absent"] if "snapshot" in row["what"]]
    assert [row["kind"] for row in missing] == ["too-dear"], answer["absent"]
    return False


@pytest.mark.parametrize(("leak", "module"), [*((leak, "cjs") for leak in LEAKS), ("map", "mjs"), ("closure", "mjs")])
def test_a_leak_is_named_with_file_and_line_and_the_port_is_closed_again(leak, module, node_row, probe_row):
    holder, causes, line = LEAKS[leak]
    name = f"{leak}.{module}"
    with node_program(name, usual_port=name == "map.cjs") as program:
        run, answer = investigated(program, "--inspect")
        pause_s, peak = program.number("pause", "pause_s"), program.number("pause", "peak")
        assert ports_of(program.pid) == set()
    snapshots = evidence(answer, "snapshot")
    first = answer["causes"][0] if answer["causes"] else {"holder": "-", "where": "-", "cause": "-", "title": ""}
    said_s = max((row["cost"]["pause_s"] for row in snapshots), default=0.0)
    extra_mb = max((row["facts"]["extra_bytes"] for row in snapshots), default=0) / 1e6
    heap_mb = evidence(answer, "figures")[-1]["facts"]["heap_used_bytes"] / 1e6
    node_row(
        name, answer["verdict"]["verdict"], first["cause"], first["holder"], first["where"].rpartition("/")[2],
        f"{heap_mb:.0f}", f"{pause_s:.2f}", f"{said_s:.2f}", f"{extra_mb:.0f}", f"{peak / 1e6:.0f}",
        f"{run.seconds:.0f}",
    )  # fmt: skip
    probe_row.of(answer, pause_s)
    assert answer["verdict"]["verdict"] == "leak", answer["verdict"]
    assert run.code == 1
    assert holder in first["holder"]
    assert first["cause"] in causes
    assert f"{name}:{line_of(name, line)}" in named(first) + first["where"]
    assert len(snapshots) == (2 if fitted(answer) else 0)
    assert not snapshots or pause_s <= said_s + PAUSE_BEYOND_S
    assert evidence(answer, "closed")


@pytest.mark.parametrize(("leak", "module"), [("map", "cjs"), ("closure", "mjs")])
def test_a_newer_node_is_looked_into_as_well(leak, module):
    """A watch so short may still see its start-up in the series: whom it names is what counts here."""
    holder, causes, line = LEAKS[leak]
    name = f"{leak}.{module}"
    with node_program(name, node=newer_node()) as program:
        _, answer = investigated(program, "--inspect", "--for", "10s")
        if not answer["causes"]:
            # Beside other tests it may have done too little meanwhile: a longer watch must settle it.
            _, answer = investigated(program, "--inspect")
        assert ports_of(program.pid) == set()
    (runtime,), first = evidence(answer, "runtime"), answer["causes"][0]
    assert int(runtime["facts"]["version"].partition(".")[0]) >= 24
    assert answer["verdict"]["verdict"] in {"leak", "suspect"}, answer["verdict"]
    assert (holder in first["holder"], first["cause"] in causes) == (True, True)
    assert f"{name}:{line_of(name, line)}" in named(first) + first["where"]
    assert len(evidence(answer, "snapshot")) == (2 if fitted(answer) else 0)
    assert evidence(answer, "limit")[0]["facts"]["heap_limit_bytes"] > 0


def test_of_a_cluster_the_worker_process_that_grows_is_looked_into_by_an_inspector_of_its_own():
    with node_program("cluster.cjs", limit_bytes=8 << 30) as program:
        run = oakum("investigate", f"pid/{program.pid}", "-o", "json", "--max-pause", "5m", "--inspect", "--for", "10s")
        answer = answered(run)
        assert ports_of(program.leaking) == ports_of(program.pid) == set()
    assert evidence(answer, "subject")[0]["facts"]["pid"] == program.leaking != program.pid
    assert answer["verdict"]["verdict"] in {"leak", "suspect"}, answer["verdict"]
    assert "cluster.cjs" in answer["causes"][0]["holder"] + answer["causes"][0]["where"]
    assert len(evidence(answer, "snapshot")) == (2 if fitted(answer) else 0)
    assert evidence(answer, "closed")


def test_a_leak_in_a_worker_thread_is_named_and_its_heap_alone_can_be_captured(tmp_path):
    with node_program("worker.cjs") as program:
        _, answer = investigated(program, "--inspect")
        kept = str(tmp_path / "kept.heapsnapshot")
        run = oakum("heap", "capture", f"pid/{program.pid}", "-f", kept, "--inspect", "--worker", "mail", "-o", "json")
        assert ports_of(program.pid) == set()
        paused_s = program.number("pause", "pause_s")
    first, snapshots = answer["causes"][0], evidence(answer, "snapshot")
    assert answer["verdict"]["verdict"] == "leak", answer["verdict"]
    by_snapshot = ("variable of a block, used by quote in worker.cjs", "function quote")
    holder, line = by_snapshot if fitted(answer) else ("kept in worker.cjs", "kept.set(")
    assert first["holder"] == holder
    assert f"worker.cjs:{line_of('worker.cjs', line)}" in first["where"]
    assert "worker thread [worker 2] quotes (worker.cjs) is looked into" in evidence(answer, "thread")[0]["title"]
    assert absent(answer, "what the heaps of 1 other worker threads hold")["get"].endswith("--worker 1")
    assert not fitted(answer) or paused_s < sum(row["cost"]["pause_s"] for row in snapshots)
    assert run.code == 0, run.err
    assert run.json["warnings"][0].startswith("it is the heap of worker thread [worker 1] mail (worker.cjs);")


def test_buffers_that_are_kept_are_named_and_the_heap_is_not_blamed():
    options = (f"--inspect-port={free_port()}", "--max-old-space-size=4000")
    with node_program("buffers.cjs", *options, limit_bytes=3 << 30) as program:
        _, answer = investigated(program, "--inspect")
    first, limit = answer["causes"][0], evidence(answer, "limit")[0]
    assert answer["verdict"]["verdict"] == "leak", answer["verdict"]
    assert answer["verdict"]["reasons"][0].startswith("it is not the JavaScript heap that grows")
    assert (first["holder"], "buffers.cjs:8" in first["where"]) == ("uploads in buffers.cjs", True)
    assert limit["facts"]["kernel_first"] is True
    assert "(--max-old-space-size=4000)" in limit["title"]


@pytest.mark.parametrize("name", ["lru.cjs", "lru.mjs"])
def test_a_bounded_cache_is_not_accused(name):
    with node_program(name) as program:
        _, answer = investigated(program, "--inspect")
        assert ports_of(program.pid) == set()
    assert answer["verdict"]["verdict"] in {"healthy", "cannot-tell", "suspect"}, answer["verdict"]
    assert answer["verdict"]["verdict"] == "healthy" or answer["verdict"]["settles"]


def test_without_a_yes_nothing_is_sent():
    with node_program("map.cjs") as program:
        run, answer = investigated(program)
        refused = absent(answer, "what the heap holds")
        assert errors_of(program) == ""
    assert answer["verdict"]["verdict"] == "suspect"
    assert run.code == 5
    assert "SIGUSR1" in refused["why"]
    assert refused["get"] == f"oakum investigate pid/{program.pid} --inspect --max-pause 300s", (
        "the terms that were given"
    )


def test_an_application_with_its_own_handler_is_never_sent_the_signal():
    with node_program("own_signal.cjs") as program:
        run, answer = investigated(program, "--inspect")
        assert errors_of(program) == ""
    assert "SIGUSR1 handler of its own" in absent(answer, "what the heap holds")["why"]
    assert (answer["verdict"]["verdict"], run.code) == ("suspect", 5)


def test_a_process_that_the_signal_would_end_is_never_sent_it():
    """Nor the other one that it was started to write snapshots for: that is told, with what it costs."""
    with node_program("no_signal.cjs", f"--inspect-port={free_port()}", "--heapsnapshot-signal=SIGUSR2") as program:
        _, answer = investigated(program, "--inspect")
        assert not list(Path(f"/proc/{program.pid}/cwd").glob("Heap*"))
    refused = absent(answer, "what the heap holds")
    assert "would end the process" in refused["why"]
    assert f"; or kill -USR2 {program.pid} " in refused["get"]


def test_a_second_process_is_left_alone_while_another_has_the_port():
    with (
        node_program("lru.cjs", "--inspect", usual_port=True) as other,
        node_program("map.cjs", usual_port=True) as program,
    ):
        assert ports_of(other.pid) == {INSPECTOR}
        _, answer = investigated(program, "--inspect")
        assert ports_of(other.pid) == {INSPECTOR}
        assert errors_of(program) == ""
    assert "port 9229" in absent(answer, "what the heap holds")["why"]


@pytest.mark.parametrize("option", ["--inspect=127.0.0.1:0", "--inspect=9341"])
def test_an_inspector_that_was_open_is_used_and_stays_open(option):
    with node_program("listeners.mjs", option) as program:
        before = ports_of(program.pid)
        _, answer = investigated(program, "--inspect")
        assert ports_of(program.pid) == before
        assert len(before) == 1
    assert answer["verdict"]["verdict"] == "leak", answer
    assert "prices" in answer["causes"][0]["holder"]
    assert not evidence(answer, "closed")


def test_near_its_limit_no_snapshot_is_taken_and_containers_are_counted_where_that_fits():
    with node_program("listeners.cjs", limit_bytes=220 << 20) as program:
        run, answer = investigated(program, "--inspect")
        assert ports_of(program.pid) == set()
    refused = absent(answer, "a heap snapshot")
    assert (refused["kind"], refused["get"] != "") == ("too-dear", True)
    first = answer["causes"][0]
    assert "listeners.cjs" in named(first)
    if run.code == 1:
        assert (first["cause"], "growth" in first["evidence"]) == ("listener", True)
        assert "listeners of" in first["holder"]
    else:
        assert (answer["verdict"]["verdict"], run.code) == ("suspect", 5)
        assert first["evidence"] == ["profile"]


def test_a_pause_above_what_was_allowed_is_not_made():
    with node_program("map.cjs") as program:
        _, answer = investigated(program, "--inspect", "--max-pause", "1ms")
        longest_s = program.number("pause", "pause_s")
    assert absent(answer, "a heap snapshot")["kind"] == "too-dear"
    assert not evidence(answer, "snapshot")
    assert longest_s < PAUSE_BEYOND_S


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a network namespace")
def test_a_process_in_a_network_of_its_own_is_reached_there():
    apart = ("unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh")
    with (
        node_program("timers.cjs", prefix=apart, usual_port=True) as program,
        node_program("lru.cjs", "--inspect", usual_port=True) as other,
    ):
        _, answer = investigated(program, "--inspect")
        assert ports_of(other.pid) == {INSPECTOR}
    assert answer["verdict"]["verdict"] == "leak", answer
    assert "sendReminder" in answer["causes"][0]["holder"]
    assert evidence(answer, "closed")


@pytest.mark.parametrize("stage", ["suspect", "a heap snapshot"])
def test_ctrl_c_closes_the_inspector(stage):
    with node_program("map.mjs") as program:
        with asked(program.pid, "--inspect", "--max-pause", "5m") as process:
            heard(process, stage)
            os.kill(process.pid, signal.SIGINT)
            process.communicate(timeout=30)
            assert process.returncode == 130
        assert ports_of(program.pid) == set()
        program.serve_for(0.2)


def test_an_inspector_whose_oakum_was_killed_closes_by_itself():
    with node_program("lru.mjs", usual_port=True) as program:
        with asked(program.pid, "--inspect", "--for", "6s") as process:
            heard(process, "cannot-tell")
            assert ports_of(program.pid) == {INSPECTOR}
            process.kill()
        until_s = time.monotonic() + 60
        while ports_of(program.pid) and time.monotonic() < until_s:
            program.serve_for(0.5)
        assert ports_of(program.pid) == set()
        program.serve_for(0.2)


def test_an_oakum_that_is_suspended_does_not_stop_the_program():
    """``inspector.close()`` would wait for its answer: so the program closes when nobody is connected any more."""
    with node_program("lru.mjs", usual_port=True) as program:
        with asked(program.pid, "--inspect", "--for", "6s") as process:
            heard(process, "cannot-tell")
            process.send_signal(signal.SIGSTOP)
            until_s = time.monotonic() + HOLDS_S + 10.0
            while time.monotonic() < until_s:
                program.serve_for(0.5)
            assert ports_of(program.pid) == {INSPECTOR}
            process.send_signal(signal.SIGCONT)
            process.communicate(timeout=60)
        assert ports_of(program.pid) == set()
        program.serve_for(0.2)


def asked(pid: int, *options: str) -> subprocess.Popen[str]:
    command = [OAKUM, "investigate", f"pid/{pid}", "-o", "json", *options]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def heard(process: subprocess.Popen[str], words: str) -> None:
    """Wait until it says so on standard error."""
    for line in process.stderr:
        if f"oakum: {words}" in line or f", {words}" in line:
            return
    raise AssertionError(f"it never said {words}")
