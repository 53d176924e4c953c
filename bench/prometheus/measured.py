"""One process beside a server: its time and memory, and what it cost the server."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).parents[2]
MOST_BYTES = 4 << 30
"""No process that is measured may have more memory of its own."""

LONGEST_S = 1200.0


@dataclass(frozen=True, slots=True)
class Run:
    """``cpu_s``: of the process; ``server_cpu_s``: of the server meanwhile, ``server_mib``: what it held at the end.

    ``load``: of the machine when it began, over a minute. ``out``: standard output; ``exit``: negative for a signal.
    """

    name: str
    seconds: float
    cpu_s: float
    peak_mib: float
    server_cpu_s: float
    server_mib: float
    load: float
    exit: int
    out: bytes
    said: str

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.seconds:.1f} s, {self.cpu_s:.1f} s of processor, peak {self.peak_mib:.0f} MiB;"
            f" server {self.server_cpu_s:.1f} s of processor, {self.server_mib:.0f} MiB; load {self.load:.1f};"
            f" exit {self.exit}"
        )


def measured(
    name: str, command: Sequence[str], server: int | None = None, environment: Mapping[str, str] = MappingProxyType({})
) -> Run:
    """``server``: its process; ``environment``: more of it.

    What takes too long is ended, and told with the exit code of its signal.
    """
    load, before_s, begun_s = os.getloadavg()[0], _cpu_s(server), time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        bounded = ["prlimit", f"--data={MOST_BYTES}", *command]
        process = subprocess.Popen(bounded, stdout=out, stderr=errors, cwd=ROOT, env={**os.environ, **environment})
        used, peak_mib = _waited(process, begun_s + LONGEST_S)
        took_s = time.monotonic() - begun_s
        server_s, server_mib = _cpu_s(server) - before_s, _rss_mib(server)
        out.seek(0)
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip().splitlines()
        run = Run(
            name,
            took_s,
            used.ru_utime + used.ru_stime,
            peak_mib,
            server_s,
            server_mib,
            load,
            process.returncode,
            out.read(),
            next((line for line in reversed(said) if line.split(":")[0].endswith("Error")), said[-1] if said else ""),
        )
    print(run, flush=True)
    return run


def _waited(process: subprocess.Popen[bytes], until_s: float) -> tuple[resource.struct_rusage, float]:
    """What it used, and its peak in MiB: ru_maxrss would count what the bench itself held when it started it."""
    peak_mib = 0.0
    while True:
        peak_mib = max(peak_mib, peak(process.pid))
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return used, peak_mib
        if time.monotonic() > until_s:
            process.kill()
        time.sleep(0.02)


def _cpu_s(pid: int | None) -> float:
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak(pid: int) -> float:
    """MiB that were resident at most, 0 for one that has ended."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next((int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:")), 0.0)


def _rss_mib(pid: int | None) -> float:
    if pid is None:
        return 0.0
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
