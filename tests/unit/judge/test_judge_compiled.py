"""Machine code is kept where it can be; where it cannot, it is not missed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import oakum


def test_kernels_load_where_nothing_can_be_kept(tmp_path):
    copy = tmp_path / "oakum"
    shutil.copytree(Path(oakum.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "judge" / "__pycache__").touch()  # a file: no folder for kept code can be made, by root neither
    nowhere = {"HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null/cache", "PYTHONPATH": str(tmp_path)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA")}
    program = "from oakum.judge import compiled; print(compiled.__file__, compiled._kept is compiled._anew)"
    run = subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", program],
        env={**kept, **nowhere},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.stdout.split() == [str(copy / "judge" / "compiled.py"), "True"], run.stderr
