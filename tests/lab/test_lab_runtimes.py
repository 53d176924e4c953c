"""Real runtimes, recognised: stripped, deleted, in namespaces of their own, behind who only starts them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from go import go
from jvm_programs import jdks
from programs import FOLDER, ROOT, Program, fields, started

from oakum.host import this_machine
from oakum.loop.subject import choose
from oakum.model.runtime import Runtime
from oakum.model.target import ProcessTarget
from oakum.probe.python import PythonProbe
from oakum.probe.runtime import recognise

pytestmark = pytest.mark.lab

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
MACHINE = this_machine()
NAMESPACES = ("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
STRIPPED = """package main
import "os"
func main() { os.Stdout.WriteString("ready\\n"); os.Stdin.Read(make([]byte, 1)) }
"""


def recognised(pid: int) -> Runtime:
    found = recognise(pid, MACHINE.processes, MACHINE.memories)
    assert isinstance(found, Runtime), found
    return found


def child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()[0])


@pytest.fixture(scope="module")
def go_program(tmp_path_factory):
    """Without symbols, and without a C library."""
    folder = tmp_path_factory.mktemp("go")
    (folder / "main.go").write_text(STRIPPED, encoding="ascii")
    offline = {**os.environ, "GOPROXY": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    command = [go(), "build", "-trimpath", "-ldflags=-s -w", "-o", "app", "main.go"]
    subprocess.run(command, cwd=folder, env=offline, check=True, timeout=300)
    return folder / "app"


def says(*command: object) -> str:
    """The first line of what a program says of its version."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
    return (done.stdout or done.stderr).splitlines()[0]


def test_each_runtime_is_told_with_the_version_that_it_says_itself(go_program, tmp_path):
    """All wait for a line; those that say that they are ready are waited for."""
    there = {name: shutil.which(name) for name in ("node", "ruby")}
    missing = [name for name, path in there.items() if path is None]
    if missing:
        pytest.skip(f"no {missing[0]} on this machine")
    copy = shutil.copy(go_program, tmp_path / "replaced")
    ruff = Path(sys.executable).with_name("ruff")
    commands = {
        "cpython": [sys.executable, "-c", "print('ready', flush=True); input()"],
        "node": [there["node"], "-e", "console.log('ready'); process.stdin.resume()"],
        "ruby": [there["ruby"], "-e", "puts 'ready'; $stdout.flush; gets"],
        "go": [str(copy)],
        "rust": ["sh", "-c", 'echo ready; exec "$0" server', ruff],
        **{f"java {version}": [folder / "keytool", "-genkeypair"] for version, folder in jdks().items()},
    }
    with ExitStack() as stack:
        running = {}
        for name, command in commands.items():
            words = [str(word) for word in command]
            running[name], _ = stack.enter_context(started(words, name=f"runtime-{name.replace(' ', '-')}"))
        for name, process in running.items():
            # keytool asks for a password, on standard error, once its JVM runs.
            (process.stderr if name.startswith("java") else process.stdout).read(5)
        Path(copy).unlink()
        Path(copy).write_bytes(b"another program")
        told = {name: recognised(process.pid) for name, process in running.items()}
    assert str(told["cpython"]) == f"cpython {sys.version.split()[0]}"
    assert f"v{told['node'].version}" == says(there["node"], "--version")
    assert says(there["ruby"], "--version").startswith(str(told["ruby"]))
    assert f"go{told['go'].version}" == says(go(), "env", "GOVERSION")
    assert told["rust"].implementation.startswith("Rust 1.")
    assert told["rust"].allocator.startswith("jemalloc ")
    for version in jdks():
        found = told[f"java {version}"]
        assert found.version.partition(".")[0] == version
        assert found.implementation.startswith("HotSpot")
    libc = os.confstr("CS_GNU_LIBC_VERSION")
    assert {told[name].libc for name in told if name != "go"} == {libc}
    assert (told["go"].libc, told["go"].allocator) == ("", "")


@pytest.mark.parametrize(
    ("library", "allocator"),
    [
        ("libjemalloc.so.2", "jemalloc 5."),
        ("libtcmalloc_minimal.so.4", "tcmalloc 2."),
        ("libmimalloc.so.2", "mimalloc"),
    ],
)
def test_an_allocator_that_is_preloaded_is_told(library, allocator):
    found = next(Path("/usr/lib").glob(f"*/{library}*"), None)
    if found is None:
        pytest.skip(f"no {library} on this machine")
    with started(["cat"], name="allocator", environment={**os.environ, "LD_PRELOAD": str(found)}) as (process, _):
        process.stdin.write(b"ready\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"ready\n"
        assert recognised(process.pid).allocator.startswith(allocator)


@NEEDS_ROOT
def test_in_namespaces_and_a_root_of_its_own_a_program_is_still_its_own_file(go_program, tmp_path):
    """A user, mount and pid namespace; its root is a file system that nobody else sees, and its file is deleted."""
    root = tmp_path / "root"
    root.mkdir()
    script = (
        f"mount -t tmpfs none {root} && cp {go_program} /bin/busybox {root}/ && cd {root} && "
        'exec chroot . /busybox sh -c "/app; :"'
    )
    with started([*NAMESPACES, "sh", "-c", script], name="runtime-apart") as (process, _):
        assert process.stdout.readline() == b"ready\n"
        shell = child_of(process.pid)
        Path(f"/proc/{shell}/root/app").unlink()
        assert list(root.iterdir()) == []
        assert str(recognised(child_of(shell))).startswith("go 1.")
        assert "glibc is built into its executable" in recognised(shell).how


@NEEDS_ROOT
def test_a_cpython_in_namespaces_of_its_own_is_captured():
    command = [*NAMESPACES, sys.executable, str(FOLDER / "class_attribute.py")]
    with started(command, name="python-apart") as (process, cgroup):
        program = Program(process, cgroup)
        pid = child_of(process.pid)
        runtime = recognised(pid)
        assert str(runtime) == f"cpython {sys.version.split()[0]}"
        heap = PythonProbe(MACHINE.memories, MACHINE.processes, MACHINE.clock, runtime).capture(pid).decode()
        assert heap.objects > 10_000
        program.serve_for(0.0)


def test_behind_a_shell_a_first_process_and_a_clusters_primary_the_leaking_worker_is_found():
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    first = f"{sys.executable} {ROOT / 'lab' / 'wrappers' / 'first_process.py'}"
    script = f"{first} {node} {ROOT / 'lab' / 'node' / 'leaks' / 'cluster.cjs'}; true"
    with started(["sh", "-c", script], name="cluster") as (process, _):
        ready = fields(process.stdout.readline().decode())
        target = ProcessTarget(process.pid)
        chosen = choose(target, processes=MACHINE.processes, cgroups=MACHINE.cgroups, clock=MACHINE.clock)
        assert chosen.process.pid == int(ready["leaking"]), chosen.why
        assert chosen.why.startswith(f"grew most of 6 processes under {target}: ")
        assert "; sh in front of it holds " in chosen.why
        assert str(recognised(chosen.process.pid)).startswith("node ")
