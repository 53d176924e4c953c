"""A Go that is new enough: the one that is here, or the one that a module asks for, fetched by the one that is here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from oakum.model.errors import MachineError

FETCHES_BY_ITSELF = (1, 21)
"""From here on Go fetches the toolchain that a module names (https://go.dev/doc/toolchain)."""

TOOLCHAIN = "golang.org/toolchain"
WITHIN_S = 600.0


def go(module: Path) -> str:
    """The command. ``module``: a folder with a go.mod. Raises MachineError."""
    found = shutil.which("go")
    if found is None:
        raise MachineError("Kubernetes cannot be built", why="no go here", next_step="apt-get install golang-go")
    said = subprocess.run([found, "version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"go(\d+)\.(\d+)", said)
    if version is not None and (int(version[1]), int(version[2])) >= FETCHES_BY_ITSELF:
        return found
    return _fetched(found, said.strip(), module)


def _fetched(older: str, said: str, module: Path) -> str:
    """Go's own archive is a module as well: its hash is checked as any other's, but no file of it may be run yet."""
    wanted = re.search(r"^go ([\d.]+)$", (module / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    assert wanted is not None
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    asked = [older, "mod", "download", "-json", f"{TOOLCHAIN}@v0.0.1-go{wanted[1]}.linux-{machine}"]
    try:
        # Outside of the module: an older Go cannot read its go.mod.
        done = subprocess.run(
            asked, cwd="/", env=os.environ, capture_output=True, text=True, check=True, timeout=WITHIN_S
        )
        folder = Path(json.loads(done.stdout)["Dir"])
    except (subprocess.SubprocessError, ValueError, KeyError) as exc:
        raise MachineError(
            "Kubernetes cannot be built",
            why=f"Go {wanted[1]} is wanted and cannot be fetched; here is {said}",
            next_step=" ".join(asked),
        ) from exc
    for program in (*(folder / "bin").iterdir(), *(path for path in (folder / "pkg" / "tool").rglob("*"))):
        if program.is_file():
            program.chmod(0o755)
    return str(folder / "bin" / "go")
