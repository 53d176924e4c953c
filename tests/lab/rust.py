"""The Rust service of lab/rust, built by the machine's compiler without a package of others."""

from __future__ import annotations

import subprocess
from pathlib import Path

from native import wanted
from programs import ROOT

SOURCE = ROOT / "lab" / "rust" / "service.rs"
V0 = ("-C", "symbol-mangling-version=v0")
STRIPPED = ("-C", "strip=symbols")


def rust_service(folder: Path, name: str, *options: str) -> Path:
    """``name``: of the program; ``options``: of rustc."""
    program = folder / name
    command = [wanted("rustc"), "--edition", "2021", "-C", "opt-level=1", *options, "-o", str(program), str(SOURCE)]
    subprocess.run(command, check=True, timeout=300)
    return program
