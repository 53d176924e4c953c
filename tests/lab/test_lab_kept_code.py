"""Machine code that was kept and then damaged: compiled anew, and no word about it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.lab

PROGRAM = """
import numpy as np
from oakum.judge import judge, judge_many
from oakum.model.series import Series, WorkloadSeries

series = WorkloadSeries("w", (Series(1.7e9 + 60 * np.arange(200.0), 2e8 + 1e6 * np.arange(200.0)),))
print(next(judge_many([series])) == judge(series))
"""


def many(folder):
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        env={**os.environ, "NUMBA_CACHE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return run.stdout.strip(), run.stderr


def test_code_that_was_cut_off_is_compiled_anew(tmp_path):
    assert many(tmp_path) == ("True", "")
    for pattern in ("*/*.nbi", "*/*.nbc"):
        (kept,) = tmp_path.glob(pattern)
        os.truncate(kept, 700)
        assert many(tmp_path) == ("True", ""), pattern
