"""A worker that is replaced while it is watched: one workload of two lifetimes, and the new one's heap is read."""

from __future__ import annotations

import os
import subprocess

import pytest
from programs import OAKUM, Run, answered, named, oakum, running

pytestmark = pytest.mark.lab


def test_a_replaced_worker_is_followed_and_its_heap_read():
    with running("supervised") as program:
        first = program.leaking
        command = [str(OAKUM), "investigate", f"pid/{program.pid}", "--for", "25s", "-o", "json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
            # Its own words say when the first worker is under watch.
            said = next(line for line in watching.stderr if "a capture reads" in line)
            second = int(program.number("replace", "leaking"))
            out, err = watching.communicate(timeout=120)
        answer = answered(Run(watching.returncode, out, said + err, 0.0))
        os.kill(second, 0)
    titles = [evidence["title"] for evidence in answer["evidence"]]
    assert f"pid {first} ended, and pid {second} took its place" in titles
    assert answer["verdict"]["verdict"] in {"leak", "suspect"}
    assert "InvoiceArchive" in named(answer["causes"][0])


def test_the_scan_joins_the_lifetimes_of_a_replaced_worker():
    with running("supervised", "--rate", "4") as program:
        first = program.leaking
        command = [str(OAKUM), "scan", "host", "--for", "16s", "--every", "500ms", "-o", "json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as scanning:
            said = next(line for line in scanning.stderr if "watching" in line)
            program.serve_for(5.0)
            second = int(program.number("replace", "leaking"))
            out, err = scanning.communicate(timeout=60)
        answer = Run(scanning.returncode, out, said + err, 0.0).json
    rows = {row["id"]: row for row in answer["series"]}
    assert rows[f"pid/{first}"]["lifetimes"] == 2
    assert f"pid/{second}" not in rows


def test_a_target_that_ends_for_good_is_a_partial_answer_soon():
    with running("sessions", "--for", "9") as program:
        run = oakum("investigate", f"pid/{program.pid}", "--for", "60s", "-o", "json")
    assert run.seconds < 60, "not after the watch"
    assert answered(run)["partial"] is True
