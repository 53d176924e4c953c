"""Who is measured: Oakum, and what else the usual registries have. Each is fetched by its registry's own client."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.heap.dumps import Missing

HERE = Path(__file__).parent / "peers"
OAKUM = Path(sys.executable).with_name("oakum")
MEMLAB, SLURP, SHARK, HAHA = "2.0.5", "0.10.0", "2.14", "1.3"
FETCH_WITHIN_S = 900.0
LEAST_SHARE = 50
"""Shark is asked for what keeps more than this part (1 / n) of the file's length."""


@dataclass(frozen=True, slots=True)
class Peer:
    """``fetch``: makes it ready in a folder, raises Missing. ``command``: what analyses a dump.
    ``first``: what its output names first, "" where it names nothing. ``does``: for the page.
    """

    name: str
    does: str
    runtimes: tuple[str, ...]
    fetch: Callable[[Path], None]
    command: Callable[[Path, Path], list[str]]
    first: Callable[[str], str]
    environment: Mapping[str, str] = field(default_factory=dict)


def fetch_nothing(_: Path) -> None:
    return


def oakum_command(_: Path, dump: Path) -> list[str]:
    return [str(OAKUM), "heap", "analyze", "--fresh", str(dump), "-o", "json"]


def oakum_first(out: str) -> str:
    suspects = json.loads(out)["suspects"]
    return str(suspects[0]["title"]) if suspects else ""


def fetch_slurp(folder: Path) -> None:
    if not (folder / "cargo" / "bin" / "hprof-slurp").exists():
        fetch("cargo", "install", "--locked", "--version", SLURP, "--root", str(folder / "cargo"), "hprof-slurp")


def slurp_command(folder: Path, dump: Path) -> list[str]:
    return [str(folder / "cargo" / "bin" / "hprof-slurp"), str(dump)]


def slurp_first(out: str) -> str:
    """The first row of its table of classes."""
    rows = [line for line in out.splitlines() if line.startswith("|")]
    cells = [cell.strip() for cell in rows[1].strip("|").split("|")] if len(rows) > 1 else []
    return f"{cells[-1]}: {cells[0]} in {cells[1]} objects" if len(cells) > 3 else ""


def fetch_memlab(folder: Path) -> None:
    home = folder / "npm"
    if not (home / "node_modules" / "memlab").exists():
        home.mkdir(parents=True, exist_ok=True)
        fetch(
            "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(home), f"memlab@{MEMLAB}"
        )
    # A script finds its packages beside itself.
    shutil.copy(HERE / "memlab_retained.js", home)


def memlab_command(folder: Path, dump: Path) -> list[str]:
    home = folder / "npm"
    program = home / "node_modules" / "memlab" / "bin" / "memlab"
    limit = "--max-old-space-size=8192"
    ask = ["analyze", "object-size", "--snapshot", str(dump), "--work-dir", str(folder / "memlab")]
    return ["node", "--expose-gc", limit, str(program), *ask]


def memlab_first(out: str) -> str:
    found = re.search(r"· (?:\x1b\[[0-9;]*m)*@\d+.*", out)
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", found[0]).removeprefix("· ") if found else ""


def fetch_shark(folder: Path) -> None:
    _maven(folder, f"com.squareup.leakcanary:shark:{SHARK}")
    _compile(folder, "SharkTree")


def shark_command(folder: Path, dump: Path) -> list[str]:
    return [*java(folder), "SharkTree", str(dump), str(dump.stat().st_size // LEAST_SHARE)]


def shark_first(out: str) -> str:
    """The first line of its tree."""
    rows = [line for line in out.splitlines() if " Retained: " in line]
    return rows[0].strip("├─╰│┄ ") if rows else ""


def fetch_mat(folder: Path) -> None:
    _maven(folder, f"com.squareup.haha:haha:{HAHA}")
    _compile(folder, "MatRetained")


def mat_command(folder: Path, dump: Path, most: int = 20) -> list[str]:
    return [*java(folder), "MatRetained", str(dump), str(most)]


def mat_first(out: str) -> str:
    rows = [line.split(maxsplit=5) for line in out.splitlines() if line.startswith("object ")]
    return f"{rows[0][5]}, {int(rows[0][2]) / 2**20:.1f} MiB retained" if rows else ""


def java(folder: Path) -> list[str]:
    jars = sorted(str(path) for path in (folder / "m2").rglob("*.jar") if _needed(path))
    return ["java", "-Xmx8g", "-cp", os.pathsep.join([*jars, str(folder / "peer-classes")])]


def _needed(jar: Path) -> bool:
    return "squareup" in jar.parts or "kotlin" in jar.parts


def _compile(folder: Path, name: str) -> None:
    target = folder / "peer-classes"
    target.mkdir(parents=True, exist_ok=True)
    path = java(folder)[3]
    _run(["javac", "-cp", path, "-d", str(target), str(HERE / f"{name}.java")])


def _maven(folder: Path, artifact: str) -> None:
    kept = folder / "m2"
    group, name, version = artifact.split(":")
    if not (kept / group.replace(".", "/") / name / version / f"{name}-{version}.jar").exists():
        fetch("mvn", "-q", "-B", "dependency:get", f"-Dartifact={artifact}", f"-Dmaven.repo.local={kept}")


def fetch(*command: str) -> None:
    if shutil.which(command[0]) is None:
        raise Missing(f"no {command[0]} on this machine")
    _run(list(command))


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_WITHIN_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise Missing(f"{command[0]}: {type(exc).__name__}") from exc
    if done.returncode:
        raise Missing(f"{' '.join(command[:3])} … ended with {done.returncode}")


OURS = Peer("Oakum", "suspects, classes, waste", ("java", "node"), fetch_nothing, oakum_command, oakum_first)
PEERS = (
    OURS,
    Peer(f"hprof-slurp {SLURP}", "class histogram only", ("java",), fetch_slurp, slurp_command, slurp_first),
    Peer(f"Shark {SHARK}", "dominator tree (-Xmx8g)", ("java",), fetch_shark, shark_command, shark_first),
    Peer("Eclipse MAT's engine of 2015", "indexes, dominators (-Xmx8g)", ("java",), fetch_mat, mat_command, mat_first),
    Peer(f"memlab {MEMLAB}", "object-size", ("node",), fetch_memlab, memlab_command, memlab_first),
)
ABSENT = (
    ("Eclipse MAT of today", "published as an application and a p2 site, in no registry that is used here"),
    ("LeakCanary's Shark CLI", "not on Maven Central; its library is, and is measured"),
)
"""Known, and not to be had through a registry's own client."""
