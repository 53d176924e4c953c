"""``python -m bench.cluster``: what a look at a cluster and a watch of it cost, beside kubectl; writes a page.

On the cluster of KUBECONFIG, which should hold thousands of pods: ``python -m lab.cluster crowd 5000``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.judge.report.machine import ROOT, stand, told
from bench.judge.table import markdown
from oakum.kube.pace import PaceSettings

ENGINE = "src/oakum/loop"
TIMES = 5
WATCH_S = 180
SETTLES_S = 20.0
"""A watch is measured from so long after its first answer on, in seconds."""

PAGE = ROOT / "docs" / "bench-cluster.md"
TICK = os.sysconf("SC_CLK_TCK")
OOM = "{range .items[*]}{.metadata.name} {.status.containerStatuses[*].lastState.terminated.reason}{'\\n'}{end}"


FIRST_S, STEADY_MIB, STEADY_CORE = 10.0, 150.0, 0.10
"""What is aimed at: the first answer within so long; a watch within so much memory and of a core."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One run. ``calls``: requests to the API server, None where it does not tell. ``size``: bytes that it printed.

    ``load``: of the machine as it began, over the minute before.
    """

    seconds: float
    cpu_s: float
    peak_mib: float
    calls: int | None
    size: int
    code: int
    last: str
    load: float


@dataclass(frozen=True, slots=True)
class Followed:
    """A watch while nothing is done but watch. ``core``: its share of one core; ``peak_mib``: with its first list.

    ``end_mib``: the peak when it had answered, None where it gives no answer. ``load``: least and most meanwhile.
    """

    core: float
    steady_mib: float
    peak_mib: float
    end_mib: float | None
    for_s: float
    calls: int | None
    load: tuple[float, float]


ASIDE = """
import json, resource, subprocess, sys, time
begun_s = time.monotonic()
done = subprocess.run(sys.argv[1:], capture_output=True)
seconds = time.monotonic() - begun_s
used = resource.getrusage(resource.RUSAGE_CHILDREN)
told = [seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, len(done.stdout), done.returncode]
print(json.dumps([*told, done.stderr.decode(errors="replace")]))
"""
"""Runs a command from a process that is small: what the kernel counts as a child's peak begins with its parent's."""


def measured(command: Sequence[str]) -> Ran:
    """Its output is read and thrown away."""
    load = os.getloadavg()[0]
    done = subprocess.run([sys.executable, "-c", ASIDE, *command], capture_output=True, text=True, check=True)
    seconds, cpu_s, peak_mib, size, code, err = json.loads(done.stdout)
    return Ran(seconds, cpu_s, peak_mib, calls_of(err), size, code, _last(err), load)


def calls_of(err: str) -> int | None:
    """Oakum tells how often it asked; kubectl, with -v=6, each request."""
    found = re.search(r"asked the API server ([\d,]+) times", err)
    if found:
        return int(found[1].replace(",", ""))
    lines = sum('"Response"' in line or " GET https" in line for line in err.splitlines())
    return lines or None


def _last(err: str) -> str:
    lines = [line for line in err.splitlines() if line.strip() and not re.match(r"[IWE]\d{4} ", line)]
    return lines[-1] if lines else ""


def followed(command: Sequence[str], ready: str, *, for_s: float, ends: bool) -> Followed:
    """``ready``: what it says once it watches, "" where it says nothing. ``ends``: it ends by itself."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = []
    while ready and ready not in (said[-1] if said else ""):
        said.append(process.stderr.readline())
        if not said[-1]:
            raise SystemExit(f"{command[0]} ended before it watched: {''.join(said)}")
    time.sleep(SETTLES_S)
    before_s = after_s = _cpu_s(process.pid)
    begun_s = at_s = time.monotonic()
    most = peak = end = 0.0
    loads = [os.getloadavg()[0]]
    # A watch of kubectl may end by itself: it is measured until then.
    while time.monotonic() - begun_s < for_s and process.poll() is None:
        most, peak = max(most, _memory_mib(process.pid, "VmRSS")), _memory_mib(process.pid, "VmHWM")
        after_s, at_s = _cpu_s(process.pid), time.monotonic()
        loads.append(os.getloadavg()[0])
        time.sleep(1.0)
    if not ends:
        process.send_signal(signal.SIGTERM)
    while ends and process.poll() is None:
        end = max(end, _memory_mib(process.pid, "VmHWM"))
        time.sleep(0.02)
    _, err = process.communicate()
    watched_s = at_s - begun_s
    core = (after_s - before_s) / watched_s if watched_s else float("nan")
    span = (min(loads), max(loads))
    return Followed(core, most, peak, end or None, watched_s, calls_of("".join(said) + err), span)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def _memory_mib(pid: int, name: str) -> float:
    """0 of one that has just ended."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    return int(found[1]) / 1024 if found is not None else 0.0


def kubectl() -> str:
    found = shutil.which("kubectl")
    if found is None:
        raise SystemExit("no kubectl on the PATH; next: python -m lab.cluster run -- python -m bench.cluster")
    return found


def looks(oakum: str, name: str) -> Iterator[tuple[str, str, list[str]]]:
    """(what, what it answers, command)"""
    scan = "ranked workloads: kills, share of limit, restarts"
    yield "oakum scan kube://", scan, [oakum, "scan", "kube://", "-o", "json"]
    pods = [name, "get", "pods", "--all-namespaces", "-v=6"]
    yield "kubectl get pods -A -o json", "all pods, to be read by another program", [*pods, "-o", "json"]
    yield "kubectl get pods -A", "a line for each pod, with restarts", pods
    by = "--sort-by=.status.containerStatuses[0].restartCount"
    yield "… --sort-by=…restartCount", "the same, sorted", [*pods, by]
    yield "… -o jsonpath=…lastState…", "a line for each pod, with how its last run ended", [*pods, f"-ojsonpath={OOM}"]
    yield "kubectl top pods -A --containers", "use of each container", [name, "top", "pods", "-A", "--containers"]
    yield "kubectl get events -A", "what was told within the last hour", [name, "get", "events", "-A", "-v=6"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.cluster", description=__doc__)
    parser.add_argument("--times", type=int, default=TIMES, help="how often each look is taken")
    parser.add_argument("--watch", type=int, default=WATCH_S, help="how long each watch is measured, in seconds")
    parser.add_argument("--page", type=Path, default=PAGE, help="which page is written")
    chosen = parser.parse_args()
    name, oakum = kubectl(), str(Path(sys.executable).with_name("oakum"))
    before, version = stand(ENGINE), _version(name)
    size = _size(name)
    found: dict[str, list[Ran]] = {}
    asked = list(looks(oakum, name))
    for _ in range(chosen.times):
        for what, _, command in asked:
            found.setdefault(what, []).append(measured(command))
            print(f"{what}: {found[what][-1].seconds:.1f} s", file=sys.stderr)
    spare_s = SETTLES_S + 30.0
    scan = [oakum, "scan", "kube://", "--for", f"{chosen.watch + spare_s:.0f}s", "-o", "json"]
    watches = [
        ("oakum scan kube:// --for", followed(scan, "watching", for_s=chosen.watch, ends=True)),
        (
            "kubectl get pods -A --watch",
            followed([name, "get", "pods", "-A", "--watch", "-v=6"], "GET", for_s=chosen.watch, ends=False),
        ),
        (
            "kubectl get pods -A --watch -o json",
            followed(
                [name, "get", "pods", "-A", "--watch", "-o", "json", "-v=6"], "GET", for_s=chosen.watch, ends=False
            ),
        ),
    ]
    rows = [_row(what, answers, found[what]) for what, answers, _ in asked]
    aims = _aims(found[asked[0][0]], watches[0][1])
    facts = [*told(before, stand(ENGINE)), ("cluster", f"{version}, {size}")]
    chosen.page.write_text(_page(facts, aims, rows, watches, chosen.times), encoding="utf-8")
    print(chosen.page)
    return 0


def _version(name: str) -> str:
    done = subprocess.run([name, "version", "-o", "json"], capture_output=True, text=True, check=True)
    return f"Kubernetes {json.loads(done.stdout)['serverVersion']['gitVersion']}"


def _size(name: str) -> str:
    def count(kind: str) -> int:
        done = subprocess.run([name, "get", kind, "-A", "-o", "name"], capture_output=True, text=True, check=True)
        return len(done.stdout.splitlines())

    return f"{count('pods'):,} pods of {count('deployments'):,} Deployments on {count('nodes')} nodes"


def _row(what: str, answers: str, runs: Sequence[Ran]) -> list[str]:
    seconds = sorted(run.seconds for run in runs)
    middle = seconds[len(seconds) // 2]
    calls = "?" if runs[-1].calls is None else str(runs[-1].calls)
    told_ = answers if runs[-1].size else f"nothing: {runs[-1].last}"
    return [
        f"`{what}`",
        f"{middle:.1f}",
        f"{seconds[0]:.1f}, {seconds[-1]:.1f}",
        f"{sorted(run.cpu_s for run in runs)[len(runs) // 2]:.1f}",
        f"{max(run.peak_mib for run in runs):.0f}",
        calls,
        f"{runs[-1].size / 1024:,.0f}",
        _span(run.load for run in runs),
        told_,
    ]


def _span(values: Iterable[float]) -> str:
    """``0.8``, ``0.8 to 2.1``."""
    told_ = sorted(values)
    low, high = f"{told_[0]:.1f}", f"{told_[-1]:.1f}"
    return low if low == high else f"{low} to {high}"


def _aims(looks_: Sequence[Ran], watch: Followed) -> list[list[str]]:
    """(what is aimed at, what was measured, whether it was kept)"""
    middle, pace = sorted(run.seconds for run in looks_)[len(looks_) // 2], PaceSettings()
    calls = looks_[-1].calls or 0
    rows = [
        (f"first answer within {FIRST_S:.0f} s", f"{middle:.1f} s", middle <= FIRST_S),
        (f"a watch within {STEADY_MIB:.0f} MiB", f"{watch.steady_mib:.0f} MiB", watch.steady_mib <= STEADY_MIB),
        (f"and {STEADY_CORE:.0%} of a core", f"{watch.core:.1%}", watch.core <= STEADY_CORE),
        (
            f"calls counted, and no faster than {pace.burst} at once and {pace.per_s:.0f} a second",
            f"{calls} in {middle:.1f} s",
            0 < calls <= pace.burst + pace.per_s * middle,
        ),
    ]
    return [[aim, found, "kept" if kept else "**missed**"] for aim, found, kept in rows]


def _page(
    facts: Sequence[tuple[str, str]],
    aims: Sequence[list[str]],
    rows: Sequence[list[str]],
    watches: Sequence[tuple[str, Followed]],
    times: int,
) -> str:
    watched = [
        [
            f"`{what}`",
            f"{100 * each.core:.1f}",
            f"{each.steady_mib:.0f}",
            f"{each.peak_mib:.0f}",
            "" if each.end_mib is None else f"{each.end_mib:.0f}",
            "?" if each.calls is None else str(each.calls),
            f"{each.for_s:.0f}",
            _span(each.load),
        ]
        for what, each in watches
    ]
    looked = ("look", "seconds", "least, most", "CPU s", "peak MiB", "calls", "KiB told", "load", "what it answers")
    followed_ = ("watch", "% of a core", "steady MiB", "peak MiB", "at its end MiB", "calls", "measured for s", "load")
    return (
        "\n\n".join(
            [
                HEAD.format(times=times, settles=SETTLES_S),
                markdown(("", ""), [list(fact) for fact in facts]),
                markdown(("aimed at", "measured", ""), aims),
                markdown(looked, rows),
                markdown(followed_, watched),
                OTHERS,
            ]
        )
        + "\n"
    )


HEAD = """# What a look at a cluster costs

