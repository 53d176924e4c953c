"""Real servers that a case leaks into, on loopback or a socket alone, in a memory cgroup, gone at the end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.zoo.built import Missing, found
from lab.zoo.case import Case
from lab.zoo.confined import StartError, confined

NOBODY: Final = 65534
UP_WITHIN_S: Final = 60.0
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Dependency:
    """``environment``: what the service is told. ``asked``: what Oakum is pointed at."""

    environment: dict[str, str]
    asked: str


@contextmanager
def dependency(case: Case) -> Iterator[Dependency | None]:
    """The server of a case of postgres/ or redis/, None for others. Raises Missing, StartError."""
    if case.runtime == "postgres":
        with _postgres(case) as started:
            yield started
    elif case.runtime == "redis":
        with _redis(case) as started:
            yield started
    else:
        yield None


@contextmanager
def _redis(case: Case) -> Iterator[Dependency]:
    program = found("redis-server", "redis-server")
    with tempfile.TemporaryDirectory(prefix="redis-", dir="/tmp") as name, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        lines = ["bind 127.0.0.1", f"port {port}", 'save ""', "appendonly no", f"dir {name}"]
        if not any(line.startswith("maxmemory ") for line in case.server):
            lines.append(f"maxmemory {case.limit_mib * 3 // 4}mb")
        (Path(name) / "redis.conf").write_text("\n".join([*lines, *case.server]) + "\n", encoding="utf-8")
        command = [found("setpriv", "util-linux"), "--pdeathsig", "KILL", program, "redis.conf"]
        with confined(command, folder=Path(name), limit_mib=case.limit_mib, environment={"PATH": PATH}) as server:
            while "Ready to accept connections" not in server.line(UP_WITHIN_S):
                pass
            server.drained()
            url = f"redis://127.0.0.1:{port}"
            yield Dependency({"REDIS_URL": url}, url)


@contextmanager
def _postgres(case: Case) -> Iterator[Dependency]:
    programs = _postgres_programs()
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as name:
        folder = Path(name)
        root = os.geteuid() == 0
        if root:  # initdb refuses root, and so does the server
            os.chown(folder, NOBODY, NOBODY)
        data = folder / "data"
        _run(programs / "initdb", "-D", data, "-U", "oakum", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        who = ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"] if root else []
        command = [
            *(found("setpriv", "util-linux"), *who, "--pdeathsig", "QUIT", str(programs / "postgres"), "-D", str(data)),
            *("-k", name, "-c", "listen_addresses=", "-c", "shared_preload_libraries=pg_stat_statements"),
            *case.server,
        ]
        with confined(command, folder=folder, limit_mib=case.limit_mib, environment={"PATH": PATH}) as server:
            server.drained()
            until_s = time.monotonic() + UP_WITHIN_S
            ready = [str(programs / "pg_isready"), "-q", "-h", name, "-d", "postgres"]
            while subprocess.run(ready, check=False).returncode:
                if server.process.poll() is not None or time.monotonic() > until_s:
                    raise StartError(f"postgres does not start: {server.last_words()}")
                time.sleep(0.05)
            _roles(name)
            yield Dependency(
                {"DATABASE_URL": f"postgresql://app@/shop?host={name}"}, f"postgresql://watcher@/shop?host={name}"
            )
            server.process.send_signal(3)
            server.process.wait(timeout=UP_WITHIN_S)


def _roles(folder: str) -> None:
    """As in a well-kept house: the service owns its database, who watches may see all and change nothing."""
    import psycopg  # noqa: PLC0415  (for these cases alone)

    with psycopg.connect(f"postgresql://oakum@/postgres?host={folder}", autocommit=True) as admin:
        for command in (
            "create role watcher login",
            "grant pg_monitor to watcher",
            "create role app login",
            "create database shop owner app",
        ):
            admin.execute(command)
    with psycopg.connect(f"postgresql://oakum@/shop?host={folder}", autocommit=True) as admin:
        admin.execute("create extension pg_stat_statements")


def _postgres_programs() -> Path:
    """Debian puts none of them on the PATH."""
    initdbs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: float(file.parts[-3]))
    initdb = initdbs[-1] if initdbs else shutil.which("initdb")
    if initdb is None:
        raise Missing("initdb", "postgresql")
    return Path(initdb).parent


def _run(program: Path, *arguments: object) -> None:
    root = os.geteuid() == 0
    done = subprocess.run(
        [program, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd="/tmp",
        user=NOBODY if root else None,
        group=NOBODY if root else None,
        extra_groups=[] if root else None,
    )
    if done.returncode:
        raise StartError(f"{program}: {done.stderr}")
