"""``python -m fuzz --seconds N``: every reader in both forms, one after the other; exits 1 if anything was found."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
FORMS = {"plain": {"NUMBA_DISABLE_JIT": "1"}, "compiled": {"NUMBA_BOUNDSCHECK": "1"}}
LEAST_S = 10


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="in all")
    parser.add_argument("--folder", type=Path, default=ROOT / ".fuzz", help="findings, and what was reached so far")
    parser.add_argument("--reader", action="append", help="only this one; may be given again")
    chosen = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print(f"no atheris for Python {sys.version_info.major}.{sys.version_info.minor} here: nothing was fuzzed")
        return 0
    readers = chosen.reader or sorted(path.name for path in (ROOT / "fuzz" / "seeds").iterdir())
    share = max(LEAST_S, chosen.seconds // (len(readers) * len(FORMS)))
    findings = chosen.folder / "findings"
    before = set(findings.glob("*"))
    for reader in readers:
        for form, environment in FORMS.items():
            _run(reader, form, share, chosen.folder, environment)
    found = sorted(path for path in set(findings.glob("*")) - before if path.suffix != ".txt")
    print(f"{len(found)} new findings in {findings}")
    for path in found:
        print(f"  {path}")
    return 1 if found else 0


def _run(reader: str, form: str, seconds: int, folder: Path, environment: dict[str, str]) -> None:
    """Begun again until the time is over: a crash ends the process, and is kept by it as a finding."""
    folder.mkdir(parents=True, exist_ok=True)
    cache = folder / "kernels"
    until_s, count = time.monotonic() + seconds, folder / f"count-{reader}-{form}"
    before, starts = _count(count), 0
    if form == "compiled":
        # A kernel from a warm cache may have been compiled without checks.
        shutil.rmtree(cache, ignore_errors=True)
    while (left := int(until_s - time.monotonic())) > LEAST_S // 2:
        starts += 1
        with (folder / f"log-{reader}-{form}").open("ab") as log:
            subprocess.run(
                [sys.executable, "-m", "fuzz.run", reader, form, str(left), str(folder)],
                cwd=ROOT,
                env={**os.environ, **environment, "NUMBA_CACHE_DIR": str(cache)},
                stdout=log,
                stderr=log,
                check=False,
            )
    print(f"{reader:8} {form:9} {seconds:6} s  {_count(count) - before:10,} inputs, begun {starts} times", flush=True)


def _count(path: Path) -> int:
    return int(struct.unpack("=Q", path.read_bytes())[0]) if path.exists() else 0


if __name__ == "__main__":
    raise SystemExit(main())
