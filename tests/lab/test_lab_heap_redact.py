"""Real dumps with a planted secret: in no form in the redacted file; the answer is the same; memory is bounded."""

from __future__ import annotations

import base64
import json
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from jvm import vault
from node import VAULT, node_shop
from programs import oakum

pytestmark = pytest.mark.lab

SECRET = "Tr0ub4dor-and-3-staples!"
LITERAL = "literal-of-the-code-4711"
KEPT_IN_JAVA = (b"vault/Main", b"sessions", b"password", b"vault-keeper")
KEPT_IN_NODE = (b'"Session"', b'"sessions"', b'"plant"', b"vault-script.js")
MIB = 1 << 20


def forms(text):
    """What a person would look for: itself, its halves, wide characters either way, base64 at each of three places."""
    half = len(text) // 2
    parts = [text, text[:half], text[half:]]
    found = [part.encode(encoding) for part in parts for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    found += [b"".join(ord(sign).to_bytes(4, "big") for sign in part) for part in parts]
    for before in range(3):
        packed = base64.b64encode(b"x" * before + text.encode())
        found.append(packed[4 if before else 0 : -4])
    return found


def answer(path):
    run = oakum("heap", "analyze", path, "-o", "json")
    assert run.code == 0, run.err
    return {**run.json, "file": "", "memory": None}


def redacted(path, *more):
    out = path.with_name(f"safe-{path.name}")
    out.unlink(missing_ok=True)
    run = oakum("heap", "redact", path, out, *more, "-o", "json")
    assert run.code == 0, run.err
    assert out.stat().st_size == path.stat().st_size
    return out, run.json


@pytest.fixture(scope="module")
def hprof(tmp_path_factory):
    folder = tmp_path_factory.mktemp("java")
    with vault(folder, "-XX:+UseSerialGC") as running:
        running.plant(SECRET)
        yield running.dump(folder / "vault.hprof", "-all")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    with node_shop(VAULT) as running:
        running.plant(SECRET)
        yield running.dump(tmp_path_factory.mktemp("node") / "vault.heapsnapshot")


def test_a_secret_of_a_jvm_is_found_before_and_in_no_form_after_and_the_answer_is_the_same(hprof):
    data = hprof.read_bytes()
    assert all(form in data for form in [*forms(SECRET)[:3], *forms(SECRET)[-3:-2], LITERAL.encode()])
    out, told = redacted(hprof)
    after = out.read_bytes()
    assert [form for form in [*forms(SECRET), *forms(LITERAL)] if form in after] == []
    assert all(name in after for name in KEPT_IN_JAVA)
    assert {row["what"] for row in told["replaced"]} >= {"byte[]", "char[]", "int[]", "hashes in fields"}
    before, now = answer(hprof), answer(out)
    assert before["suspects"]
    duplicates = [[row for row in each.pop("waste") if row["what"] == "duplicate arrays"] for each in (before, now)]
    assert before == now
    # Names of threads stay: a text that equals one is told apart from it.
    assert (
        abs(sum(row["wasted_bytes"] for row in duplicates[0]) - sum(row["wasted_bytes"] for row in duplicates[1]))
        < 4096
    )


def test_a_secret_of_node_is_found_before_and_in_no_form_after_and_the_answer_is_the_same(snapshot):
    data = snapshot.read_bytes()
    assert all(
        form in data for form in (SECRET.encode(), base64.b64encode(SECRET.encode()), b"return '" + SECRET.encode())
    )
    out, _ = redacted(snapshot)
    after = out.read_bytes()
    assert [form for form in forms(SECRET) if form in after] == []
    assert all(name in after for name in KEPT_IN_NODE)
    assert {**json.loads(after), "strings": 0} == {**json.loads(data), "strings": 0}
    before, now = answer(snapshot), answer(out)
    assert before["suspects"]
    assert before == now


def test_one_key_makes_one_file_and_no_key_another(hprof):
    key = hprof.with_name("redaction.key")
    first = redacted(hprof, "--key", key)[0].read_bytes()
    again = redacted(hprof, "--key", key)[0].read_bytes()
    other = redacted(hprof)[0].read_bytes()
    assert first == again != other


def test_redacting_takes_little_memory_of_its_own_whatever_the_size(tmp_path):
    """Resident memory, pages of files too, of a process that has its kernels and then redacts 40 and 400 MiB."""
    head = b"JAVA PROFILE 1.0.2\0" + (8).to_bytes(4, "big") + bytes(8)
    body = b"".join(
        b"\x23"
        + (0x7000_0000 + 16 * row).to_bytes(8, "big")
        + bytes(4)
        + (4096).to_bytes(4, "big")
        + b"\x08"
        + bytes(4096)
        for row in range(1024)
    )
    segment = b"\x1c" + bytes(4) + len(body).to_bytes(4, "big") + body
    one = tmp_path / "one.hprof"
    one.write_bytes(head + b"\x1c" + bytes(4) + (len(body) // 1024).to_bytes(4, "big") + body[: len(body) // 1024])
    large = b"\x23" + bytes(8) + bytes(4) + (200 * MIB).to_bytes(4, "big") + b"\x08"
    peaks = []
    for many in (10, 50):
        path = tmp_path / f"{many}.hprof"
        with path.open("wb") as file:
            file.write(head + segment * many)
            file.write(b"\x1c" + bytes(4) + (len(large) + 200 * MIB).to_bytes(4, "big") + large + bytes(200 * MIB))
        peaks.append(peak_of(one, path))
    assert max(peaks) < 64 * MIB
    assert peaks[1] < peaks[0] + 8 * MIB


PROGRAM = """
import sys, resource
from oakum.host.dumps import LiveDumps
from oakum.heap import compiled
from oakum.heap.redact import redactor
compiled.INTERPRETED_STEPS = -1
def resident():
    with open('/proc/self/status') as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith('VmRSS'))
most = 0
for path in sys.argv[1:]:
    begun = resident()
    with LiveDumps().walk(path) as (data, past):
        for piece in redactor(data, bytes(32), past).pieces():
            most = max(most, resident())
print(most - begun)
"""


def peak_of(*paths):
    done = subprocess.run([sys.executable, "-c", PROGRAM, *paths], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_a_full_disk_leaves_nothing_half_written(hprof, tmp_path):
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, MIB))

    command = [str(Path(sys.executable).with_name("oakum")), "heap", "redact", str(hprof), str(tmp_path / "out")]
    full = subprocess.run(command, capture_output=True, preexec_fn=small_files, env=dict(os.environ), check=False)
    assert full.returncode == 6
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_ends_it(hprof):
    command = [str(Path(sys.executable).with_name("oakum")), "heap", "redact", str(hprof), "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(100)
        process.stdout.close()
        ended = threading.Timer(60, process.kill)
        ended.start()
        assert b"reader has gone" in process.stderr.read()
        assert process.wait() == 6
        ended.cancel()
