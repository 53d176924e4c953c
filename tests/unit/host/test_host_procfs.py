"""Live processes: what is told of one that runs, of one that has ended, and of the next owner of its number."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from live_child import ENVIRONMENT

from oakum.host import procfs
from oakum.host.gauge import ProcessFolder
from oakum.host.procfs import LiveProcesses
from oakum.host.stat import parse_stat
from oakum.model.absent import AbsentKind
from oakum.model.errors import MachineError, TargetError

PROCESSES = LiveProcesses()
REUSE = """
import os, subprocess, sys
from oakum.host.procfs import LiveProcesses

def start():
    return subprocess.Popen([sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)

processes, first = LiveProcesses(), start()
gauge = processes.open(first.pid)
assert gauge.sample() is not None
before = gauge.info
first.kill(); first.wait()
for _ in range(50):
    with open("/proc/sys/kernel/ns_last_pid", "w") as file:
        file.write(str(first.pid - 1))
    second = start()
    if second.pid == first.pid:
        break
    second.kill(); second.wait()
assert second.pid == first.pid, "the number was not given again"
fresh = processes.open(second.pid)
print(gauge.sample(), gauge.sample_in_full(), gauge.info == before, fresh.sample() is not None,
      fresh.info.start_ticks >= before.start_ticks, fresh.info.pid == before.pid)
second.kill(); second.wait()
"""


def make_zombie(child):
    """Killed and not yet reaped; the kernel has taken its memory down once its state says so."""
    child.process.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert parse_stat(Path(f"/proc/{child.pid}/stat").read_bytes()).state == "Z"


def test_a_process_is_told_in_full(child):
    info = PROCESSES.info(child.pid)
    assert (info.pid, info.parent_pid, info.uid, info.threads) == (child.pid, os.getpid(), os.geteuid(), 1)
    assert info.command == tuple(child.process.args)
    assert Path(info.executable).samefile(Path(sys.executable).resolve())
    assert info.namespace_pid == int(
        subprocess.run(
            ["/bin/sh", "-c", f"grep NSpid /proc/{child.pid}/status"], capture_output=True, check=True, text=True
        ).stdout.split()[-1]
    )
    ours = PROCESSES.info(os.getpid())
    assert (info.start_ticks, info.started_s) >= (ours.start_ticks, ours.started_s)
    assert info.cgroup == ours.cgroup


def test_a_zombie_is_a_process_without_memory(child):
    gauge = PROCESSES.open(child.pid)
    make_zombie(child)
    assert PROCESSES.info(child.pid).state == "Z"
    assert gauge.sample() is None
    assert gauge.sample_in_full() is None
    assert PROCESSES.open(child.pid).sample() is None
    assert PROCESSES.environment(child.pid).kind is AbsentKind.UNREADABLE
    assert PROCESSES.read_file(child.pid, "/etc/passwd", 10).kind is AbsentKind.UNREADABLE
    gauge.close()


def test_a_gauge_tells_the_last_known_of_a_process_that_ended(child):
    gauge = PROCESSES.open(child.pid)
    before = gauge.info
    child.end()
    assert (gauge.sample(), gauge.sample_in_full(), gauge.info) == (None, None, before)
    gauge.close()
    gauge.close()
    assert (gauge.sample(), gauge.sample_in_full(), gauge.info) == (None, None, before)


def test_an_open_folder_never_shows_a_later_owner(child):
    folder = ProcessFolder(child.pid)
    child.end()
    for name in ("stat", "statm", "status", "cgroup", "cmdline"):
        with pytest.raises(OSError, match=r".") as caught:
            folder.read(name)
        assert caught.value.errno in {errno.ESRCH, errno.ENOENT}
    assert folder.link("exe") == ""
    folder.close()


def test_a_reused_pid_is_never_taken_for_the_process_that_had_it():
    """In a pid namespace of its own, where the next number can be chosen and nobody else takes one."""
    apart = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, *apart, "--pid", "--fork", "true"], check=False).returncode:
        pytest.skip("this machine lets us make no pid namespace: a number cannot be given twice at will")
    result = subprocess.run(
        [unshare, *apart, "--pid", "--fork", "--mount-proc", "--kill-child", sys.executable, "-c", REUSE],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert result.stdout == "None None True True True True\n", result.stderr


def test_exec_changes_the_name_and_not_the_process():
    with subprocess.Popen(
        ["/bin/sh", "-c", "read go; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        gauge = PROCESSES.open(process.pid)
        before = gauge.info
        process.stdin.write(b"go\n")
        process.stdin.write(b"echo\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"echo\n"
        after = gauge.info
        assert (before.name, after.name, after.command) == ("sh", "cat", ("cat",))
        assert (before.pid, before.start_ticks) == (after.pid, after.start_ticks)
        assert gauge.sample() is not None
        gauge.close()
        process.stdin.close()


def test_a_refused_pss_leaves_the_other_figures(child, monkeypatch):
    gauge = PROCESSES.open(child.pid)
    read = ProcessFolder.read

    def refused(folder, name, max_bytes=4096):
        if name == "smaps_rollup":
            raise PermissionError(errno.EACCES, "refused")
        return read(folder, name, max_bytes)

    monkeypatch.setattr(ProcessFolder, "read", refused)
    memory = gauge.sample_in_full()
    assert memory.pss_bytes is None
    assert memory.swap_bytes is not None
    assert memory.rss_bytes == memory.anon_bytes + memory.file_bytes > 0
    gauge.close()


def test_an_environment_is_what_it_was_started_with(child):
    assert PROCESSES.environment(child.pid) == ENVIRONMENT


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/etc/no such file", AbsentKind.UNREADABLE),
        ("/etc", AbsentKind.NOT_APPLICABLE),
        ("/dev/null", AbsentKind.NOT_APPLICABLE),
        ("with\0nul", AbsentKind.NOT_APPLICABLE),
        ("", AbsentKind.NOT_APPLICABLE),
    ],
)
def test_what_cannot_be_read_is_absent(child, path, kind):
    found = PROCESSES.read_file(child.pid, path, 100)
    assert (found.kind, found.what) == (kind, f"{path} of pid {child.pid}")


def test_a_file_is_read_up_to_its_bound(child, tmp_path):
    (tmp_path / "file").write_bytes(b"0123456789")
    assert PROCESSES.read_file(child.pid, str(tmp_path / "file"), 100) == b"0123456789"
    assert PROCESSES.read_file(child.pid, str(tmp_path / "file"), 4) == b"0123"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_a_refusal_says_who_may_look(child, monkeypatch, number):
    def refused(folder, name, max_bytes=0):
        raise OSError(number, "refused")

    monkeypatch.setattr(ProcessFolder, "read", refused)
    with pytest.raises(TargetError, match="may not be looked at"):
        PROCESSES.info(child.pid)
    assert PROCESSES.environment(child.pid).kind is AbsentKind.NOT_PERMITTED
    assert child.pid not in [info.pid for info in PROCESSES.list()]


@pytest.mark.parametrize("method", ["info", "open"])
@pytest.mark.parametrize("pid", [0, -1, 2**31, 2**70])
def test_a_number_that_no_process_has_is_the_targets_error(method, pid):
    with pytest.raises(TargetError, match=f"no process {pid}"):
        getattr(PROCESSES, method)(pid)


def test_nothing_is_left_open(open_files):
    pid = os.getpid()
    PROCESSES.list()
    PROCESSES.info(pid)
    PROCESSES.environment(pid)
    PROCESSES.read_file(pid, "/etc", 10)
    PROCESSES.read_file(pid, "/proc/self/status", 10)
    PROCESSES.open(pid).close()
    for method in (PROCESSES.info, PROCESSES.open):
        with pytest.raises(TargetError):
            method(0)


@pytest.fixture
def no_room():
    """Every further file is refused, until the soft limit is raised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    fds = [os.open("/dev/null", os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (fds[0] + 8, hard))
    try:
        while True:
            fds.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as exc:
        assert exc.errno == errno.EMFILE  # noqa: PT017  (the fixture's own loop)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    for fd in fds:
        os.close(fd)


@pytest.mark.parametrize("method", ["list", "pids"])
def test_a_full_file_table_is_widened_once(no_room, method):
    assert getattr(PROCESSES, method)()


def test_a_full_file_table_that_cannot_be_widened_is_told_and_not_an_empty_list(no_room, monkeypatch):
    monkeypatch.setattr(procfs, "_raise_file_limit", lambda: False)
    for method, *arguments in (("pids",), ("list",), ("info", os.getpid()), ("open", os.getpid())):
        with pytest.raises(MachineError):
            getattr(PROCESSES, method)(*arguments)


def test_a_file_table_that_fills_while_processes_are_listed_is_told(monkeypatch):
    monkeypatch.setattr(procfs, "_raise_file_limit", lambda: False)

    def full(folder, name, max_bytes=0):
        raise OSError(errno.ENFILE, "full")

    monkeypatch.setattr(ProcessFolder, "read", full)
    with pytest.raises(MachineError, match="too many open files"):
        PROCESSES.list()
