"""``python -m bench.redis``: keys without TTL by pattern, beside redis-cli's own walks; writes docs/bench-redis.md."""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio

from bench.judge.report.machine import ROOT, stand, told
from bench.judge.table import markdown
from oakum.model.redis import Survey
from oakum.redis_family.access import find_access
from oakum.redis_family.live import connected
from oakum.redis_family.survey import Budget

ENGINE = "src/oakum/redis_family"
KEYS = 1_000_000
TIMES = 3
SLOW_MICROS = 5000
LOOPED = 200
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
TICK = os.sysconf("SC_CLK_TCK")

HEAD = """# What it costs a Redis to be walked

Written by `make bench-redis`; change nothing by hand.

One server holds {keys:,} keys, 93 % of them without TTL: `session:` with 32 hexadecimal digits, `user:N:cart`,
`profile:` with one of 100,000 names and a number, `cache:page:N` (these have a TTL), `tok:` with 22 signs of base64.
Each way was taken {times} times in turn; figures are those of the median by time, the longest command is the longest
of all times. *Server CPU* is what the kernel counted for its process. *Longest command* and *over 5 ms* (one number
for each time) are of its slow log, whose clock goes on while another program has the processor: the server runs
{who}, and the last row shows what the machine alone does. *Right* says of how many of the 5 patterns the number of
keys is the planted one, or within the bounds that are told. `redis-cli` tells the largest key of each type, no
pattern and no TTL; the loop of a runbook, which starts a program for each key, was taken over {looped} keys alone."""

COLUMNS = ("way", "keys seen", "whole s", "server CPU s", "SCANs", "longest command ms", "over 5 ms", "right")


@dataclass(frozen=True, slots=True)
class Walked:
    """One time of one way. ``longest_ms``: None where nothing took a millisecond."""

    seen: int
    seconds: float
    cpu_s: float
    scans: int
    longest_ms: float | None
    over: int
    right: str


