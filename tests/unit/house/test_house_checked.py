"""``make checked`` checks what it says: a kernel that is led past the end of its array is noticed, or the run ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def proof(cache: Path, wanted: str, **environment: str) -> subprocess.CompletedProcess[str]:
    code = os.environ.get("PYTHONPATH", "")
    return subprocess.run(
        [sys.executable, ROOT / "tests" / "checked" / "proof.py", wanted],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": code, "NUMBA_CACHE_DIR": str(cache), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_cache_of_its_own_has_checked_kernels_and_one_that_was_filled_without_checks_has_none(tmp_path):
    own, warm = tmp_path / "own", tmp_path / "warm"
    assert proof(own, "bounds", NUMBA_BOUNDSCHECK="1").returncode == 0
    assert proof(warm, "bounds").returncode == 1
    fooled = proof(warm, "bounds", NUMBA_BOUNDSCHECK="1")
    assert fooled.returncode == 1
    assert "not checked: the seeded kernel, a kernel of the HPROF reader" in fooled.stderr


@pytest.mark.parametrize(
    ("wanted", "environment", "code"),
    [
        ("plain", {"NUMBA_DISABLE_JIT": "1"}, 0),
        ("plain", {"NUMBA_BOUNDSCHECK": "1"}, 1),
        ("bounds", {"NUMBA_DISABLE_JIT": "1"}, 1),
    ],
)
def test_a_run_with_the_wrong_switch_ends(tmp_path, wanted, environment, code):
    assert proof(tmp_path, wanted, **environment).returncode == code


def test_make_checked_clears_its_cache_and_asks_for_the_proof_in_both_runs():
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nchecked:")[2].partition("\n\n")[0]
    assert "rm -rf $(CHECKED)" in recipe
    for switch, wanted in (("NUMBA_BOUNDSCHECK=1", "bounds"), ("NUMBA_DISABLE_JIT=1", "plain")):
        lines = [line for line in recipe.splitlines() if switch in line]
        assert any(f"proof.py {wanted}" in line for line in lines)
        assert all(f"NUMBA_CACHE_DIR=$(CHECKED)/{wanted}" in line for line in lines)


def test_the_ci_runs_it():
    assert "\nverb checked make checked\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
