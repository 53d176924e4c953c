"""``python -m fuzz.run READER FORM SECONDS FOLDER``: one stretch of fuzzing, in one process.

FORM ``plain``: kernels as plain Python (NUMBA_DISABLE_JIT=1), which atheris follows branch by branch.
FORM ``compiled``: kernels compiled with their bounds checked (NUMBA_BOUNDSCHECK=1), and their answer compared with that
of plain Python. What is found is written into FOLDER/findings, once for each place in the code, and the run goes on.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import resource
import struct
import sys
import time
import traceback
from pathlib import Path
from random import Random
from typing import Any

import atheris

from fuzz.mutation import mutated
from oakum.heap import compiled

# numba cannot compile what atheris has rewritten.
PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"
with atheris.instrument_imports(include=["oakum.heap.formats"]) if PLAIN else contextlib.nullcontext():
    from fuzz.asked import ask

MOST_BYTES = 1 << 16
MEMORY_BYTES = 768 << 20
"""Beyond what the process has when it begins. An input of 64 KiB that needs more is a finding."""

SLOW_CPU_S = 10
HUNG_S = 600
"""Wall-clock, and for the very worst alone: the machine may have other things to do."""


def main() -> None:
    reader, form, seconds, folder = sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
    seeds = Path(__file__).parent / "seeds" / reader
    corpus, findings = folder / f"corpus-{reader}", folder / "findings"
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    whole = [path.read_bytes() for path in sorted(seeds.iterdir())]
    for seed in whole:
        ask(seed)
        if form == "compiled":
            compiled.INTERPRETED_STEPS = -1
            ask(seed)
    _limit_memory()
    counted = _counter(folder / f"count-{reader}-{form}")

    def one(data: bytes) -> None:
        counted[:8] = struct.pack("=Q", struct.unpack("=Q", counted[:8])[0] + 1)
        try:
            if form == "compiled":
                compiled.INTERPRETED_STEPS = -1
            begun_s = time.process_time()
            answer = ask(data)
            assert time.process_time() - begun_s < SLOW_CPU_S, "slow"
            if form == "compiled":
                compiled.INTERPRETED_STEPS = 1 << 62
                assert ask(data) == answer, "compiled and plain Python differ"
        except Exception as exc:  # noqa: BLE001  (whatever it is, it is what is looked for)
            _keep(findings, reader, form, data, exc)

    # Nothing follows compiled code: it gets what the plain runs have found worth keeping.
    kept = [*whole, *(path.read_bytes() for path in sorted(corpus.iterdir()))] if form == "compiled" else []

    def change(data: bytes, most: int, seed: int) -> bytes:
        chance = Random(seed)
        if not kept and chance.random() < 0.1:
            return bytes(atheris.Mutate(data, most))
        base = chance.choice(kept or whole) if kept or chance.random() < 0.2 else data
        return mutated(reader, base, chance.choice(whole), chance, most)

    options = [
        f"-max_total_time={seconds}",
        f"-max_len={MOST_BYTES}",
        f"-timeout={HUNG_S}",
        f"-report_slow_units={HUNG_S}",
        "-rss_limit_mb=4096",
    ]
    options += [
        f"-artifact_prefix={findings}/{reader}-{form}-",
        "-print_final_stats=1",
        "-verbosity=1",
        "-len_control=0",
    ]
    folders = [str(corpus), str(seeds)] if form == "plain" else []
    atheris.Setup([sys.argv[0], *options, *folders], one, custom_mutator=change)
    atheris.Fuzz()


def _limit_memory() -> None:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    data_kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmData:"))
    most = (data_kib << 10) + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _counter(path: Path) -> Any:
    """Outlives the process, however it ends."""
    if not path.exists():
        path.write_bytes(bytes(8))
    file = os.open(path, os.O_RDWR)
    return mmap.mmap(file, 8)


def _keep(findings: Path, reader: str, form: str, data: bytes, exc: Exception) -> None:
    frames = traceback.extract_tb(exc.__traceback__)
    place = f"{type(exc).__name__} {[(frame.filename, frame.lineno) for frame in frames[-3:]]}"
    name = f"{reader}-{form}-{hashlib.sha256(place.encode()).hexdigest()[:10]}"
    if not (findings / name).exists():
        (findings / name).write_bytes(data)
        (findings / f"{name}.txt").write_text("".join(traceback.format_exception(exc)), encoding="utf-8")
        print(f"found: {name}: {exc!r}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
