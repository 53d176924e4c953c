"""Dumps of the lab's two leaking shops, and what the JVM itself counted in the same moment."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.judge.report.machine import ROOT
from oakum.host.sandbox import LiveSandboxes
from oakum.model.absent import Absent

JAVA = ROOT / "lab" / "java"
NODE_MAIN = ROOT / "lab" / "node" / "shop" / "main.js"
WIDE = ("-XX:-UseCompressedOops", "-XX:-UseCompressedClassPointers")
"""References and class words of eight bytes: the one layout that a dump's reader need not guess."""

ROW = re.compile(r"\s*\d+:\s+(\d+)\s+(\d+)\s+(\S+)")
GIB = 1 << 30


class Missing(Exception):  # noqa: N818  (an answer, no fault)
    """Something that this machine does not have; the text is for the page."""


@dataclass(frozen=True, slots=True)
class Size:
    """``requests`` served before the dump is taken, by runtime; ``heap_mb``: what the runtime may use.

    ``dense``: instead of the shop, so many lists of small linked objects (lab/java/Many.java).
    """

    name: str
    requests: Mapping[str, int]
    heap_mb: int
    dense: bool = False


SIZES = (
    Size("small", {"java": 12_000, "node": 16_000}, 512),
    Size("medium", {"java": 112_000, "node": 160_000}, 1024),
    Size("large", {"java": 560_000, "node": 800_000}, 2048),
    Size("dense", {"java": 1_200_000}, 2048, dense=True),
)


@dataclass(frozen=True, slots=True)
class Dump:
    """``histogram``: (instances, bytes) by the JVM's own class names; None where the runtime has none."""

    size: str
    runtime: str
    path: Path
    histogram: Mapping[str, tuple[int, int]] | None = None

    @property
    def file_bytes(self) -> int:
        return self.path.stat().st_size


def java_dump(folder: Path, size: Size, *, options: Sequence[str] = ()) -> Dump:
    """Raises Missing. The histogram and the dump are two safepoints; between them only jcmd itself does something."""
    for program in ("java", "javac", "jcmd"):
        _need(program)
    classes = folder / "classes"
    classes.mkdir(parents=True, exist_ok=True)
    subprocess.run(["javac", "-d", str(classes), *map(str, sorted(JAVA.rglob("*.java")))], check=True)
    path = folder / f"shop-{size.name}{'-wide' if options else ''}.hprof"
    path.unlink(missing_ok=True)
    command = ["java", f"-Xmx{size.heap_mb}m", "-XX:+UseSerialGC", *options, "-cp", str(classes)]
    command += ["Many", str(size.requests["java"])] if size.dense else ["shop.Main"]
    with _shop(command, limit_bytes=size.heap_mb * 2 * 1024**2 + GIB) as (process, ask):
        if not size.dense:
            ask(str(size.requests["java"]))
        counted = histogram(_jcmd(process.pid, "GC.class_histogram", "-all"))
        _jcmd(process.pid, "GC.heap_dump", "-all", str(path))
    if not path.exists():
        raise Missing(f"the JVM wrote no {size.name} dump")
    return Dump(size.name, "java", path, counted)


def node_dump(folder: Path, size: Size) -> Dump:
    """Raises Missing. Writing a snapshot takes about ten times what the heap holds."""
    _need("node")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"shop-{size.name}.heapsnapshot"
    command = ["node", f"--max-old-space-size={size.heap_mb}", str(NODE_MAIN)]
    with _shop(command, limit_bytes=size.heap_mb * 8 * 1024**2) as (_, ask):
        ask(f"serve {size.requests['node']}")
        ask(f"dump {path}")
    return Dump(size.name, "node", path)


def histogram(text: str) -> dict[str, tuple[int, int]]:
    """(instances, bytes) by name, of what ``jcmd PID GC.class_histogram`` prints; two classes may share a name."""
    rows: dict[str, tuple[int, int]] = {}
    for line in text.splitlines():
        if match := ROW.match(line):
            count, size = rows.get(match[3], (0, 0))
            rows[match[3]] = (count + int(match[1]), size + int(match[2]))
    return rows


@contextmanager
def _shop(command: Sequence[str], *, limit_bytes: int) -> Iterator[tuple[subprocess.Popen[bytes], _Ask]]:
    """In a memory cgroup: a leak that gets out of hand dies there."""
    sandbox = LiveSandboxes().create("bench-heap", limit_bytes)
    if isinstance(sandbox, Absent):
        raise Missing(f"no memory cgroup for a leaking program: {sandbox.why}")
    with closing(sandbox):
        process = sandbox.start(command)
        ask = _Ask(process)
        ask.answer()
        yield process, ask


class _Ask:
    """One line in, one line out."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def __call__(self, question: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{question}\n".encode())
        self._process.stdin.flush()
        return self.answer()

    def answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode(errors="replace").strip()
        if not line:
            raise Missing("the leaking program died before its dump was taken")
        return line


def _jcmd(pid: int, *command: str) -> str:
    return subprocess.run(["jcmd", str(pid), *command], check=True, capture_output=True, text=True).stdout


def _need(program: str) -> None:
    if shutil.which(program) is None:
        raise Missing(f"no {program} on this machine")
