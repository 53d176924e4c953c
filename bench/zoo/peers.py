"""What other tools say of the same programs: memray runs them, the others read a dump of them."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from bench.heap import peers as of_dumps
from bench.heap.dumps import Missing
from lab.zoo.case import LEAK, Case
from lab.zoo.confined import StartError
from lab.zoo.driver import Driver
from lab.zoo.run import Served, serving, turn, warmed

DUMPS: Final = {"node": ("node", ".heapsnapshot"), "jvm": ("java", ".hprof")}
"""By the zoo's runtime: the peers' name for it, and how its dumps end."""

ENDED_WITHIN_S: Final = 120.0
READ_WITHIN_S: Final = 600.0
TRACED_MIB: Final = 1024
"""Of a program in which memray runs: its own needs come on top."""

MEMRAY: Final = "memray"


@dataclass(frozen=True, slots=True)
class Told:
    """``line``: its top line. ``right``: it has what is asked of it. ``seconds``: of reading, without the program."""

    case: str
    key: str
    tool: str
    line: str
    right: bool
    seconds: float


class Kept:
    """What peers told, one line of JSON each: a peer is asked once about one source."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "peers.jsonl"

    def of(self, case: Case) -> list[Told]:
        try:
            lines = self._file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        rows = [Told(**json.loads(line)) for line in lines]
        return list({row.tool: row for row in rows if row.key == case.key(LEAK) and row.case == case.id}.values())

    def add(self, told: Sequence[Told]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(one)) + "\n" for one in told)


def ask_peers(case: Case, folder: Path) -> tuple[list[Told], list[str]]:
    """(what they say of the leaking variant, which could not be asked). ``folder``: where they are installed."""
    try:
        if case.runtime == "python":
            return [_memray(case)], []
        if case.runtime in DUMPS:
            return _on_dump(case, folder)
    except (Missing, StartError, OSError, subprocess.TimeoutExpired) as exc:
        return [], [f"of `{case.id}` none: {exc}"]
    return [], []


def _memray(case: Case) -> Told:
    if importlib.util.find_spec(MEMRAY) is None:
        raise Missing("memray is not installed: pip install memray")
    with tempfile.TemporaryDirectory(prefix="bench-memray-") as name:
        file = Path(name) / "memray.bin"

        def through(command: list[str]) -> list[str]:
            options = ["--quiet", "--aggregate", "--trace-python-allocators", "--output", str(file)]
            return [command[0], "-u", "-m", MEMRAY, "run", *options, command[-1]]

        found = {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        with serving(replace(case, limit_mib=TRACED_MIB), LEAK, through, found) as served:
            _driven(case, served)
            assert served.service.process.stdin is not None
            served.service.process.stdin.close()
            served.service.process.wait(ENDED_WITHIN_S)
        begun_s = time.monotonic()
        said = _run([sys.executable, "-m", "bench.zoo.memray_top", str(file)])
        size, frames = json.loads(said)
    seconds = time.monotonic() - begun_s
    own = [(function, line) for function, path, line in frames if Path(path).stem == case.name]
    function, path, line = frames[0] if frames else ("nothing", "", 0)
    named = next((f"{name}:{at}" for name, at in own if not name.startswith("<")), "")
    at = f", in {named}" if named else ""
    top = f"{function} {Path(path).name}:{line}{at}, {size / 2**20:.1f} MiB"
    return Told(case.id, case.key(LEAK), MEMRAY, top, any(name in case.made for name, _ in own), seconds)


def _on_dump(case: Case, folder: Path) -> tuple[list[Told], list[str]]:
    runtime, suffix = DUMPS[case.runtime]
    told, absent = [], []
    with tempfile.TemporaryDirectory(prefix="bench-zoo-dump-") as name:
        dump = Path(name) / f"dump{suffix}"
        with turn(case, threading.Event()), serving(case, LEAK) as served, closing(_driver(case, served)):
            command = [sys.executable, "-m", "oakum.cli.entry", "heap", "capture", f"pid/{served.pid}", "--raw"]
            _run([*command, "--inspect", "--file", str(dump)])
        for peer in of_dumps.PEERS:
            if runtime in peer.runtimes:
                try:
                    peer.fetch(folder)
                    begun_s = time.monotonic()
                    line = peer.first(_run(peer.command(folder, dump)))
                except Missing as exc:
                    absent.append(f"{peer.name}: {exc}")
                    continue
                right = names_holder(case, line)
                tool = "oakum heap analyze" if peer is of_dumps.OURS else peer.name
                told.append(Told(case.id, case.key(LEAK), tool, line, right, time.monotonic() - begun_s))
    return told, absent


def names_holder(case: Case, line: str) -> bool:
    """A dump does not say in which file a name stands: no tool that reads one alone is asked for it."""
    return all(text in line for text in case.holder if text not in {case.name, f"{case.name}{case.suffix}"})


def _driven(case: Case, served: Served) -> None:
    _driver(case, served).close()


def _driver(case: Case, served: Served) -> Driver:
    """Still driving, after as many requests as Oakum's first look had seen at its end."""
    driver = Driver(served.port, case.per_s)
    try:
        warmed(driver, case, case.warmed + int(case.per_s * case.for_s), served.service, threading.Event())
    except BaseException:
        driver.close()
        raise
    return driver


def _run(command: list[str]) -> str:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=READ_WITHIN_S, check=False
    )
    if done.returncode:
        raise Missing(f"{' '.join(map(str, command[:4]))} … ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout
