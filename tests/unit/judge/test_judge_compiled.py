"""Machine code is kept where it can be; where it cannot, it is not missed."""

from __future__ import annotations

import inspect
import os
import pkgutil
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import oakum
from oakum import judge
from oakum.judge import compiled
from oakum.judge.floor import kernels as floor
from oakum.judge.swings.kernels import rhythm


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


def test_kept_code_is_that_of_the_text_of_all_kernels(monkeypatch):
    told = compiled.text()
    assert compiled.text() == told
    monkeypatch.setattr(floor, "FINE", floor.FINE + 1)
    assert compiled.text() != told
    monkeypatch.undo()
    monkeypatch.setattr(compiled, "KERNELS", (*compiled.KERNELS[:-1], rhythm))
    assert compiled.text() != told


def test_each_kernel_that_is_called_is_compiled():
    names = [it.name for it in pkgutil.walk_packages(judge.__path__, "oakum.judge.") if it.name.endswith(".kernels")]
    parts = [import_module(name) for name in names]
    assert {part.__name__ for part in compiled.PARTS} == {*names}
    own = {value for part in parts for value in vars(part).values() if inspect.isfunction(value)}
    assert own == set(compiled.KERNELS)
