"""The programs do what their index claims: they leak, or do not, at the pace that is written there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from programs import EXPECTED, FOLDER, HEALTHY, LEAKS, Program, running

pytestmark = pytest.mark.lab

HALF_S = 8.0
"""Longer than the period of every healthy program that goes up and down, in seconds."""

NOISE_MB_PER_S = 0.4
"""Arenas come and go by the megabyte; over 8 s that is this much."""


def lowest(program: Program, seconds: float) -> int:
    """The lowest anonymous memory within ``seconds`` of work."""
    levels = [program.anon_bytes()]
    for _ in range(16):
        program.serve_for(seconds / 16)
        levels.append(program.anon_bytes())
    return min(levels)


def measured_rate(program: Program, settled_s: float) -> float:
    """MB per second by which the floor climbs."""
    program.serve_for(settled_s)
    before = lowest(program, HALF_S)
    return (lowest(program, HALF_S) - before) / HALF_S / 1e6


def test_every_program_grows_as_its_index_says():
    with ExitStack() as stack, ThreadPoolExecutor(len(EXPECTED)) as pool:
        programs = {name: stack.enter_context(running(name)) for name in EXPECTED}
        jobs = {
            name: pool.submit(measured_rate, program, EXPECTED[name].settled_s) for name, program in programs.items()
        }
        rates = {name: job.result() for name, job in jobs.items()}
    wrong = {
        name: round(rate, 2)
        for name, rate in rates.items()
        if abs(rate - EXPECTED[name].mb_per_s) > max(NOISE_MB_PER_S, EXPECTED[name].mb_per_s / 2)
    }
    assert not wrong


def test_the_index_names_every_program_and_every_program_is_in_it():
    files = {path.name for path in FOLDER.glob("*.py")} - {"life.py"}
    assert files == {
        word for row in EXPECTED.values() for word in " ".join(row.command).split() if word.endswith(".py")
    } | {"package_dict.py"}
    assert len(LEAKS) >= 17
    assert len(HEALTHY) >= 10


def test_a_program_ends_when_its_starter_is_gone():
    with running("closure") as program:
        program.process.stdin.close()
        assert program.process.wait(timeout=10) == 0


def test_the_pause_meter_sees_a_pause(tmp_path):
    """A real one, of half a second at least: what else the machine does may add to it. It is our own program."""
    import signal  # noqa: PLC0415
    import threading  # noqa: PLC0415

    with running("churn") as program:
        program.ask("reset")
        program.process.send_signal(signal.SIGSTOP)
        threading.Timer(0.5, program.process.send_signal, [signal.SIGCONT]).start()
        paused_s = program.number("pause", "pause_s")
    assert paused_s > 0.45
