"""The floors hold, and the check bites."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def run_lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT_IMPORTS, "--config", root / "pyproject.toml", "--no-cache"],
        cwd=root,
        env={"PYTHONPATH": f"{root / 'src'}:{root / 'guard/src'}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy_of_house(tmp_path: Path) -> Path:
    for part in ("src", "guard/src"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_house_as_it_stands_keeps_its_floors(copy_of_house):
    result = run_lint(copy_of_house)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("model/units.py", "import oakum.loop", "floors"),
        ("judge/__init__.py", "import oakum.host", "floors"),
        ("sense/__init__.py", "import oakum.probe", "floors"),
        ("explain/__init__.py", "import oakum.host", "stages speak to adapters through model's ports"),
        ("heap/__init__.py", "import time", "engines"),
        ("act/__init__.py", "import oakum.host", "stages speak to adapters through model's ports"),
        ("act/plan.py", "import time", "engines"),
        ("verify/gate.py", "import oakum.act", "floors"),
        ("render/__init__.py", "import oakum.judge", "render knows only model"),
        ("cli/__init__.py", "import oakum_guard", "only host reads cgroups"),
        ("host/__init__.py", "import oakum.store", "floors"),
        ("sense/__init__.py", "import oakum.store", "stages speak to adapters through model's ports"),
        ("loop/__init__.py", "import sqlalchemy", "only store and postgres speak SQL"),
        ("loop/__init__.py", "import httpx2", "only kube and prometheus speak HTTP"),
        ("explain/__init__.py", "import oakum.postgres", "stages speak to adapters through model's ports"),
        ("explain/__init__.py", "import oakum.redis_family", "stages speak to adapters through model's ports"),
        ("loop/__init__.py", "import redis", "only redis_family speaks to Redis"),
        ("postgres/__init__.py", "import sqlalchemy", "postgres asks by its driver alone"),
        ("explain/__init__.py", "import oakum.kube", "stages speak to adapters through model's ports"),
        ("model/cluster.py", "import anyio", "ground"),
    ],
)
def test_one_seeded_violation_is_found(copy_of_house, file, line, contract):
    path = copy_of_house / "src/oakum" / file
    path.write_text(path.read_text() + f"\n{line}\n")
    result = run_lint(copy_of_house)
    assert result.returncode != 0
    broken = [row for row in result.stdout.splitlines() if row.endswith("BROKEN")]
    assert any(row.startswith(contract) for row in broken), result.stdout


def test_a_new_folder_fails_until_it_is_placed(copy_of_house):
    folder = copy_of_house / "src/oakum/attic"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    result = run_lint(copy_of_house)
    assert result.returncode != 0
    assert "attic" in result.stdout
