"""How a cluster's processes are known and ended: plain processes, no cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from lab.cluster.place import Place
from lab.cluster.processes import Processes
from oakum.model.errors import CallerError, MachineError


@pytest.fixture
def start(tmp_path):
    processes = Processes(tmp_path / "processes")

    def started(name, *command):
        processes.start(name, command, log=tmp_path / f"{name}.log", group=tmp_path)
        return processes.named(name)

    yield started
    for process in processes.all():
        process.end(gentle_s=0.0)


def test_a_process_is_recorded_before_it_becomes_its_program_and_joins_its_group(start, tmp_path):
    process = start("sleeper", "sleep", "600")
    assert process.alive()
    assert (tmp_path / "cgroup.procs").read_text() == f"{process.pid}\n"
    assert Processes(tmp_path / "processes").all() == [process]


def test_a_pid_that_is_somebody_elses_by_now_is_left_alone(start):
    process = start("sleeper", "sleep", "600")
    other = replace(process, started_ticks=process.started_ticks - 1)
    assert not other.alive()
    other.end()
    assert process.alive()


def test_a_process_that_hears_nothing_is_killed(start):
    process = start("deaf", "sh", "-c", "trap '' TERM; while :; do sleep 600; done")
    process.end(gentle_s=0.05)
    assert not process.alive()


def test_a_process_outlives_who_started_it_and_is_ended_by_its_record(tmp_path):
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from lab.cluster.processes import Processes\n"
        "folder = Path(sys.argv[1])\n"
        "Processes(folder / 'processes').start('sleeper', ['sleep', '600'], log=folder / 'log', group=folder)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = os.pathsep.join(entry for entry in sys.path if entry)
    crashed = subprocess.run(
        [sys.executable, "-c", program, tmp_path], env={**os.environ, "PYTHONPATH": path}, check=False
    )
    assert crashed.returncode == -signal.SIGKILL
    (process,) = Processes(tmp_path / "processes").all()
    assert process.alive()
    process.end()
    assert not process.alive()


def test_a_group_that_cannot_be_joined_is_one_clear_error(tmp_path):
    with pytest.raises(MachineError, match="sleeper could not be started"):
        Processes(tmp_path / "processes").start("sleeper", ["sleep"], log=tmp_path / "log", group=tmp_path / "none")


@pytest.mark.parametrize("name", ["", "Lab", "a-b", "../x", "tenletters"])
def test_a_name_that_cannot_name_a_bridge_or_a_folder_is_refused(name):
    with pytest.raises(CallerError, match="cannot name a cluster"):
        Place(name)


def test_two_names_share_nothing():
    one, other = Place("lab"), Place("kub7")
    for what in ("folder", "bridge", "pods", "daemons", "gateway", "pod_range", "service_range", "service"):
        assert getattr(one, what) != getattr(other, what)
