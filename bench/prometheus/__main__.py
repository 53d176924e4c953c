"""``python -m bench.prometheus``: a scan of a fleet in a real Prometheus, beside a plain pull of the same series."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.prometheus import fleet
from lab.metrics.servers import filled

ROOT = Path(__file__).parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.prometheus", description=__doc__)
    parser.add_argument("--containers", type=int, default=10_000)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--peer", default="", help="a Python that has prometheus-api-client and pandas")
    parser.add_argument("--data", help="not used: the fleet is generated")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="oakum-bench-") as folder:
        begun_s = time.monotonic()
        text = Path(folder) / "fleet.om"
        samples = fleet.write(text, chosen.containers, chosen.hours)
        print(f"{samples:,} samples of memory written in {time.monotonic() - begun_s:.0f} s", flush=True)
        with filled(Path(folder), text) as (address, pid):
            print(f"in Prometheus after {time.monotonic() - begun_s:.0f} s; load {os.getloadavg()[0]:.1f}", flush=True)
            command = [sys.executable, "-m", "oakum.cli.entry", "scan", address, "--at", str(fleet.END_S)]
            for _ in range(2):
                out = _measured("oakum", [*command, "--window", f"{chosen.hours}h", "-o", "json"], pid)
                answer = json.loads(out)
                leaks = [row["id"] for row in answer["series"] if row["verdict"] == "leak"]
                planted = -(-chosen.containers // fleet.LEAK_EVERY)
                print(f"  {len(answer['series']):,} series, {len(leaks)} leaks of {planted} planted")
                print(f"  {answer['warnings'][-1]}")
            if chosen.peer:
                out = _measured(
                    "peer", [chosen.peer, "-m", "bench.prometheus.peer", address, str(chosen.hours), "60"], pid
                )
                print(f"  {out.decode().strip()}")
    return 0


def _measured(name: str, command: list[str], server: int) -> bytes:
    """Its standard output; time, memory and what it cost the server are printed."""
    before_s, begun_s = _cpu_s(server), time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, cwd=ROOT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        took_s = time.monotonic() - begun_s
        print(
            f"{name}: {took_s:.1f} s, of them {used.ru_utime + used.ru_stime:.1f} s of processor,"
            f" peak {used.ru_maxrss / 1024:.0f} MiB; the server used {_cpu_s(server) - before_s:.1f} s of processor and"
            f" holds {_rss_mib(server):.0f} MiB; exit {process.returncode}",
            flush=True,
        )
        out.seek(0)
        return out.read()


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    raise SystemExit(main())
