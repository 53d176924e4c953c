"""``oakum heap redact`` as a person types it, on small dumps that were really taken."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pyrage
import pytest

import oakum as oakum_api
from oakum.render import schemas

OAKUM = Path(sys.executable).with_name("oakum")
SEEDS = Path(__file__).parents[3] / "fuzz" / "seeds"


def oakum(*arguments, **options):
    command = [str(OAKUM), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=120, **options)


@pytest.fixture(params=["hprof", "v8"])
def dump(request, tmp_path):
    return shutil.copy(next(iter(sorted((SEEDS / request.param).iterdir()))), tmp_path / f"a.{request.param}")


def suspects(path, *more):
    run = oakum("heap", "analyze", path, "-o", "json", *more)
    assert run.returncode == 0, run.stderr
    return {**json.loads(run.stdout), "file": "", "memory": None, "biggest": [], "tree": None, "waste": []}


def test_a_dump_becomes_one_of_the_same_length_with_the_same_answer(dump, tmp_path):
    out = tmp_path / "out"
    run = oakum("heap", "redact", dump, out, "-o", "json")
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    jsonschema.Draft202012Validator(schemas.read("oakum.redaction/1")).validate(told)
    assert told["bytes"] == told["out_bytes"] == out.stat().st_size == dump.stat().st_size
    assert told["key_file"] is None
    assert out.stat().st_mode & 0o777 == 0o600
    assert suspects(out) == suspects(dump)


def test_its_python_twin_does_the_same(dump, tmp_path):
    key, out = tmp_path / "key", tmp_path / "out"
    made = oakum_api.redact_heap(dump, tmp_path / "twin", key=key)
    assert oakum("heap", "redact", dump, out, "--key", key).returncode == 0
    assert out.read_bytes() == (tmp_path / "twin").read_bytes()
    assert made.out_bytes == out.stat().st_size


def test_streams_go_in_and_out_and_the_answer_goes_to_standard_error(dump, tmp_path):
    key = tmp_path / "key"
    run = oakum("heap", "redact", "-", "-", "--key", key, input=dump.read_bytes())
    assert run.returncode == 0, run.stderr
    assert len(run.stdout) == dump.stat().st_size
    assert b"replaced:" in run.stderr
    again = oakum("heap", "redact", dump, "-", "--key", key)
    assert again.stdout == run.stdout
    if dump.suffix == ".v8":
        # The other seed was thinned of all that is filled.
        assert oakum("heap", "redact", dump, "-").stdout != run.stdout


def test_a_dump_that_is_cut_off_leaves_nothing(dump, tmp_path):
    before = {path.name for path in tmp_path.iterdir()}
    data = dump.read_bytes()
    dump.write_bytes(data[: len(data) * 2 // 3 + 1])
    for out in (tmp_path / "out", "-"):
        run = oakum("heap", "redact", dump, out)
        assert run.returncode == 4
        assert not run.stdout
        assert b"nothing was written" in run.stderr
    assert {path.name for path in tmp_path.iterdir()} == before


def test_what_is_sealed_is_analysed_with_its_key(dump, tmp_path):
    identity = pyrage.x25519.Identity.generate()
    key, out = tmp_path / "key.txt", tmp_path / "out.zst.age"
    key.write_text(f"{identity}\n")
    key.chmod(0o644)
    run = oakum("heap", "redact", dump, out, "--seal-to", identity.to_public())
    assert run.returncode == 0, run.stderr
    assert f"sealed to {identity.to_public()}".encode() in run.stdout
    shut = oakum("heap", "analyze", out)
    assert shut.returncode == 2
    assert b"--identity" in shut.stderr
    assert suspects(out, "--identity", key) == suspects(dump)
    warned = oakum("heap", "analyze", out, "--identity", key)
    assert b"chmod 600" in warned.stderr
    assert str(identity).encode() not in warned.stdout + warned.stderr


def test_recipients_of_the_settings_are_sealed_to_without_asking(dump, tmp_path):
    identity = pyrage.x25519.Identity.generate()
    config = tmp_path / "oakum.toml"
    config.write_text(f'[seal]\nrecipients = ["{identity.to_public()}"]\n')
    home = {"OAKUM_CONFIG": str(config), "PATH": "/usr/bin", "HOME": str(tmp_path)}
    run = oakum("heap", "redact", dump, "-", env={**home, "PYTHONPATH": os.environ.get("PYTHONPATH", "")})
    assert run.returncode == 0, run.stderr
    assert len(pyrage.decrypt(run.stdout, [identity])) == dump.stat().st_size


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere.hprof", "out"], 2, "no file"),
        (["{dump}", "{dump}"], 2, "there already"),
        (["{dump}", "out", "--seal-to", "nobody"], 2, "is no recipient"),
        (["{dump}", "no/such/folder/out"], 6, "cannot write"),
        (["{dump}", "out", "-o", "html"], 2, "no page"),
    ],
)
def test_a_mistake_is_told_with_its_code(dump, tmp_path, arguments, code, words):
    run = oakum("heap", "redact", *(each.format(dump=dump) for each in arguments), cwd=tmp_path)
    assert run.returncode == code
    assert words in run.stderr.decode()
    assert [path.name for path in tmp_path.iterdir()] == [dump.name]
