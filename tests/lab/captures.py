"""Runs ``oakum heap capture`` as a person would, and ends it, or what it started, in the middle."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jsonschema
from programs import OAKUM, SCHEMAS, Run, oakum

ENDS_WITHIN_S = 30.0


def captured(pid: int, file: Path, *options: str) -> dict:
    """The answer, by its schema; the file is there."""
    run = capture(pid, file, *options)
    assert run.code == 0, run.err
    schema = json.loads((SCHEMAS / "oakum.capture-1.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(run.json)
    assert file.stat().st_size == run.json["file_bytes"]
    return run.json


def suspects(path: Path) -> list[tuple[str, str, list]]:
    run = oakum("heap", "analyze", path, "-o", "json")
    assert run.code == 0, run.err
    return [(row["cause"], row["holder"], row["path"]) for row in run.json["suspects"]]


def capture(pid: int, file: Path, *options: str, **how: object) -> Run:
    return oakum("heap", "capture", f"pid/{pid}", "--output", file, "--inspect", "-o", "json", *options, **how)


@contextmanager
def capturing(pid: int, file: Path | str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """One that goes on while the block runs; it is killed with the block."""
    command = [OAKUM, "heap", "capture", f"pid/{pid}", "--output", str(file), "--inspect", *options]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def heard(process: subprocess.Popen[bytes], words: str) -> None:
    """Wait until it says so on standard error."""
    for line in process.stderr:
        if words.encode() in line:
            return
    raise AssertionError(f"it never said {words}")


def worker_of(process: subprocess.Popen[bytes]) -> int:
    """The process apart that it started."""
    until_s = time.monotonic() + ENDS_WITHIN_S
    while time.monotonic() < until_s:
        for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split():
            if b"oakum.cli.worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return int(pid)
    raise AssertionError("it started no process apart")


def gone(pid: int) -> bool:
    """Soon."""
    until_s = time.monotonic() + ENDS_WITHIN_S
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii"):
        if time.monotonic() > until_s:
            return False
        time.sleep(0.05)
    return True
