"""Memory cgroups of our own: made where this machine allows it, and said why where it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing

import pytest

from oakum.host import sandbox
from oakum.host.cgroup import LiveCgroups
from oakum.host.procfs import LiveProcesses
from oakum.host.sandbox import LiveSandboxes, remove_tree
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import CallerError, TargetError

LIMIT = 64 << 20
WAITS = [sys.executable, "-I", "-S", "-c", "import sys; print('inside', flush=True); sys.stdin.read()"]


def created(name="unit", limit_bytes=LIMIT):
    return LiveSandboxes().create(name, limit_bytes)


def test_a_sandbox_is_made_or_it_is_said_why_not():
    made, possible = created(), LiveSandboxes().possible()
    if isinstance(made, Absent):
        assert made == possible
        assert made.kind is AbsentKind.NOT_PERMITTED
        assert made.why
        assert "systemd-run" in made.get
        return
    with closing(made):
        assert made.path.startswith(possible.rstrip("/") + "/oakum-unit-")
        assert made.limit_bytes == LIMIT
        assert LiveCgroups().memory(made.path).limits[0].limit_bytes == LIMIT


def test_what_is_started_is_inside_from_its_begin_and_ends_with_the_sandbox(open_files):
    made = created()
    if isinstance(made, Absent):
        assert made.why
        return
    with closing(made):
        process = made.start(WAITS, {"PATH": os.environ["PATH"]})
        assert process.stdout.readline() == b"inside\n"
        assert LiveProcesses().info(process.pid).cgroup == made.path
        assert LiveCgroups().pids(made.path) == [process.pid]
        assert os.getpgid(process.pid) != os.getpgid(0)
    assert process.returncode == -9
    assert isinstance(LiveCgroups().memory(made.path), Absent)
    with pytest.raises(TargetError, match="is closed"):
        made.start(WAITS)
    made.close()


def test_two_sandboxes_of_one_name_are_two():
    first, second = created(), created()
    if isinstance(first, Absent):
        assert isinstance(second, Absent)
        return
    with closing(first), closing(second):
        assert first.path != second.path


def test_a_program_that_is_not_there_says_so_and_takes_nothing_with_it():
    made = created()
    if isinstance(made, Absent):
        assert made.why
        return
    with closing(made):
        process = made.start(["/no/such/program"])
        _, told = process.communicate(timeout=10)
        assert process.returncode == 127
        assert b"/no/such/program" in told


@pytest.mark.parametrize("name", ["", "a/b", "..", "UPPER", "a b", "-x", "x" * 60, "x\n"])
def test_a_name_that_could_lead_elsewhere_is_refused(name):
    with pytest.raises(CallerError, match="cannot name a sandbox"):
        created(name)


@pytest.fixture
def folder(tmp_path):
    """A v2 cgroup in plain files; ``cgroup.events`` says that it is not the root."""
    (tmp_path / "cgroup.procs").write_text("")
    (tmp_path / "cgroup.events").write_text("populated 0\n")
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    (tmp_path / "cgroup.subtree_control").write_text("cpu\n")
    return tmp_path


def test_the_controller_is_switched_on_for_children_where_no_process_stands_in_the_way(folder):
    assert sandbox._takes_children(str(folder))
    assert (folder / "cgroup.subtree_control").read_text().startswith("+memory")


def test_a_cgroup_that_holds_processes_takes_no_limited_children_and_is_left_as_it_is(folder):
    (folder / "cgroup.procs").write_text("4242\n")
    assert not sandbox._takes_children(str(folder))
    assert (folder / "cgroup.subtree_control").read_text() == "cpu\n"
    # The root alone may hold both.
    (folder / "cgroup.events").unlink()
    assert sandbox._takes_children(str(folder))


def test_a_cgroup_without_the_controller_takes_none(folder):
    (folder / "cgroup.controllers").write_text("cpu pids\n")
    assert not sandbox._takes_children(str(folder))
    (folder / "cgroup.subtree_control").write_text("cpu memory\n")
    assert sandbox._takes_children(str(folder))


def test_what_a_run_that_crashed_left_is_removed_and_what_lives_is_not(tmp_path):
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()
    for name in (
        f"oakum-leaky-{gone.pid}",
        f"oakum-leaky-{os.getpid()}",
        "oakum-leaky",
        "others",
        f"x-oakum-a-{gone.pid}",
    ):
        (tmp_path / name).mkdir()
    sandbox._remove_leftovers(str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [f"oakum-leaky-{os.getpid()}", "oakum-leaky", "others", f"x-oakum-a-{gone.pid}"]
    )


def test_a_tree_is_removed_from_below_and_a_second_time_is_nothing(tmp_path):
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "d").mkdir()
    remove_tree(str(tmp_path / "a"))
    assert not (tmp_path / "a").exists()
    remove_tree(str(tmp_path / "a"))
