"""Two captures of each leaking program: the difference names what was planted, and no text of the program is told."""

from __future__ import annotations

import json
import signal

import jsonschema
import pytest
import zstandard
from captures import capturing, heard
from programs import EXPECTED, SCHEMAS, oakum, running

pytestmark = pytest.mark.lab

LEAKS = {
    "package_dict": "module shop.cart: _seen",
    "instance_attribute": "__main__.PaymentGateway.pending_receipts",
    "closure": "history",
    "class_attribute": "__main__.Order.registry",
    "deque_backlog": "finished_spans",
    "main_local": "local results of main()",
    "worker_threads": "_done",
}


def captured(program, path, *options):
    run = oakum("heap", "capture", f"pid/{program.leaking}", "--output", path, "-o", "json", *options)
    assert run.code == 0, run.err
    schema = json.loads((SCHEMAS / "oakum.capture-1.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(run.json)
    return run.json


@pytest.mark.parametrize("name", LEAKS)
def test_the_difference_of_two_redacted_captures_names_the_planted_holder(name, tmp_path):
    files = [tmp_path / "a.census", tmp_path / "b.census"]
    with running(name) as program:
        for file in files:
            program.serve_for(4)
            found = captured(program, file)
            assert found["redacted"]
            assert found["cost"]["pause_s"] == 0
    run = oakum("heap", "diff", *files, "-o", "json")
    assert run.code == 0, run.err
    first = run.json["suspects"][0]
    assert LEAKS[name] in first["holder"], [suspect["holder"] for suspect in run.json["suspects"]]
    assert first["growth"][1] > 1.3 * first["growth"][0]
    assert first["cause"] in {*EXPECTED[name].causes, "unbounded-cache", "static-collection", "global", "closure"}


def test_keys_of_customers_are_in_a_capture_with_texts_only(tmp_path):
    with running("package_dict") as program:
        program.serve_for(1)
        captured(program, tmp_path / "redacted")
        captured(program, tmp_path / "whole", "--no-redact")
    redacted, whole = (
        zstandard.ZstdDecompressor().decompressobj().decompress((tmp_path / name).read_bytes())
        for name in ("redacted", "whole")
    )
    assert b"customer-1" not in redacted
    assert b"customer-1" in whole


def test_oakum_killed_in_the_middle_of_a_capture_leaves_no_file_and_the_next_one_works(tmp_path):
    """While it copies a target that stands still, and while it counts what it copied."""
    with running("package_dict") as program:
        for stage, options in (("a capture reads", ["--stop"]), ("copied", [])):
            with capturing(program.leaking, tmp_path / "a", *options) as process:
                heard(process, stage)
                process.send_signal(signal.SIGKILL)
                process.wait()
            before = program.serve_for(0.0)
            assert program.serve_for(0.3) > before
            assert list(tmp_path.iterdir()) == []
        captured(program, tmp_path / "a")
