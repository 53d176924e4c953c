"""``oakum heap`` on what is no dump, lies, changes while it is read, or has no room: one error or a partial answer.

Small dumps are the fuzzer's seeds, cut from those of a real JVM and a real Node.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hprof_files import HprofFile
from programs import OAKUM, ROOT, Run, oakum, started

pytestmark = pytest.mark.lab

SEEDS = ROOT / "fuzz" / "seeds"
HPROF, V8 = (SEEDS / "hprof" / "shop.hprof").read_bytes(), (SEEDS / "v8" / "shop.heapsnapshot").read_bytes()
LONG = 200_000_000
OBJECT, ARRAY = 0x100, 0x200


def promising(what: str, count: int) -> bytes:
    return re.sub(b'"%s":\\d+' % what.encode(), b'"%s":%d' % (what.encode(), count), V8)


NO_DUMPS = {
    "empty": (b"", "it is empty"),
    "one byte": (b"J", "no heap dump"),
    "zip": (b"PK\3\4" + bytes(100), "ZIP"),
    "core": (b"\x7fELF\2\1\1" + bytes(100), "core"),
    "html": (b"<!DOCTYPE html><html><body>502</body></html>", "HTML"),
    "only a header": (HPROF[:31], "no heap segment"),
    "little-endian": (HPROF[:19] + (8).to_bytes(4, "little") + HPROF[23:], "little-endian"),
    "no description": (b'{"snapshot":', "broken"),
    "2**60 nodes": (promising("node_count", 2**60), "nodes"),
    "2**60 edges": (promising("edge_count", 2**60), "references"),
    "infinitely many nodes": (re.sub(b'"node_count":\\d+', b'"node_count":1e999', V8), "infinity"),
    "gzip of nothing": (gzip.compress(b""), "it is empty"),
    "gzip of noise": (b"\x1f\x8b" + b"\xff" * 100, "cannot be unpacked"),
}


@pytest.mark.parametrize("name", NO_DUMPS)
def test_what_is_no_dump_or_promises_too_much_is_one_clear_error_that_names_the_file(tmp_path, name):
    content, words = NO_DUMPS[name]
    path = tmp_path / "bad"
    path.write_bytes(content)
    refused(path, words, "analyze", path)


def test_it_is_the_same_error_when_dumps_are_compared_and_when_ways_are_asked_for(tmp_path):
    path = tmp_path / "bad"
    path.write_bytes(NO_DUMPS["zip"][0])
    refused(path, "ZIP", "diff", SEEDS / "hprof" / "shop.hprof", path)
    refused(path, "ZIP", "paths", path, "--class", "Session")


def refused(path: Path, words: str, *arguments: object) -> None:
    run = oakum("heap", *arguments)
    assert run.code == 4, run.err
    run.says(words, str(path), "next:")
    assert run.out == ""


def cycle(file: HprofFile) -> None:
    file.class_dump(OBJECT, "shop/A", above=ARRAY, fields=[("next", 2)])
    file.class_dump(ARRAY, "shop/B", above=OBJECT, fields=[("next", 2)])


def own_loader(file: HprofFile) -> None:
    file.class_dump(OBJECT, "shop/A", above=OBJECT, loader=OBJECT, fields=[("next", 2)])


def far_ids(file: HprofFile) -> None:
    file.class_dump(OBJECT, "shop/A", above=2**64 - 1, loader=2**63, fields=[("next", 2)])


@pytest.mark.parametrize("build", [cycle, own_loader, far_ids])
def test_classes_above_themselves_and_ids_of_nothing_are_read_without_end(tmp_path, build: Callable[[HprofFile], None]):
    file = HprofFile()
    build(file)
    for at in range(20):
        file.instance(0x1000 + 32 * at, OBJECT, file.id(0x1000 + 32 * (at + 1) if at % 3 else 2**64 - 8))
    file.root(0xFF, 0x1000)
    path = tmp_path / "odd.hprof"
    path.write_bytes(file.bytes())
    run = oakum("heap", "analyze", path, "-o", "json")
    assert run.code == 0, run.err
    assert run.json["objects"] >= 20


def test_a_string_table_that_is_missing_leaves_types_and_says_so(tmp_path):
    path = tmp_path / "nameless"
    path.write_bytes(V8.partition(b'"strings"')[0].rstrip().rstrip(b",") + b"}")
    run = oakum("heap", "analyze", path, "-o", "json")
    assert run.code == 4
    assert run.json["partial"] is True
    run.says("cut off before its names")


SEED = json.dumps(json.loads(V8), separators=(",", ":")).encode()


def inserted(before: bytes, text: bytes) -> bytes:
    head, found, tail = SEED.partition(before)
    assert found
    return head + found + text + tail


ONE_LINE = {
    "a string": (lambda: inserted(b'"Session', b"A" * LONG), 0),
    "strings": (lambda: inserted(b'"strings":[', b'"a",' * (LONG // 4)), 6),
    "a number": (lambda: inserted(b'"nodes":[', b"9" * LONG), 4),
    "brackets": (lambda: b'{"snapshot":' + b"[" * LONG, 4),
    "spaces": (lambda: b'{"snapshot":' + b" " * LONG, 4),
    "a part that nobody knows": (lambda: inserted(b"{", b'"k":"' + b"k" * LONG + b'",'), 4),
}


MEASURED = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print("most KiB:", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""
"""A small process in between: what is forked from a large one inherits its peak."""


@pytest.mark.parametrize("name", ONE_LINE)
def test_two_hundred_megabytes_on_one_line_take_no_more_memory_than_was_granted(tmp_path, name):
    made, code = ONE_LINE[name]
    path = tmp_path / "line"
    path.write_bytes(made())
    granted = 512 << 20
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, OAKUM, "heap", "analyze", path, "--memory", "512MiB"],
        capture_output=True,
        text=True,
        check=False,
    )
    said, _, most_kib = run.stderr.rpartition("most KiB: ")
    assert run.returncode == code, said
    assert "Traceback" not in said
    # Of the two processes the larger; its mapped file counts too.
    assert int(most_kib) << 10 < granted + path.stat().st_size
    assert len(run.stdout) < 100_000, "a name of 200 MB is not printed"


def test_a_file_that_grows_is_read_as_long_as_it_was(tmp_path):
    path = tmp_path / "growing.hprof"
    path.write_bytes(HPROF)
    whole = oakum("heap", "analyze", path, "-o", "json")
    with reading(path) as process, path.open("ab") as more:
        more.write(b"\xff" * 100_000)
        more.flush()
        os.kill(worker_of(process), signal.SIGCONT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert {**json.loads(out), "memory": None} == {**whole.json, "memory": None}


def test_a_file_that_is_emptied_while_it_is_mapped_is_one_clear_error(tmp_path):
    path = tmp_path / "emptied.hprof"
    path.write_bytes(HPROF)
    with reading(path) as process:
        os.truncate(path, 0)
        os.kill(worker_of(process), signal.SIGCONT)
        out, err = process.communicate(timeout=120)
    run = Run(process.returncode, out, err, 0.0)
    assert run.code == 4, err
    run.says("became shorter while it was read", "copy the file")
    assert out == ""


def test_an_analysis_that_is_killed_says_so(tmp_path):
    path = tmp_path / "killed.hprof"
    path.write_bytes(HPROF)
    with reading(path) as process:
        os.kill(worker_of(process), signal.SIGKILL)
        out, err = process.communicate(timeout=120)
    run = Run(process.returncode, out, err, 0.0)
    assert run.code == 6, err
    run.says("the analysis was killed", "next:")


class reading:  # noqa: N801  (used as a function)
    """The command with its worker stopped before the first byte of the dump is read: it has only been mapped."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> subprocess.Popen[str]:
        self.process = subprocess.Popen(
            [OAKUM, "heap", "analyze", self.path, "--fresh", "-o", "json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        mapped = str(self.path.resolve())
        while True:
            assert self.process.poll() is None, self.process.stderr.read()
            worker = worker_of(self.process)
            if worker and mapped in maps(worker):
                os.kill(worker, signal.SIGSTOP)
                return self.process

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def worker_of(process: subprocess.Popen[str]) -> int:
    """0 until there is one."""
    try:
        words = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
    except FileNotFoundError:
        return 0
    return int(words[0]) if words else 0


def maps(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_more_memory_than_the_cgroup_has_is_said(tmp_path):
    """The kernel ends the larger of the two processes: that which analyses."""
    path = tmp_path / "line"
    path.write_bytes(ONE_LINE["strings"][0]())
    with started([str(OAKUM), "heap", "analyze", str(path)], name="lab-heap-oom", limit_bytes=400 << 20) as (
        process,
        _,
    ):
        out, err = process.communicate(timeout=120)
    run = Run(process.returncode, out.decode(), err.decode() if err else "", 0.0)
    assert run.code == 6, run.err
    assert run.out == ""


def test_no_room_to_unpack_is_said_and_leaves_nothing(tmp_path, tiny_disk):
    path = tmp_path / "packed.gz"
    path.write_bytes(gzip.compress(HPROF * 10))
    run = oakum("heap", "analyze", path, environment={"TMPDIR": str(tiny_disk)})
    assert run.code == 6, run.err
    run.says("no room", "TMPDIR=")
    assert list(tiny_disk.iterdir()) == []


@pytest.mark.parametrize("after_s", [0.1, 0.5, 1.0, 1.5, 2.5])
def test_an_interrupt_at_any_moment_ends_both_processes_and_leaves_nothing(tmp_path, after_s):
    path, temporary = tmp_path / "packed.gz", tmp_path / "tmp"
    path.write_bytes(gzip.compress(inserted(b'"Session', b"A" * 50_000_000), compresslevel=1))
    temporary.mkdir()
    process = subprocess.Popen(
        [OAKUM, "heap", "analyze", path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
        start_new_session=True,
    )
    time.sleep(after_s)
    worker = worker_of(process)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    # A shell shows the signal itself as 130 too: it may come when Python has already put its handler away.
    assert process.returncode in {130, 0, -signal.SIGINT}, err
    # Before its first line of ours, Python itself is interrupted, and says so in its own way.
    assert "Traceback" not in err or "oakum/cli" not in err, err
    assert list(temporary.iterdir()) == []
    assert not worker or not maps(worker), "the worker lives on"