class Server:
    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = tempfile.mkdtemp(prefix="oakum-bench-redis-")
        self.process = subprocess.Popen(
            [
                *("redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"),
                *("--maxmemory", "1gb", "--dir", self.folder, "--slowlog-log-slower-than", "1000"),
                *("--slowlog-max-len", "100000"),
            ],
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        while b"Ready to accept" not in self.process.stdout.readline():
            pass
        self.before_others = True
        try:
            os.sched_setscheduler(self.process.pid, os.SCHED_RR, os.sched_param(1))
        except PermissionError:
            self.before_others = False

    def cli(self, *words: str) -> str:
        return subprocess.run(
            ["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, check=True
        ).stdout

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def scans(self) -> int:
        told = self.cli("INFO", "commandstats")
        line = next((line for line in told.splitlines() if line.startswith("cmdstat_scan:")), "calls=0,")
        return int(line.partition("calls=")[2].partition(",")[0])

    def slow(self) -> list[int]:
        """Microseconds of each entry."""
        rows = self.cli("--json", "SLOWLOG", "GET", "-1")
        return [int(row[2]) for row in json.loads(rows)]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _names(keys: int) -> Iterator[tuple[str, str]]:
    """(pattern, key)."""
    chance = random.Random(7)
    words = ["".join(chance.choices(LETTERS[26:52], k=chance.randint(3, 9))) for _ in range(100_000)]
    for number in range(keys):
        at = chance.random()
        if at < 0.5:
            yield "session:*", f"session:{chance.getrandbits(128):032x}"
        elif at < 0.75:
            yield "user:*:cart", f"user:{number}:cart"
        elif at < 0.9:
            yield "profile:*", f"profile:{chance.choice(words)}:{number}"
        elif at < 0.97:
            yield "cache:page:*", f"cache:page:{number}"
        else:
            yield "tok:*", f"tok:{''.join(chance.choices(LETTERS, k=22))}"


def _fill(server: Server, keys: int) -> Counter[str]:
    truth: Counter[str] = Counter()
    pipe = subprocess.Popen(
        ["redis-cli", "-p", str(server.port), "--pipe"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert pipe.stdin is not None
    chance = random.Random(8)
    for pattern, key in _names(keys):
        truth[pattern] += 1
        words = ["SET", key, "x" * chance.randint(10, 60), *(["EX", "36000"] if pattern.startswith("cache") else [])]
        line = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
        pipe.stdin.write(line.encode())
    pipe.stdin.close()
    pipe.wait()
    return truth


def _oakum(server: Server, truth: Counter[str], budget: Budget) -> tuple[int, str]:
    async def survey() -> Survey:
        async with connected(find_access(f"redis://127.0.0.1:{server.port}", {}), budget) as redis:
            told = (await redis.sample(whole=True)).survey
            assert told is not None
            return told

    found = anyio.run(survey)
    told = {pattern.pattern: pattern.keys for pattern in found.patterns}
    right = sum(name in told and told[name].low <= count <= told[name].high for name, count in truth.items())
    return found.seen, f"{right} of {len(truth)}"


def _cli(server: Server, option: str) -> tuple[int, str]:
    said = server.cli(option)
    return int(re.search(r"Sampled (\d+) keys", said)[1]), "-"  # type: ignore[index]


def _loop(server: Server) -> tuple[int, str]:
    keys = server.cli("--scan").splitlines()[:LOOPED]
    for key in keys:
        server.cli("TTL", key)
    return len(keys), "-"


def _gets(server: Server, keys: int) -> tuple[int, str]:
    words = ["redis-benchmark", "-p", str(server.port), "-c", "1", "-n", str(keys // 5), "-q", "GET", "user:1:cart"]
    subprocess.run(words, capture_output=True, check=True)
    return keys // 5, "-"


def _walked(server: Server, way: Callable[[], tuple[int, str]]) -> Walked:
    server.cli("SLOWLOG", "RESET")
    scans, cpu_s, begun_s = server.scans(), server.cpu_s(), time.monotonic()
    seen, right = way()
    seconds, spent_s = time.monotonic() - begun_s, server.cpu_s() - cpu_s
    slow = server.slow()
    longest = max(slow, default=None)
    over = sum(micros >= SLOW_MICROS for micros in slow)
    told = None if longest is None else longest / 1000
    return Walked(seen, seconds, spent_s, server.scans() - scans, told, over, right)


@contextmanager
def _served() -> Iterator[Server]:
    server = Server()
    try:
        yield server
    finally:
        server.close()


def _row(name: str, times: list[Walked]) -> list[str]:
    middle = sorted(times, key=lambda each: each.seconds)[len(times) // 2]
    longest = max((each.longest_ms for each in times if each.longest_ms is not None), default=None)
    over = ", ".join(str(each.over) for each in times)
    shown = "< 1" if longest is None else f"{longest:.1f}"
    return [
        *(name, f"{middle.seen:,}", f"{middle.seconds:.1f}", f"{middle.cpu_s:.2f}", f"{middle.scans:,}"),
        *(shown, over, middle.right),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.redis", description=__doc__)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page is written")
    parser.add_argument("--keys", type=int, default=KEYS)
    parser.add_argument("--times", type=int, default=TIMES)
    chosen = parser.parse_args()
    before = stand(ENGINE)
    with _served() as server:
        truth = _fill(server, chosen.keys)
        whole, part = Budget(60.0, 2 * chosen.keys, 60.0), Budget(60.0, chosen.keys // 20, 60.0)
        ways: dict[str, Callable[[], tuple[int, str]]] = {
            "Oakum, all keys": lambda: _oakum(server, truth, whole),
            "Oakum, a twentieth of them": lambda: _oakum(server, truth, part),
            "redis-cli --bigkeys": lambda: _cli(server, "--bigkeys"),
            "redis-cli --memkeys": lambda: _cli(server, "--memkeys"),
            f"a loop of TTL over {LOOPED} keys": lambda: _loop(server),
            f"{chosen.keys // 5:,} times GET, one by one": lambda: _gets(server, chosen.keys),
        }
        seen: dict[str, list[Walked]] = {}
        for _ in range(chosen.times):
            for name, way in ways.items():
                seen.setdefault(name, []).append(walked := _walked(server, way))
                print(f"{name}: {walked}", file=sys.stderr)
        rows = [_row(name, times) for name, times in seen.items()]
        version = server.cli("INFO", "server").partition("redis_version:")[2].split()[0]
        who = "before all other programs (SCHED_RR)" if server.before_others else "as any other program"
    facts = markdown(("", ""), [list(row) for row in [*told(before, stand(ENGINE)), ("server", f"Redis {version}")]])
    head = HEAD.format(keys=chosen.keys, times=chosen.times, who=who, looped=LOOPED)
    page = f"{head}\n\n{facts}\n\n{markdown(COLUMNS, rows)}\n"
    (chosen.docs / "bench-redis.md").write_text(page, encoding="utf-8")
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