Written by `make bench-cluster`; change nothing by hand.

All on the same cluster in the same run, {times} times each, in turn: the median, the least and the most. *CPU* is that
of the program that asks; *calls* are requests to the API server; *told* is what it prints; *load* is the machine's as a
run began, over the minute before. The pods are played by kwok and their kubelets by a program of the lab
(docs/lab-cluster.md): one workload in twenty is killed for memory every two minutes or so, and one grows. API server,
players and all that is measured share the cores.

A *watch* is measured from {settles:.0f} s after it began. *Peak* is of its whole life until then, with its first list;
*at its end* when it has judged what it saw."""

OTHERS = """## Peers that did not run here

By their documentation and source only; nothing of it was measured here. Both want a Prometheus that scrapes cAdvisor,
and nodes that are played have none.

- **KRR** (`robusta-krr`) answers another question: which requests and limits fit, from what a Prometheus knows (2.26 or
  later, with kube-state-metrics and cAdvisor). Its documentation names 14 days of history; for memory its `simple`
  strategy takes the largest working set and 15 % on top. With `--use-oomkill-data` (marked experimental) a container
  that was OOM-killed gets 25 % more than it had. It names no cause and no growth: of a leak it recommends the peak.
- **Robusta** runs in the cluster and is triggered by an OOM kill (`on_pod_oom_killed`). Its enricher tells pod, node,
  container, request, limit, start and end of that run, and attaches the log; graphs of the container and its node, and
  an estimate whether container or node was full (above 92 % and 95 % of its memory within the last 20 minutes), come
  from a Prometheus. What was not killed yet it does not rank.
- **`kubectl top`** needs a metrics server, and tells one moment, without limits."""


if __name__ == "__main__":
    sys.exit(main())
