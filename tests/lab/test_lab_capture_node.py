"""``oakum heap capture`` of a real Node.js: without its texts, its inspector closed, killed in the middle or not."""

from __future__ import annotations

import os
import shutil
import signal

import pytest
from captures import captured, capturing, heard, suspects, worker_of
from node import VAULT, node_shop
from node_programs import ports_of
from programs import node_port

pytestmark = [pytest.mark.lab, pytest.mark.skipif(shutil.which("ss") is None, reason="needs ss (iproute2)")]

SECRET = "Tr0ub4dor-and-3-staples!"
PLANTED = 10


@pytest.fixture(scope="module")
def served():
    """One for all; it answers whoever plants."""
    with node_port(), node_shop(VAULT) as running:
        for number in range(PLANTED):
            running.plant(f"{SECRET}-{number}")
        yield running


@pytest.fixture
def node(served):
    """It serves on after every test."""
    yield served.process.pid
    served.plant(SECRET)


def test_a_planted_password_is_not_in_the_file_its_holder_is_named_and_the_inspector_is_closed(node, tmp_path):
    found = captured(node, tmp_path / "kept")
    raw = captured(node, tmp_path / "raw", "--raw")
    assert ports_of(node) == set()
    assert (found["format"], found["redacted"], raw["redacted"]) == ("v8", True, False)
    assert SECRET.encode() in (tmp_path / "raw").read_bytes()
    assert SECRET.encode() not in (tmp_path / "kept").read_bytes()
    assert suspects(tmp_path / "kept") == suspects(tmp_path / "raw") != []
    assert found["warnings"] == []
    assert 0 < found["cost"]["bytes_read"] <= found["foretold"]["file_bytes"]


def test_the_process_apart_killed_is_one_error_no_file_and_a_closed_inspector(node, tmp_path):
    with capturing(node, tmp_path / "a") as process:
        heard(process, "filling its texts")
        os.kill(worker_of(process), signal.SIGKILL)
        said = process.stderr.read()
        assert process.wait() == 6
    assert b"killed" in said
    assert b"Traceback" not in said
    assert list(tmp_path.iterdir()) == []
    assert ports_of(node) == set()


def test_one_that_is_killed_in_the_middle_is_one_error_and_no_file(tmp_path):
    with node_port(), node_shop(VAULT) as running:
        for number in range(PLANTED):
            running.plant(f"{SECRET}-{number}")
        with capturing(running.process.pid, tmp_path / "a") as process:
            heard(process, "a heap snapshot:")
            running.process.kill()
            said = process.stderr.read()
            assert process.wait() == 3, said
    assert b"Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_oakum_killed_in_the_middle_of_a_snapshot_leaves_no_file_and_the_next_one_works(node, tmp_path):
    """The inspector that it opened closes itself, as that of an investigation does; meanwhile it is used."""
    with capturing(node, tmp_path / "a") as process:
        heard(process, "a heap snapshot:")
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert list(tmp_path.iterdir()) == []
    captured(node, tmp_path / "kept")
