"""Programs that were not written for Oakum, investigated while they serve: express, fastify, WireMock, fakeredis.

``python -m bench.heap.wild_live FOLDER [NAME...]`` fetches them, runs each in a memory cgroup under an even load, and
asks ``oakum investigate pid/N --inspect``; docs/heap-in-the-wild.md has its table.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from socket import create_connection

from bench.heap import wild
from bench.heap.dumps import GIB, Missing
from bench.heap.peers import OAKUM, fetch
from oakum.host.sandbox import LiveSandboxes
from oakum.model.absent import Absent

FAKEREDIS = "2.26.2"
WATCH_S = 25
PORT = 18_200
WITHIN_S = 300.0
STARTS_S = 3.0
"""A server warms up under its first load, in seconds."""

_SERVE = (
    "import sys; from fakeredis import TcpFakeServer; TcpFakeServer(('127.0.0.1', int(sys.argv[1]))).serve_forever()"
)


@dataclass(frozen=True, slots=True)
class Live:
    """``program``: what is started; ``per_s``: requests a second. ``talk``: what one connection asks for ever."""

    program: wild.Wild
    per_s: float
    talk: Callable[[int, Iterator[int]], None]


def over_http(ask: wild.Ask) -> Callable[[int, Iterator[int]], None]:
    def talk(port: int, numbers: Iterator[int]) -> None:
        with closing(HTTPConnection("127.0.0.1", port, timeout=WITHIN_S)) as connection:
            for number in numbers:
                ask(connection, number)
                connection.getresponse().read()

    return talk


def over_resp(port: int, numbers: Iterator[int]) -> None:
    """A key without a time to live per request (https://redis.io/docs/latest/develop/reference/protocol-spec)."""
    with create_connection(("127.0.0.1", port), WITHIN_S) as connection:
        for number in numbers:
            key, value = f"session:{number}", "x" * 500
            connection.sendall(f"*3\r\n$3\r\nSET\r\n${len(key)}\r\n{key}\r\n$500\r\n{value}\r\n".encode())
            connection.recv(1 << 12)


def fakeredis(folder: Path, port: int) -> list[str]:
    return [str(folder / "python" / "bin" / "python"), "-c", _SERVE, str(port)]


def _as_they_are(folder: Path, port: int, program: wild.Wild) -> list[str]:
    return [word for word in program.command(folder, port) if not word.startswith("--heapsnapshot-signal")]


_WILD = {program.name: program for program in wild.PROGRAMS}
PROGRAMS = (
    *(Live(_WILD[name], per_s, over_http(_WILD[name].ask)) for name, per_s in (("express", 400), ("fastify", 400))),
    Live(_WILD["wiremock"], 300, over_http(_WILD["wiremock"].ask)),
    Live(wild.Wild("fakeredis", "python", fakeredis, wild.get_item, 0), 800, over_resp),
)


def fetched(folder: Path) -> None:
    """Raises Missing."""
    wild.fetched(folder)
    home = folder / "python"
    if not home.exists():
        fetch(sys.executable, "-m", "venv", str(home))
        fetch(str(home / "bin" / "pip"), "install", "--quiet", f"fakeredis=={FAKEREDIS}", "redis==5.2.1")


def investigated(live: Live, folder: Path, port: int) -> dict[str, object]:
    """The answer of one command about one program. Raises Missing."""
    program = replace(live.program, command=lambda place, number: _as_they_are(place, number, live.program))
    home = folder / program.name
    home.mkdir(parents=True, exist_ok=True)
    sandbox = LiveSandboxes().create(f"live-{program.name}", GIB)
    if isinstance(sandbox, Absent):
        raise Missing(f"no memory cgroup for a leaking program: {sandbox.why}")
    with closing(sandbox):
        words = ("sh", "-c", 'cd "$1" && shift && exec "$@" > said 2>&1', "sh", str(home))
        process = sandbox.start((*words, *program.command(folder, port)))
        wild.wait(lambda: wild.answers(port), "a port")
        with _load(live, port):
            time.sleep(STARTS_S)
            asked = [str(OAKUM), "investigate", f"pid/{process.pid}", "--inspect", "--for", f"{WATCH_S}s", "-o", "json"]
            done = subprocess.run(asked, capture_output=True, text=True, timeout=WITHIN_S, check=False)
            if process.poll() is not None:
                raise Missing(f"{program.name} did not outlive it: {done.stderr[-500:]}")
        answer: dict[str, object] = json.loads(done.stdout)
        return answer


@contextmanager
def _load(live: Live, port: int) -> Iterator[None]:
    over = threading.Event()

    def numbers() -> Iterator[int]:
        number, begun_s = 0, time.monotonic()
        while not over.wait(max(0.0, begun_s + number / live.per_s - time.monotonic())):
            yield number
            number += 1

    worker = threading.Thread(target=live.talk, args=(port, numbers()))
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join()


def row(name: str, answer: dict[str, object]) -> str:
    verdict, causes, evidence = answer["verdict"], answer["causes"], answer["evidence"]
    assert isinstance(verdict, dict)
    assert isinstance(causes, list)
    assert isinstance(evidence, list)
    first = causes[0] if causes else {"holder": "-", "cause": "-", "where": "-"}
    pauses_s = [fact["cost"]["pause_s"] for fact in evidence if fact.get("cost")]
    cells = (
        name, str(answer["runtime"]), verdict["verdict"], first["cause"], f"`{first['holder']}`",
        f"{(verdict['rate_per_s'] or 0) / 2**20:.2f}", f"{max(pauses_s, default=0.0):.2f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    fetched(folder)
    for offset, live in enumerate(PROGRAMS):
        if len(sys.argv) < 3 or live.program.name in sys.argv[2:]:
            print(row(live.program.name, investigated(live, folder, PORT + offset)), flush=True)


if __name__ == "__main__":
    main()
