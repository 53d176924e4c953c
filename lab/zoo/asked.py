"""``oakum investigate`` as a command of its own, as the engineer on call types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

from lab.zoo.case import Case
from lab.zoo.results import ROOT
from lab.zoo.score import Said, read_answer

BEYOND_S: Final = 300.0
"""How much longer than its watch a look may take, on a machine that does much else."""

LOOKED_EVERY_S: Final = 0.2
ENDS_WITHIN_S: Final = 15.0
AGREED: Final = {"node": ("--inspect",), "jvm": ("--inspect",), "go": ("--inspect",)}
"""What a person at a terminal is asked, and agrees to."""


SOURCES: Final = (ROOT / "src", ROOT / "guard" / "src")
"""The Oakum of this very tree, whatever is installed."""


class AskError(Exception):
    """Oakum gave no answer, or was interrupted."""


def ask(case: Case, target: str, for_s: float, keep: Path, stop: threading.Event) -> Said:
    """One look; its whole answer is kept as ``keep``. Raises AskError."""
    agreed = () if case.target in {"postgres", "redis"} else AGREED.get(case.runtime, ())
    command = [sys.executable, "-m", "oakum.cli.entry", "investigate", target, "--for", f"{for_s:g}s"]
    command += ["--no-incident", "-o", "json", *agreed, *case.options]
    with tempfile.TemporaryDirectory(prefix="oakum-asked-") as name:
        folder = Path(name)
        (folder / "oakum.toml").write_text(_policy(case), encoding="utf-8")
        begun_s = time.monotonic()
        out, err = folder / "out", folder / "err"
        code = _ran(command, folder, for_s + BEYOND_S, stop)
        seconds = time.monotonic() - begun_s
        said, beside = out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")
    try:
        answer = json.loads(said)
        keep.parent.mkdir(parents=True, exist_ok=True)
        keep.write_text(json.dumps(answer, indent=1), encoding="utf-8")
        return read_answer(answer, seconds, str(keep))
    except ValueError as exc:
        raise AskError(f"{' '.join(command[2:])}: exit {code}, {exc}: {beside.strip()[-1500:]}") from exc


def _policy(case: Case) -> str:
    lines = [f"{name} = {json.dumps(value)}" for name, value in case.policy.items()]
    return "\n".join(["[policy]", *lines, ""])


def _ran(command: list[str], folder: Path, within_s: float, stop: threading.Event) -> int:
    """Its exit code. A session of its own: an interruption is handed on once, by us."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((*map(str, SOURCES), os.environ.get("PYTHONPATH", ""))),
        "OAKUM_CONFIG": str(folder / "oakum.toml"),
        "OAKUM_STORE": str(folder / "oakum.db"),
    }
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
    until_s = time.monotonic() + within_s
    while process.poll() is None:
        if stop.wait(LOOKED_EVERY_S) or time.monotonic() > until_s:
            _end(process)
            raise AskError("interrupted" if stop.is_set() else f"no answer within {within_s:.0f} s")
    return process.returncode


def _end(process: subprocess.Popen[bytes]) -> None:
    """It undoes what it began in a target."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
