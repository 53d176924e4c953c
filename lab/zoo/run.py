"""One variant of one case, from its source to what Oakum said; and many of them beside each other."""

from __future__ import annotations

import fcntl
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from lab.zoo.asked import AskError, ask
from lab.zoo.built import BuildError, Missing, built
from lab.zoo.case import Case
from lab.zoo.confined import Confined, StartError, confined
from lab.zoo.driver import Driver
from lab.zoo.results import Result, Results
from lab.zoo.score import Said
from lab.zoo.servers import PATH, Dependency, dependency

LONGER: Final = 2.5
"""How much longer the second look is."""

CLIENT_MIB: Final = 512
"""Of a service whose server is what leaks."""

WARM_WITHIN_S: Final = 120.0
NODE_PORT: Final = "oakum-lab-node-port"
"""Node.js opens its inspector on one port of the machine: its cases take turns, and with the lab's tests."""


@dataclass(frozen=True, slots=True)
class Run:
    """What is to be run."""

    case: Case
    variant: str


@dataclass(frozen=True, slots=True)
class Served:
    """``target``: what Oakum is pointed at."""

    service: Confined
    port: int
    pid: int
    target: str


class Cannot(Exception):  # noqa: N818  (the machine's, not the case's fault)
    """This machine cannot run the case."""


def run_all(
    runs: Sequence[Run], results: Results, oakum: str, *, jobs: int, told: Callable[[Run, Result], None]
) -> bool:
    """Whether all of them were run: not where SIGINT or SIGTERM came; what was started is stopped first."""
    stop = threading.Event()
    before = [signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)]

    def one(run: Run) -> None:
        if stop.is_set():
            return
        result = run_one(run, results, oakum, stop)
        if not stop.is_set():
            results.add(result)
            told(run, result)

    try:
        with ThreadPoolExecutor(jobs) as pool:
            waiting: list[Future[None]] = [pool.submit(one, run) for run in runs]
            for future in waiting:
                future.result()
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)
    return not stop.is_set()


def run_one(run: Run, results: Results, oakum: str, stop: threading.Event) -> Result:
    case, variant = run.case, run.variant
    result = Result(case.id, variant, case.key(variant), oakum, time.time(), wanted_per_s=case.per_s)
    keep = results.folder / "answers" / case.runtime / f"{case.name}.{variant}"
    try:
        with turn(case, stop), serving(case, variant) as served:
            result = _looked(case, result, served, keep, stop)
    except (Missing, Cannot, BuildError, StartError, AskError, OSError) as exc:
        result = replace(result, trouble=str(exc) or type(exc).__name__)
    return replace(result, load=os.getloadavg()[0])


def _looked(case: Case, result: Result, served: Served, keep: Path, stop: threading.Event) -> Result:
    service, target = served.service, served.target
    looks: list[Said] = []
    trouble, begun_s, before = "", time.monotonic(), 0
    with closing(Driver(served.port, case.per_s)) as driver:
        try:
            warmed(driver, case, case.warmed, service, stop)
            begun_s, before = time.monotonic(), driver.answered
            looks.append(ask(case, target, case.for_s, keep.with_name(f"{keep.name}.json"), stop))
            if looks[0].asks_for_more and service.process.poll() is None:
                longer = keep.with_name(f"{keep.name}.longer.json")
                looks.append(ask(case, target, LONGER * case.for_s, longer, stop))
        except (AskError, StartError) as exc:
            trouble = str(exc)
        took_s = time.monotonic() - begun_s
        if service.process.poll() is not None:
            trouble = f"{trouble} the service ended with {service.process.returncode}: {service.last_words()}".strip()
        return replace(
            result,
            looks=tuple(looks),
            trouble=trouble,
            answered=driver.answered,
            failed=driver.failed,
            got_per_s=(driver.answered - before) / took_s if before else 0.0,
        )


def warmed(driver: Driver, case: Case, requests: int, service: Confined, stop: threading.Event) -> None:
    """Until so many requests were answered. Raises StartError."""
    until_s = time.monotonic() + WARM_WITHIN_S + 4 * requests / case.per_s
    while not driver.wait_for(requests, 0.2):
        if stop.is_set():
            raise StartError("interrupted")
        if service.process.poll() is not None:
            raise StartError("before it was warm")
        if time.monotonic() > until_s:
            raise StartError(f"{driver.answered} of {requests} requests were answered, {driver.failed} failed")


@contextmanager
def serving(
    case: Case,
    variant: str,
    through: Callable[[list[str]], list[str]] = lambda command: command,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Served]:
    """The service, ready. ``through``: what its command is made into. ``more``: of its environment."""
    with tempfile.TemporaryDirectory(prefix="service-") as name, dependency(case) as server:
        folder = Path(name)
        folder.chmod(0o755)
        command = through(built(case, variant, folder))
        environment = {"PATH": PATH, "HOME": name, "LANG": "C.UTF-8", **(server.environment if server else {}), **more}
        limit_mib = CLIENT_MIB if server else case.limit_mib
        with confined(command, folder=folder, limit_mib=limit_mib, environment=environment) as service:
            said = dict(word.split("=", 1) for word in _ready(service).split() if "=" in word)
            service.drained()
            yield Served(service, int(said["port"]), int(said["pid"]), _target(case, said["pid"], service, server))


def _ready(service: Confined) -> str:
    while not (line := service.line()).startswith("ready "):
        pass
    return line


def _target(case: Case, pid: str, service: Confined, server: Dependency | None) -> str:
    if case.target == "cgroup":
        if service.cgroup is None:
            raise Cannot("no memory cgroup can be made here: run as root on the machine itself")
        return f"cgroup{service.cgroup}"
    return server.asked if server and case.target in {"postgres", "redis"} else f"pid/{pid}"


@contextmanager
def turn(case: Case, stop: threading.Event) -> Iterator[None]:
    if case.runtime != "node":
        yield
        return
    with (Path(tempfile.gettempdir()) / NODE_PORT).open("w", encoding="ascii") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if stop.wait(0.2):
                    raise StartError("interrupted") from None
        yield
