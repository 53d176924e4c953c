"""``--memory SIZE`` is kept: the child's limit is real, and what does not fit goes to files."""

from __future__ import annotations

import json
import os
import resource
import subprocess

import numpy as np
import pytest
from programs import OAKUM, oakum

pytestmark = pytest.mark.lab

MIB = 1 << 20
OBJECTS = 1_500_000
FIRST_ID = 0x7000_0000
HEAD = b"JAVA PROFILE 1.0.2\0" + (8).to_bytes(4, "big") + bytes(8)
LIMIT_BYTES = 256 * MIB
"""Of the 256 MiB most are the program's own: what is left is too little for so many objects, all in memory."""


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    """Arrays of four references in one segment, each to others, near and far; the first is a root."""
    row = np.zeros(
        OBJECTS, [("tag", "u1"), ("id", ">u8"), ("serial", ">u4"), ("items", ">u4"), ("class", ">u8"), ("to", ">u8", 4)]
    )
    nodes = np.arange(OBJECTS)
    row["tag"], row["id"], row["items"], row["class"] = 0x22, FIRST_ID + nodes * 64, 4, 1
    row["to"] = FIRST_ID + 64 * np.minimum(
        np.stack([nodes + 1, nodes // 2, nodes * 7 % OBJECTS, nodes + 2], 1), OBJECTS - 1
    )
    body = row.tobytes() + b"\xff" + FIRST_ID.to_bytes(8, "big")
    path = tmp_path_factory.mktemp("many") / "many.hprof"
    path.write_bytes(HEAD + b"\x1c" + bytes(4) + len(body).to_bytes(4, "big") + body)
    return path


def test_a_small_promise_gives_the_same_answer_and_is_kept(dump):
    roomy, tight = (
        oakum("heap", "analyze", dump, "--memory", size, "--fresh", "-o", "json") for size in ("4GiB", "256MiB")
    )
    assert (roomy.code, tight.code) == (0, 0), roomy.err + tight.err
    answers = [dict(run.json) for run in (roomy, tight)]
    free, kept = (answer.pop("memory") for answer in answers)
    assert answers[0] == answers[1]
    assert answers[0]["objects"] == OBJECTS
    assert free["scratch_bytes"] == 0
    assert kept["promised_bytes"] == LIMIT_BYTES
    assert kept["peak_bytes"] < LIMIT_BYTES
    assert kept["scratch_bytes"] > 8 * OBJECTS


def test_a_disk_without_room_is_one_clear_error(dump):
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, MIB))

    command = [str(OAKUM), "heap", "analyze", str(dump), "--memory", "256MiB", "--fresh", "-o", "json"]
    run = subprocess.run(
        command, capture_output=True, text=True, preexec_fn=small_files, env=dict(os.environ), check=False
    )
    assert run.returncode == 6
    assert "no room in" in run.stderr
    assert "TMPDIR=" in run.stderr


def test_what_can_never_fit_is_told_before_it_is_tried(dump, tmp_path):
    """A snapshot that promises more rows than any memory holds, in a file with room for few."""
    lying = tmp_path / "lying.heapsnapshot"
    meta = {"node_fields": ["type", "name", "id", "self_size", "edge_count"], "node_types": [["object"]]}
    meta |= {"edge_fields": ["type", "name_or_index", "to_node"], "edge_types": [["element"]]}
    told = {"meta": meta, "node_count": 2**60, "edge_count": 2**61}
    lying.write_text(json.dumps({"snapshot": told, "nodes": [0] * 50, "edges": [0] * 30, "strings": [""]}))
    run = oakum("heap", "analyze", lying, "--memory", "256MiB", "-o", "json")
    assert run.code == 4
    assert "broken" in run.err
