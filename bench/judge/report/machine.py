"""What a run was made on and when: a figure without it is worth little."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numba
import numpy as np

ROOT = Path(__file__).parents[3]
ENGINE = "src/oakum/judge"
TIMED = 25


@dataclass(frozen=True, slots=True)
class Stand:
    """The machine at one moment. ``noise``: P90 of one fixed computation over its median, minus one.

    ``engine``: what the judge was then; it may be worked on while a long run goes on.
    """

    at: datetime
    engine: str
    load: tuple[float, float, float]
    noise: float


def stand(engine: str = ENGINE) -> Stand:
    """``engine``: the folder whose last commit is named."""
    return Stand(datetime.now(UTC), changed_by(engine), os.getloadavg(), noise())


def noise() -> float:
    """How uneven the machine is: the same sort, some dozen milliseconds long, again and again."""
    numbers = np.random.default_rng(1).standard_normal(150_000)
    spent = []
    for _ in range(TIMED):
        began = time.perf_counter()
        np.sort(numbers)
        spent.append(time.perf_counter() - began)
    return float(np.percentile(spent, 90) / np.median(spent) - 1)


def told(before: Stand, after: Stand) -> list[tuple[str, str]]:
    """Rows of the table at the head of a section."""
    minutes = (after.at - before.at).total_seconds() / 60
    loads = f"load {before.load[0]:.1f} before, {after.load[0]:.1f} after"
    return [
        ("when", f"{after.at:%Y-%m-%d %H:%M} UTC, in {minutes:.1f} min"),
        ("on", f"{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"),
        ("with", f"Python {platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}"),
        ("engine", before.engine),
        ("noise", f"one fixed computation: P90 {100 * max(before.noise, after.noise):.0f} % above its median; {loads}"),
    ]


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def changed_by(folder: str) -> str:
    """The last commit that changed what is measured, and whether it was changed since."""
    commit = _git("log", "-1", "--format=%h of %cs", "--", folder)
    changed = ", with changes that are not committed" if _git("status", "--porcelain", "--", folder) else ""
    return f"commit {commit}{changed}" if commit else "unknown: no repository here"


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
