"""A real PostgreSQL of our own, from Debian's package: in a temporary folder, as an unprivileged user, on a socket."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
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

    def __init__(self, *options: str, primary: Path | None = None) -> None:
        """``options``: of postgres. ``primary``: the folder of the server whose replica this is."""
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
                    *("-k", self._folder, "-c", "listen_addresses=", "-c", "max_connections=20", *options),
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
        asked = [self._programs / "pg_isready", "-q", "-h", self._folder, "-d", "postgres"]
        return subprocess.run(asked, check=False).returncode == 0

    def replica(self, *options: str) -> PostgresServer:
        """A hot standby of this one. ``options``: those of this one, where it was given any."""
        return PostgresServer(*options, primary=self._folder)

    def stop(self, how: str = "fast") -> None:
        self._run("pg_ctl", "-D", self._data, "-w", "-m", how, "stop")
        self._server.wait()

    def database(self) -> str:
        """The URL of a new, empty one."""
        name = f"oakum_{next(_numbers)}"
        self._run("createdb", "-h", self._folder, "-U", "oakum", name)
        return f"postgresql://oakum@/{name}?host={self._folder}"

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
