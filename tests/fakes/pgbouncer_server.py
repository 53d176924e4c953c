"""A real pgbouncer of our own, from Debian's package, before a PostgresServer; in that one's folder and as its user."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import psycopg
import pytest
from postgres_server import NOBODY, PostgresServer

CONFIG = """
[databases]
* = host={folder} port=5432
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = {folder}/bouncer
auth_type = trust
auth_file = {folder}/bouncer/users
stats_users = watcher
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 100
query_wait_timeout = 5
"""


class PgBouncer:
    """Started at once; ``close`` ends it. ``watcher`` may ask its console, ``oakum`` may not."""

    def __init__(self, server: PostgresServer, *, mode: str = "transaction", size: int = 4) -> None:
        program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None:
            pytest.skip("no pgbouncer here: apt-get install pgbouncer")
        self._server, self._folder = server, server.folder / "bouncer"
        self._folder.mkdir()
        users = self._folder / "users"
        users.write_text('"oakum" ""\n"watcher" ""\n"app" ""\n')
        config = self._folder / "pgbouncer.ini"
        config.write_text(CONFIG.format(folder=server.folder, mode=mode, size=size))
        for path in (self._folder, users, config):
            if os.geteuid() == 0:
                os.chown(path, NOBODY, NOBODY)
        who = ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"] if os.geteuid() == 0 else []
        self._log = (self._folder / "log").open("wb")
        self._process = subprocess.Popen(
            ["setpriv", *who, "--pdeathsig", "KILL", program, config],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd="/tmp",
        )
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "log").read_text()
            time.sleep(0.05)

    def url(self, database: str, user: str = "oakum") -> str:
        """``database``: its name on the server behind it; ``pgbouncer`` is the console."""
        return f"postgresql://{user}@/{database}?host={self._folder}&port=6432"

    def _answers(self) -> bool:
        if not Path(self._folder / ".s.PGSQL.6432").exists():
            return False
        try:
            psycopg.connect(self.url("pgbouncer", "watcher"), autocommit=True).close()
        except psycopg.OperationalError:
            return False
        return True

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()
