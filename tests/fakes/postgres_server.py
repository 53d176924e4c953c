"""A real PostgreSQL of our own, from Debian's package: in a temporary folder, as an unprivileged user, on a socket."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

NOBODY = 65534
_numbers = itertools.count(1)


def _programs() -> Path | None:
    """The folder that holds initdb: Debian puts none of it on the PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: float(file.parts[-3]))
    found = folders[-1] if folders else shutil.which("initdb")
    return Path(found).parent if found else None


class PostgresServer:
    """Started at once; ``close`` removes it with all that it held."""

    def __init__(self) -> None:
        programs = _programs()
        if programs is None:
            pytest.skip("no PostgreSQL here: apt-get install postgresql")
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="oakum-pg-", dir="/tmp"))
        # initdb refuses root, and so does the server.
        self._as = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        if self._as:
            os.chown(self._folder, NOBODY, NOBODY)
        self._run("initdb", "-D", self._data, "-U", "oakum", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.start()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def start(self, *options: str) -> None:
        told = " ".join(["-k", str(self._folder), "-c listen_addresses=", "-c max_connections=20", *options])
        self._run("pg_ctl", "-D", self._data, "-l", self._folder / "log", "-w", "-o", told, "start")

    def stop(self, how: str = "fast") -> None:
        self._run("pg_ctl", "-D", self._data, "-w", "-m", how, "stop")

    @property
    def pid(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def database(self) -> str:
        """The URL of a new, empty one."""
        name = f"oakum_{next(_numbers)}"
        self._run("createdb", "-h", self._folder, "-U", "oakum", name)
        return f"postgresql://oakum@/{name}?host={self._folder}"

    def close(self) -> None:
        if (self._data / "postmaster.pid").exists():
            os.kill(self.pid, signal.SIGQUIT)
            subprocess.run(
                [self._programs / "pg_ctl", "-D", self._data, "-w", "-m", "immediate", "stop"],
                capture_output=True,
                check=False,
                **self._as,
            )
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program, *arguments) -> None:
        done = subprocess.run(
            [self._programs / program, *map(str, arguments)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            cwd="/tmp",
            **self._as,
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"
