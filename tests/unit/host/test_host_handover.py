"""A stop with a start after it, of real processes: once for each mark, and only of the process that was meant."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from oakum.host.handover import LiveHandovers
from oakum.host.launch import read_launch
from oakum.host.sightings import LiveSightings
from oakum.model.absent import Absent
from oakum.model.errors import TargetError
from oakum.model.hands import Handover

WORDS = ("/bin/sleep", "60")
SIGHTINGS = LiveSightings()


@pytest.fixture
def handovers(tmp_path):
    return LiveHandovers(tmp_path / "hands")


@contextmanager
def sleeping(*command, **options):
    with subprocess.Popen(command or WORDS, stdin=subprocess.DEVNULL, start_new_session=True, **options) as process:
        try:
            until(
                lambda: Path(f"/proc/{process.pid}/cmdline").read_bytes().startswith(os.fsencode((command or WORDS)[0]))
            )
            yield process
        finally:
            process.kill()


def until(holds):
    end_s = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end_s, "it did not come to be"
        time.sleep(0.01)


def ended(started):
    with suppress(ProcessLookupError):
        os.kill(started.pid, signal.SIGKILL)


def test_three_handovers_of_one_mark_ask_once_and_start_once(handovers):
    with sleeping() as old:
        launch = read_launch(old.pid)
        family = SIGHTINGS.family(old.pid)
        for _ in range(3):
            handovers.begin(Handover("once", family, ask=True, wait_s=20.0, launch=launch))
        assert old.wait(20) == -signal.SIGTERM
        until(lambda: handovers.started("once"))
        started = handovers.started("once")
        try:
            until(lambda: Path(f"/proc/{started.pid}/cmdline").read_bytes() == b"/bin/sleep\x0060\x00")
            assert (started.failure, handovers.asked("once")) == ("", True)
            assert read_launch(started.pid) == launch
            assert SIGHTINGS.runs(started.pid, started.start_ticks)
        finally:
            ended(started)


def test_a_number_that_another_process_has_by_now_is_never_asked(handovers):
    with sleeping() as other:
        ((pid, ticks),) = SIGHTINGS.family(other.pid)
        handovers.begin(Handover("other", [(pid, ticks - 1)], ask=True, wait_s=5.0))
        handovers.begin(Handover("later", [(pid, ticks)], ask=True, wait_s=20.0))
        assert other.wait(20) == -signal.SIGTERM
        assert (handovers.asked("other"), handovers.asked("later")) == (False, True)


def test_a_start_that_fails_says_why(handovers, tmp_path):
    with sleeping() as old:
        launch = replace(read_launch(old.pid), executable=str(tmp_path / "gone"))
    handovers.begin(Handover("fails", [], ask=False, wait_s=5.0, launch=launch))
    until(lambda: (found := handovers.started("fails")) is not None and found.failure)
    assert "gone" in handovers.started("fails").failure


def test_outside_its_cgroup_nothing_is_started(handovers, tmp_path):
    with sleeping() as old:
        launch = replace(read_launch(old.pid), cgroups=(str(tmp_path / "no" / "cgroup.procs"),))
    handovers.begin(Handover("homeless", [], ask=False, wait_s=5.0, launch=launch))
    until(lambda: (found := handovers.started("homeless")) is not None and found.failure)
    found = handovers.started("homeless")
    assert (found.pid, "cgroup.procs" in found.failure) == (0, True)


def test_how_it_was_started_is_kept_in_a_file_of_this_user_alone_until_it_is_forgotten(handovers, tmp_path):
    with sleeping(env={"SECRET": "s3 cr=et", "ÄÖ": "ü"}) as process:
        launch = read_launch(process.pid)
    assert handovers.kept("mine") is None
    handovers.keep("mine", launch)
    (file,) = (tmp_path / "hands").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert handovers.kept("mine") == launch
    assert set(launch.environment) == {"SECRET=s3 cr=et", "ÄÖ=ü"}
    handovers.forget("mine")
    handovers.forget("mine")
    assert list((tmp_path / "hands").iterdir()) == []


@pytest.mark.parametrize("mark", ["", "../up", "a/b", "A", "x" * 80])
def test_a_mark_is_a_plain_name(handovers, mark):
    with pytest.raises(TargetError):
        handovers.kept(mark)


def test_what_cannot_be_started_as_it_was_says_why(tmp_path):
    with sleeping(env={"LISTEN_FDS": "1", "PATH": "/bin"}) as activated:
        found = read_launch(activated.pid)
        assert isinstance(found, Absent)
        assert "LISTEN_FDS" in found.why
    program = tmp_path / "sleep"
    program.write_bytes(Path("/bin/sleep").read_bytes())
    program.chmod(0o755)
    with sleeping(str(program), "60") as replaced:
        program.unlink()
        found = read_launch(replaced.pid)
        assert isinstance(found, Absent)
        assert "replaced or removed" in found.why
    with pytest.raises(TargetError):
        read_launch(replaced.pid)


def test_how_it_takes_sigterm_is_told():
    code = "import signal, sys, time; {}; print('ready', flush=True); time.sleep(60)"
    for setting, manner in (
        ("pass", "default"),
        ("signal.signal(signal.SIGTERM, signal.SIG_IGN)", "ignored"),
        ("signal.signal(signal.SIGTERM, lambda *_: sys.exit())", "handler"),
    ):
        with sleeping(sys.executable, "-c", code.format(setting), stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"ready\n"
            found = SIGHTINGS.manner(process.pid)
            assert (found.ends_on_term, found.apart, found.takes_quit) == (manner, (), False)


def test_a_zombie_has_ended():
    with sleeping() as process:
        ((pid, ticks),) = SIGHTINGS.family(process.pid)
        assert SIGHTINGS.runs(pid, ticks)
        assert not SIGHTINGS.runs(pid, ticks + 1)
        process.kill()
        until(lambda: not SIGHTINGS.runs(pid, ticks))
        with pytest.raises(TargetError):
            SIGHTINGS.look(pid)
