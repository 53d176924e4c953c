"""Logs of real programs that run out of memory, each in its own words; those of healthy ones name nothing."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys

import pytest
from go import go
from jvm import need_jdk
from programs import ROOT, answered, oakum

pytestmark = pytest.mark.lab

FOLDER = ROOT / "lab" / "logs"
SPACE = 700 << 20
"""Of address space, in bytes, for who is bounded by that."""


def need(program):
    if shutil.which(program) is None:
        pytest.skip(f"no {program} on this machine")


def log_of(tmp_path, command, *, space=None, data=None):
    """Its standard output and error in one file. ``space``, ``data``: bytes that it may have."""

    def bound():
        if space is not None:
            resource.setrlimit(resource.RLIMIT_AS, (space, space))
        if data is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (data, data))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    path = tmp_path / "app.log"
    with path.open("wb") as log:
        subprocess.run(
            command,
            cwd=tmp_path,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            preexec_fn=bound,
            check=False,
            timeout=60,
        )
    return path


def findings(path):
    """(answer, what was found by its id)."""
    run = oakum("investigate", str(path), "-o", "json")
    answer = answered(run)
    rows = [row["facts"] for row in answer["evidence"] if "example" in row["facts"]]
    return answer, {row["id"]: row for row in rows}


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    need_jdk()
    folder = tmp_path_factory.mktemp("classes")
    subprocess.run(["javac", "-d", str(folder), str(FOLDER / "Oom.java")], check=True)
    return folder


@pytest.mark.parametrize(
    ("kind", "options", "name", "place"),
    [
        ("heap", ["-Xmx16m"], "jvm-heap-space", "Oom.java"),
        ("direct", ["-Xmx32m", "-XX:MaxDirectMemorySize=8m"], "jvm-direct-memory", "Oom.java"),
        ("array", ["-Xmx32m"], "jvm-array-size", "Oom.java"),
        ("metaspace", ["-Xmx64m", "-XX:MaxMetaspaceSize=16m"], "jvm-metaspace", None),
    ],
)
def test_a_jvm_that_dies_of_each_kind_of_memory(tmp_path, classes, kind, options, name, place):
    command = ["java", *options, "-XX:+HeapDumpOnOutOfMemoryError", "-XX:HeapDumpPath=dump.hprof"]
    path = log_of(tmp_path, [*command, "-cp", str(classes), "Oom", kind], data=3 << 30)
    answer, found = findings(path)
    assert name in found, path.read_text()
    assert answer["verdict"]["verdict"] == "suspect"
    assert answer["runtime"] == "jvm"
    if place:
        assert place in found[name]["location"]
    # The JVM leaves a dump where it is itself what ran out: not for buffers, nor for an array that no heap could hold.
    if kind in {"heap", "metaspace"}:
        assert any("oakum heap analyze dump.hprof" in step["command"] for step in answer["plan"]["steps"])


def test_a_healthy_jvm_names_nothing_and_its_collections_are_counted(tmp_path, classes):
    command = ["java", "-Xmx32m", "-Xlog:gc*:stdout:time,uptime", "-cp", str(classes), "Oom", "work"]
    answer, found = findings(log_of(tmp_path, command, data=3 << 30))
    assert not found
    assert answer["verdict"]["verdict"] != "leak"
    (told,) = [row["facts"]["collections"] for row in answer["evidence"][:1]]
    assert told["count"] > 0


def test_node_past_its_old_space_and_with_too_many_listeners(tmp_path):
    need("node")
    command = ["node", "--max-old-space-size=24", str(FOLDER / "full.js")]
    answer, found = findings(log_of(tmp_path, [*command, "fill"], data=2 << 30))
    assert {"v8-heap-limit", "v8-ineffective-gc"} & set(found)
    assert answer["runtime"] == "node"
    answer, found = findings(log_of(tmp_path, [*command[:1], "--trace-warnings", command[-1], "listen"], data=2 << 30))
    assert list(found) == ["node-max-listeners"]
    assert "full.js" in found["node-max-listeners"]["location"]
    assert answer["causes"][0]["cause"] == "listener"
    assert answer["causes"][0]["retained_bytes"] is None
    assert not findings(log_of(tmp_path, [*command, "work"], data=2 << 30))[1]


def test_python_past_its_address_space(tmp_path):
    command = [sys.executable, str(FOLDER / "full.py")]
    _, found = findings(log_of(tmp_path, [*command, "fill"], space=SPACE))
    assert list(found) == ["python-memory-error"]
    assert found["python-memory-error"]["location"].endswith("full.py:9 in fill")
    assert not findings(log_of(tmp_path, [*command, "work"], space=SPACE))[1]


def test_go_past_its_address_space(tmp_path):
    program = tmp_path / "full"
    subprocess.run([go(), "build", "-o", str(program), str(FOLDER / "full.go")], check=True, timeout=300)
    _, found = findings(log_of(tmp_path, [str(program)], space=SPACE))
    assert "go-out-of-memory" in found
    assert "full.go" in found["go-out-of-memory"]["location"]


def test_cpp_past_its_address_space(tmp_path):
    need("g++")
    program = tmp_path / "full"
    subprocess.run(["g++", "-o", str(program), str(FOLDER / "full.cpp")], check=True, timeout=100)
    assert "cpp-bad-alloc" in findings(log_of(tmp_path, [str(program)], space=SPACE))[1]


def test_ruby_past_its_address_space(tmp_path):
    need("ruby")
    _, found = findings(log_of(tmp_path, ["ruby", str(FOLDER / "full.rb")], space=SPACE))
    assert list(found) == ["ruby-no-memory"]


def test_what_a_running_process_writes_is_part_of_its_investigation(tmp_path):
    code = (
        "import sys; sys.stderr.write('MaxListenersExceededWarning token=' + 'hun' 'ter2' + '\\nMemoryError\\n');"
        " sys.stderr.flush(); print('ready', flush=True); sys.stdin.read()"
    )
    with (tmp_path / "error.log").open("wb") as error:
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=error
        )
    try:
        assert process.stdout.readline() == b"ready\n"
        run = oakum("investigate", f"pid/{process.pid}", "-o", "json", "--for", "5s", "--no-incident", "--no-capture")
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
    answer = answered(run)
    assert answer["series_verdict"]["verdict"] in {"healthy", "cannot-tell"}
    assert answer["verdict"]["verdict"] == "suspect"
    assert any("in its log: MemoryError" in reason for reason in answer["verdict"]["reasons"])
    assert "hunter2" not in run.out
