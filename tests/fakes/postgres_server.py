"""A real PostgreSQL of our own, from Debian's package: in a temporary folder, as an unprivileged user, on a socket."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

NOBODY = 65534
DEFAULT_PORT = 5432
_numbers = itertools.count(1)


ASKED = "OAKUM_TEST_POSTGRES"
"""The folder of another version's programs: of initdb, postgres and pg_ctl."""


def _programs() -> Path | None:
    """The folder that holds initdb: Debian puts none of it on the PATH."""
    if ASKED in os.environ:
        return Path(os.environ[ASKED])
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: float(file.parts[-3]))
    found = folders[-1] if folders else shutil.which("initdb")
    return Path(found).parent if found else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PostgresServer:
    """Started at once; ``close`` removes it with all that it held."""

    def __init__(self, *options: str, primary: Path | None = None, tcp: bool = False) -> None:
        """``options``: of postgres. ``primary``: the folder of the server whose replica this is. ``tcp``: it listens
        on the loopback too.
        """
        self.port = _free_port() if tcp else DEFAULT_PORT
        self._listens = ("-c", f"listen_addresses={'127.0.0.1' if tcp else ''}", "-p", str(self.port))
        programs = _programs()
        if programs is None:
            pytest.skip("no PostgreSQL here: apt-get install postgresql")
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="oakum-pg-", dir="/tmp"))
        # initdb refuses root, and so does the server.
        self._as = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        if self._as:
            os.chown(self._folder, NOBODY, NOBODY)
        if primary is None:
            self._run("initdb", "-D", self._data, "-U", "oakum", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        else:
            self._run("pg_basebackup", "-h", primary, "-U", "oakum", "-D", self._data, "-R", "-c", "fast", "--no-sync")
        self.start(*options)

    @property
    def folder(self) -> Path:
        """Where its socket is."""
        return self._folder

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def start(self, *options: str) -> None:
        who = ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"] if self._as else []
        with (self._folder / "log").open("ab") as log:
            # A child of ours that the kernel ends with us: a test run that is killed leaves no server behind.
            self._server = subprocess.Popen(
                [
                    *("setpriv", *who, "--pdeathsig", "QUIT", self._programs / "postgres", "-D", self._data),
                    *("-k", self._folder, *self._listens, "-c", "max_connections=20", *options),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/tmp",
            )
        while not self._answers():
            assert self._server.poll() is None, (self._folder / "log").read_text()
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            self._connected("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def _connected(self, name: str) -> psycopg.Connection:
        return psycopg.connect(host=str(self._folder), port=self.port, user="oakum", dbname=name, autocommit=True)

    def replica(self, *options: str) -> PostgresServer:
        """A hot standby of this one. ``options``: those of this one, where it was given any."""
        return PostgresServer(*options, primary=self._folder)

    def stop(self, how: str = "fast") -> None:
        self._run("pg_ctl", "-D", self._data, "-w", "-m", how, "stop")
        self._server.wait()

    def database(self) -> str:
        """The URL of a new, empty one."""
        name = f"oakum_{next(_numbers)}"
        with self._connected("postgres") as admin:
            admin.execute(f"create database {name}")
        port = f"&port={self.port}" if self.port != DEFAULT_PORT else ""
        return f"postgresql://oakum@/{name}?host={self._folder}{port}"

    def over_tcp(self, url: str, role: str) -> str:
        """The URL of the same database there, for that role."""
        return f"postgresql://{role}@127.0.0.1:{self.port}/{url.split('/')[3].partition('?')[0]}"

    def close(self) -> None:
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait()
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
