"""Starts the lab's programs in memory cgroups, speaks with them, and runs Oakum on them as a person would."""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest
import referencing

from oakum.host.sandbox import LiveSandboxes
from oakum.model.absent import Absent

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "lab" / "programs"
SCHEMAS = ROOT / "src" / "oakum" / "render" / "schemas"
OAKUM = Path(sys.executable).with_name("oakum")
LIMIT_BYTES = 512 * 1024**2
REPLY_WITHIN_S = 30.0
PAUSE_BEYOND_S = 2.0
"""How much longer than Oakum said a target may have stood still: it shares two cores with four tests, and waits for its
turn. That is against a disaster; the tables of the lab tell both pauses."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One row of lab/programs/expected.toml."""

    name: str
    kind: str
    command: tuple[str, ...]
    verdicts: tuple[str, ...]
    mb_per_s: float
    shell: bool = False
    causes: tuple[str, ...] = ()
    holder: tuple[str, ...] = ()
    settled_s: float = 0.0

    def arguments(self, *options: str) -> list[str]:
        """Programs are named by their full path: a sandbox starts them wherever the test runs."""
        if self.shell:
            script = self.command[0].replace("{python} ", f"{sys.executable} {FOLDER}/")
            return ["/bin/sh", "-c", script]
        return [sys.executable, str(FOLDER / self.command[0]), *self.command[1:], *options]


def expected_programs() -> list[Expected]:
    table = tomllib.loads((FOLDER / "expected.toml").read_text(encoding="utf-8"))
    return [
        Expected(name, **{key: tuple(value) if isinstance(value, list) else value for key, value in row.items()})
        for name, row in table.items()
    ]


EXPECTED = {program.name: program for program in expected_programs()}
LEAKS = [program.name for program in EXPECTED.values() if program.kind == "leak"]
HEALTHY = [program.name for program in EXPECTED.values() if program.kind == "healthy"]


class Lines:
    """Lines of a pipe, each waited for with a deadline: a program that hangs fails a test, not the whole run."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._rest = b""

    def next(self, within_s: float = REPLY_WITHIN_S) -> str:
        """The next line without its end. Raises EOFError when the pipe has closed, TimeoutError in time."""
        until_s = time.monotonic() + within_s
        while b"\n" not in self._rest:
            if not select.select([self._fd], [], [], max(0.0, until_s - time.monotonic()))[0]:
                raise TimeoutError(f"no line for {within_s:.0f} s; so far {self._rest!r}")
            chunk = os.read(self._fd, 65536)
            if not chunk:
                raise EOFError(self._rest.decode(errors="replace"))
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode(errors="replace").strip()


class Program:
    """A running program that has said it is ready. ``pid`` is what Oakum is pointed at, ``leaking`` what grows."""

    def __init__(self, process: subprocess.Popen[bytes], cgroup: str) -> None:
        self.process = process
        self.pid = process.pid
        self.cgroup = cgroup
        self._lines = Lines(process.stdout.fileno())
        ready = self._next("ready")
        self.ready = fields(ready)
        self.leaking = int(self.ready.get("leaking", self.ready["pid"]))

    def ask(self, question: str) -> str:
        """One line in, one line out; see lab/programs/life.py."""
        self.process.stdin.write(f"{question}\n".encode())
        self.process.stdin.flush()
        return self._next(question)

    def number(self, question: str, name: str) -> float:
        return float(fields(self.ask(question))[name])

    def serve_for(self, seconds: float) -> int:
        """Let it work for so long, seen by its own progress; returns how much it has done."""
        until_s = time.monotonic() + seconds
        served = int(self.number("serve", "served"))
        while time.monotonic() < until_s:
            served = int(self.number("serve", "served"))
        return served

    def anon_bytes(self) -> int:
        """Anonymous memory by the kernel's own status file, not by the code under test."""
        status = Path(f"/proc/{self.leaking}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon:"))

    def _next(self, what: str) -> str:
        try:
            return self._lines.next()
        except (EOFError, TimeoutError) as exc:
            self.process.kill()
            said = self.process.stderr.read().decode(errors="replace") if self.process.stderr else ""
            raise AssertionError(f"{what}: {exc!r}\n{said}") from exc


def fields(line: str) -> dict[str, str]:
    """``ready pid=1 port=2`` → {"pid": "1", "port": "2"}."""
    return dict(word.split("=", 1) for word in line.split() if "=" in word)


@contextmanager
def started(
    command: Sequence[str],
    *,
    name: str = "lab",
    limit_bytes: int = LIMIT_BYTES,
    environment: Mapping[str, str] | None = None,
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """(process, cgroup): anything, in a memory cgroup of its own that is gone at the end with all that is in it."""
    sandbox = LiveSandboxes().create(name.replace("_", "-"), limit_bytes)
    if isinstance(sandbox, Absent):
        pytest.skip(f"no memory cgroup here: {sandbox.why}")
    with closing(sandbox):
        yield sandbox.start(command, environment), sandbox.path


@contextmanager
def running(
    name: str, *options: str, limit_bytes: int = LIMIT_BYTES, environment: Mapping[str, str] | None = None
) -> Iterator[Program]:
    """A program of the index, ready."""
    command = EXPECTED[name].arguments(*options)
    with started(command, name=name, limit_bytes=limit_bytes, environment=environment) as (process, cgroup):
        yield Program(process, cgroup)


@dataclass(frozen=True, slots=True)
class Run:
    """How one run of Oakum ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def json(self) -> dict:
        try:
            return json.loads(self.out)
        except ValueError:
            raise AssertionError(f"exit {self.code}; not JSON: {self.out[:500]!r}\n{self.err}") from None

    def says(self, *words: str) -> None:
        """One clear error: no traceback, what happened, the words that name it, and a next step."""
        assert "Traceback" not in self.err, self.err
        assert "our own fault" not in self.err, self.err
        assert self.err.strip(), f"exit {self.code} and not a word"
        for word in words:
            assert word in self.err, f"{word!r} is not in:\n{self.err}"


_PORT_HELD = [0]


@contextmanager
def node_port() -> Iterator[None]:
    """Node.js opens its inspector on one port of the machine: tests that run beside each other take turns."""
    _PORT_HELD[0] += 1
    try:
        with (Path(tempfile.gettempdir()) / "oakum-lab-node-port").open("w") as file:
            if _PORT_HELD[0] == 1:
                fcntl.flock(file, fcntl.LOCK_EX)
            yield
    finally:
        _PORT_HELD[0] -= 1


def oakum(
    *arguments: object,
    prefix: Sequence[str] = (),
    within_s: float = 180.0,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Oakum as a process of its own. ``prefix``: what it is started through (setpriv)."""
    begun_s = time.monotonic()
    done = subprocess.run(
        [*prefix, str(OAKUM), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=within_s,
        cwd=cwd,
        env=None if environment is None else {**os.environ, **environment},
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr, time.monotonic() - begun_s)


def answered(run: Run) -> dict:
    """The investigation, checked against the committed schema; an error here is Oakum's, and is shown."""
    answer = run.json
    assert answer["schema"] == "oakum.investigation/1"
    schemas = [json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.json")]
    # The investigation's schema takes some of its parts from the scan's.
    registry = referencing.Registry().with_contents([(schema["$id"], schema) for schema in schemas])
    schema = json.loads((SCHEMAS / "oakum.investigation-1.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema, registry=registry).validate(answer)
    return answer


def named(cause: Mapping[str, object]) -> str:
    """All words by which a cause names its holder."""
    places = " ".join(str(place) for place in cause.get("places", ()))
    return f"{cause['holder']} {cause['title']} {cause['where']} {places}"
