"""Dumps of programs that were not written for Oakum: published servers under load, each dumped twice.

``python -m bench.heap.wild FOLDER [NAME...]`` fetches them with their registries' own clients, runs each in a memory
cgroup, and writes FOLDER/NAME-1 and NAME-2; docs/heap-in-the-wild.md tells what Oakum says of them.
"""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench.heap.dumps import GIB, Missing
from bench.heap.peers import fetch
from bench.judge.report.machine import ROOT
from oakum.host.sandbox import LiveSandboxes
from oakum.model.absent import Absent

LAB = ROOT / "lab" / "wild"
PACKAGES = (
    "express@4.21.2",
    "express-session@1.19.0",
    "fastify@5",
    "@fastify/session@11",
    "@fastify/cookie@11",
    "json-server@0.17.4",
)
WIREMOCK = "3.9.1"
WITHIN_S = 120.0
PORT = 18_100
Ask = Callable[[http.client.HTTPConnection, int], None]


@dataclass(frozen=True, slots=True)
class Wild:
    """``command``: what starts it, of (folder, port). ``ask``: one request. ``requests``: so many before each dump."""

    name: str
    runtime: str
    command: Callable[[Path, int], Sequence[str]]
    ask: Ask
    requests: int


def get_item(connection: http.client.HTTPConnection, number: int) -> None:
    connection.request("GET", f"/item/{number}", headers={"X-Request": f"r{number}"})


def post_text(connection: http.client.HTTPConnection, number: int) -> None:
    body = json.dumps({"title": f"post {number}", "body": "x" * 500})
    connection.request("POST", "/posts", body, {"Content-Type": "application/json"})


def node(script: str) -> Callable[[Path, int], Sequence[str]]:
    return lambda folder, port: _node(str(LAB / script), str(folder / "npm"), str(port))


def json_server(folder: Path, port: int) -> Sequence[str]:
    base = folder / "json-server" / "base.json"
    base.parent.mkdir(parents=True, exist_ok=True)
    base.write_text('{"posts": []}', encoding="utf-8")
    program = folder / "npm" / "node_modules" / "json-server" / "lib" / "cli" / "bin.js"
    return _node(str(program), "--quiet", "--host", "127.0.0.1", "--port", str(port), str(base))


def wiremock(folder: Path, port: int) -> Sequence[str]:
    jar = folder / "m2" / "org" / "wiremock" / "wiremock-standalone" / WIREMOCK / f"wiremock-standalone-{WIREMOCK}.jar"
    return ("java", "-Xmx512m", "-XX:+UseSerialGC", "-jar", str(jar), "--port", str(port))


def _node(*command: str) -> Sequence[str]:
    return ("node", "--max-old-space-size=256", "--heapsnapshot-signal=SIGUSR2", *command)


PROGRAMS = (
    Wild("express", "node", node("express.js"), get_item, 4000),
    Wild("fastify", "node", node("fastify.js"), get_item, 4000),
    Wild("json-server", "node", json_server, post_text, 1500),
    Wild("wiremock", "java", wiremock, get_item, 5000),
)


def fetched(folder: Path) -> None:
    """Raises Missing."""
    home, kept = folder / "npm", folder / "m2"
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "node_modules").exists():
        fetch("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(home), *PACKAGES)
    if not kept.exists():
        artifact = f"org.wiremock:wiremock-standalone:{WIREMOCK}"
        fetch(
            "mvn",
            "-q",
            "-B",
            "dependency:get",
            f"-Dartifact={artifact}",
            "-Dtransitive=false",
            f"-Dmaven.repo.local={kept}",
        )


def dumped(program: Wild, folder: Path, port: int) -> tuple[Path, ...]:
    """Two dumps, with as many requests before the second as before the first. Raises Missing."""
    home = folder / program.name
    home.mkdir(parents=True, exist_ok=True)
    sandbox = LiveSandboxes().create(f"wild-{program.name}", 3 * GIB)
    if isinstance(sandbox, Absent):
        raise Missing(f"no memory cgroup for a leaking program: {sandbox.why}")
    with closing(sandbox):
        # Its words go to a file: nobody reads a pipe here, and a full one would stop it.
        shell = (
            "sh",
            "-c",
            'cd "$1" && shift && exec "$@" > said 2>&1',
            "sh",
            str(home),
            *program.command(folder, port),
        )
        process = sandbox.start(shell)
        wait(lambda: answers(port), "a port")
        files = []
        for turn in range(2):
            load(program, port, turn * program.requests)
            files.append(_dump(program, process.pid, home, folder / f"{program.name}-{turn + 1}"))
        return tuple(files)


def load(program: Wild, port: int, first: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_S)
    with closing(connection):
        for number in range(first, first + program.requests):
            program.ask(connection, number)
            connection.getresponse().read()


def _dump(program: Wild, pid: int, home: Path, path: Path) -> Path:
    if program.runtime == "java":
        path = path.with_suffix(".hprof")
        path.unlink(missing_ok=True)
        subprocess.run(["jcmd", str(pid), "GC.heap_dump", str(path)], check=True, capture_output=True)
        return path
    known = set(home.glob("*.heapsnapshot"))
    subprocess.run(["kill", f"-{signal.SIGUSR2.value}", str(pid)], check=True)
    wait(lambda: any(_whole(found) for found in set(home.glob("*.heapsnapshot")) - known), "a snapshot")
    made = next(iter(set(home.glob("*.heapsnapshot")) - known))
    return made.rename(path.with_suffix(".heapsnapshot"))


def _whole(path: Path) -> bool:
    """A snapshot ends with the bracket that closes it."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 3))
        return file.read().rstrip().endswith(b"}")


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def wait(ready: Callable[[], bool], what: str) -> None:
    until_s = time.monotonic() + WITHIN_S
    while not ready():
        if time.monotonic() > until_s:
            raise Missing(f"{what} did not come in {WITHIN_S:.0f} s")
        time.sleep(0.2)


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    fetched(folder)
    for offset, program in enumerate(PROGRAMS):
        if len(sys.argv) < 3 or program.name in sys.argv[2:]:
            for path in dumped(program, folder, PORT + offset):
                print(f"{path} {path.stat().st_size}")


if __name__ == "__main__":
    main()
