"""Targets that cannot be investigated as asked: one clear message each, the right exit code, never a traceback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from programs import FOLDER, OAKUM, Lines, Program, answered, named, oakum, running, started

pytestmark = pytest.mark.lab

NOBODY = 65534
WITHOUT_PTRACE = ("setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-sys_ptrace")
WITHOUT_ANY = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")
QUICK = ("--for", "6s", "-o", "json")


def absent_words(answer: dict) -> str:
    """All that the answer says about what is missing."""
    return " ".join(f"{row['what']} {row['kind']} {row['why']} {row['get']}" for row in answer["absent"])


def free_pid() -> int:
    """A pid that just was, and is no more."""
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()
    return gone.pid


@pytest.mark.parametrize(
    "target",
    ["pid/abc", "pid/0", "pid/-1", "pid/ 1", "17", "", "pid/", "nonsense/1", "cgroup/../../etc"],
)
def test_what_is_not_a_target_is_the_callers_mistake(target):
    run = oakum("investigate", target)
    assert run.code == 2
    run.says("next:")
    assert run.out == ""


def test_a_target_in_a_cluster_is_not_for_this_machine():
    run = oakum("investigate", "node/worker-1")
    assert run.code == 2
    run.says("node/worker-1", "next:")


@pytest.mark.parametrize("option", [["--for", "soon"], ["--every", "-1s"], ["-o", "yaml"], ["--no-such-option"]])
def test_a_wrong_option_is_the_callers_mistake(option):
    run = oakum("investigate", "pid/1", *option)
    assert run.code == 2
    run.says()


def test_a_pid_that_does_not_exist():
    pid = free_pid()
    run = oakum("investigate", f"pid/{pid}", "--for", "60s", "-o", "json")
    assert run.code == 3
    run.says(str(pid), "next:")
    assert run.out == ""
    assert run.seconds < 60, "known at once, not after the watch"


def test_a_pid_beyond_what_the_kernel_gives():
    run = oakum("investigate", "pid/4194305999", *QUICK)
    assert run.code == 3
    run.says("4194305999", "next:")


def test_a_cgroup_that_does_not_exist():
    run = oakum("investigate", "cgroup/no/such/cgroup", *QUICK)
    assert run.code == 3
    run.says("no/such/cgroup", "next:")


def test_a_kernel_thread_has_no_memory():
    threads = [path for path in Path("/proc").glob("[0-9]*") if not (path / "cmdline").read_bytes()]
    if not threads:
        pytest.skip("no kernel thread can be seen here")
    run = oakum("investigate", f"pid/{threads[0].name}", *QUICK)
    assert run.code == 3
    run.says(threads[0].name, "next:")


@pytest.mark.parametrize("how", [signal.SIGKILL, None])
def test_a_target_that_ends_mid_way(how):
    """Killed, or ended by itself, after Oakum has begun to look."""
    with running("closure") as program:
        process = subprocess.Popen(
            [str(OAKUM), "investigate", f"pid/{program.pid}", "-o", "json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        lines = Lines(process.stderr.fileno())
        said = [lines.next()]
        while str(program.pid) not in "".join(said) and len(said) < 5:
            said.append(lines.next())
        program.serve_for(3)
        if how is None:
            program.process.stdin.close()
        else:
            program.process.send_signal(how)
        out, rest = process.communicate(timeout=60)
    err = "\n".join(said) + rest.decode()
    assert process.returncode == 3, err
    assert "Traceback" not in err
    assert str(program.pid) in err
    assert "ended" in err
    assert out == b"" or b'"partial": true' in out


@pytest.mark.parametrize("prefix", [WITHOUT_PTRACE, WITHOUT_ANY], ids=["without ptrace", "without any capability"])
def test_another_users_process_without_the_right_to_look(prefix):
    """Anybody may read the memory curve, so it is judged; what holds it is absent, and it is said what would help."""
    with running("package_dict", "--as-user", str(NOBODY)) as program:
        run = oakum("investigate", f"pid/{program.pid}", "--for", "15s", "-o", "json", prefix=prefix)
        program.serve_for(0.2)
    answer = answered(run)
    assert answer["verdict"]["verdict"] in {"suspect", "cannot-tell"}
    assert run.code == 5
    assert answer["causes"] == [] or "_seen" not in named(answer["causes"][0])
    assert "not-permitted" in absent_words(answer)
    assert "ptrace" in absent_words(answer).lower()
    assert "Traceback" not in run.err


def test_another_users_process_with_the_right_to_look():
    with running("package_dict", "--as-user", str(NOBODY)) as program:
        run = oakum("investigate", f"pid/{program.pid}", "-o", "json")
    answer = answered(run)
    assert answer["verdict"]["verdict"] == "leak"
    assert "_seen" in named(answer["causes"][0])


def test_an_unknown_runtime_is_judged_by_its_memory_alone():
    with started(["/bin/sleep", "60"]) as (process, _):
        wait_for_exec(process.pid, "sleep")
        run = oakum("investigate", f"pid/{process.pid}", *QUICK)
    answer = answered(run)
    assert run.code in {0, 5}
    assert answer["verdict"]["verdict"] in {"healthy", "cannot-tell"}
    assert answer["causes"] == []
    assert "python" not in answer["runtime"].lower()
    assert answer["absent"], "why there is no heap evidence"


def test_an_unknown_runtime_that_leaks_is_at_most_suspect_unless_its_blocks_are_named():
    """Perl, as Debian ships it: growth without evidence of what grows is never called a leak after half a minute."""
    perl = shutil.which("perl")
    if perl is None:
        pytest.skip("no perl here")
    script = '$|=1; print "ready pid=$$\\n"; for (1..3000) { push @kept, "x" x 20000; select(undef,undef,undef,0.01) }'
    with started([perl, "-e", script]) as (process, _):
        assert Lines(process.stdout.fileno()).next().startswith("ready")
        run = oakum("investigate", f"pid/{process.pid}", "--for", "15s", "-o", "json")
    answer = answered(run)
    told = answer["verdict"]
    if told["verdict"] == "leak":
        assert "blocks of" in answer["causes"][0]["holder"]
        assert told["probability"] <= 0.85
    else:
        assert (told["verdict"], run.code) in {("suspect", 5), ("cannot-tell", 5)}
    assert told["settles"]
    assert answer["absent"]


def test_a_name_does_not_make_a_python(tmp_path):
    """A program called python3 is not one: the runtime is recognised by what it is."""
    alias = tmp_path / "python3"
    alias.symlink_to("/bin/sleep")
    with started([str(alias), "60"]) as (process, _):
        wait_for_exec(process.pid, "python3")
        run = oakum("investigate", f"pid/{process.pid}", *QUICK)
    assert "cpython" not in answered(run)["runtime"].lower()


def test_a_python_without_its_own_allocator():
    """PYTHONMALLOC=malloc has no pools to read: another way, or a plain word about it; never a wrong holder."""
    with running("package_dict", environment={**os.environ, "PYTHONMALLOC": "malloc"}) as program:
        run = oakum("investigate", f"pid/{program.pid}", "-o", "json")
        program.serve_for(0.2)
    answer = answered(run)
    assert "Traceback" not in run.err
    if answer["causes"]:
        assert "_seen" in named(answer["causes"][0])
    else:
        assert answer["verdict"]["verdict"] in {"suspect", "cannot-tell"}
        assert "PYTHONMALLOC" in absent_words(answer)


def test_no_limit_is_no_boundary():
    """A process whose cgroups have no limit: none is invented. Its safety net is an rlimit of its own."""
    process = subprocess.Popen(
        [sys.executable, str(FOLDER / "closure.py"), "--rlimit", "300"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        try:
            program = Program(process, "")
            run = oakum("investigate", f"pid/{program.pid}", "--for", "10s", "-o", "json")
        finally:
            process.kill()
    answer = answered(run)
    assert answer["verdict"]["limit"] is None or answer["verdict"]["limit"] > 1 << 30
    assert "Traceback" not in run.err


def wait_for_exec(pid: int, name: str) -> None:
    """A program that says nothing is ready once it is itself."""
    until_s = time.monotonic() + 10
    while Path(f"/proc/{pid}/comm").read_text().strip() != name:
        assert time.monotonic() < until_s
        os.sched_yield()
