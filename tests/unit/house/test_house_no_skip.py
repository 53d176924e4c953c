"""OAKUM_NO_SKIP bites: on a mark, on a call, on a fixture, on a whole module; and on nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[2] / "conftest.py"

SKIPS = {
    "mark": "import pytest\n@pytest.mark.skip(reason='no')\ndef test_it(): pass\n",
    "call": "import pytest\ndef test_it(): pytest.skip('no')\n",
    "fixture": "import pytest\n@pytest.fixture\ndef f(): pytest.skip('no')\ndef test_it(f): pass\n",
    "module": "import pytest\npytest.skip('no', allow_module_level=True)\ndef test_it(): pass\n",
    "missing library": "import pytest\npytest.importorskip('no_such_library')\ndef test_it(): pass\n",
}


def outcome(folder: Path, source: str, no_skip: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(CONFTEST, folder)
    (folder / "test_one.py").write_text(source)
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "-c",
            os.devnull,
            str(folder),
        ],
        env={"PATH": "/usr/bin:/bin", "OAKUM_NO_SKIP": no_skip},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("how", SKIPS)
def test_a_skip_fails_when_nothing_may_be_skipped(tmp_path, how):
    result = outcome(tmp_path, SKIPS[how], "1")
    assert result.returncode != 0, result.stdout
    assert "OAKUM_NO_SKIP is set" in result.stdout


def test_a_skip_is_a_skip_otherwise(tmp_path):
    result = outcome(tmp_path, SKIPS["call"], "0")
    assert result.returncode == 0, result.stdout
    assert "1 skipped" in result.stdout


def test_an_expected_failure_ran_and_is_no_skip(tmp_path):
    source = "import pytest\n@pytest.mark.xfail\ndef test_it(): assert False\n"
    result = outcome(tmp_path, source, "1")
    assert result.returncode == 0, result.stdout
    assert "1 xfailed" in result.stdout
