"""Where a server is and who asks it, from its URL; the rest libpq finds itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from oakum.model.errors import CallerError

CONNECT_S: Final = 5
"""How long each address may take until it is connected, in seconds."""

CONSOLE: Final = "pgbouncer"
"""pgbouncer's own database, by which it tells of itself."""


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """``words``: as libpq takes them; a password may be among them.

    What is not there libpq takes from the environment (PGHOST, PGPASSWORD, PGPASSFILE, PGSERVICE, …), a service file
    or ~/.pgpass.
    """

    words: dict[str, Any]

    def to_console(self) -> Login:
        """The same server's pgbouncer console, should it have one."""
        return replace(self, words={**self.words, "dbname": CONSOLE})

    @property
    def database(self) -> str:
        return str(self.words.get("dbname") or "")

    def all_words(self) -> dict[str, Any]:
        """A name of ours in a URL would be no help to who looks at the server's sessions."""
        ours = {
            "application_name": "oakum",
            "connect_timeout": CONNECT_S,
            # A server that vanished without a word is given up.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20000,
        }
        return {**self.words, **ours}


def login(url: str) -> Login:
    """Raises CallerError for what libpq cannot read as an address."""
    try:
        return Login(dict(conninfo_to_dict(url)))
    except psycopg.Error:
        # Its own words may quote the password.
        raise CallerError(
            "this is no address of a PostgreSQL server",
            why="signs of a name or password such as @ / : # ? are written as %40 %2F %3A %23 %3F",
            next_step="oakum investigate postgresql://USER@HOST:5432/DATABASE    # the password in PGPASSWORD",
        ) from None


def place_of(connection: psycopg.AsyncConnection[Any] | None, login: Login) -> str:
    """``postgresql://HOST:PORT/DATABASE``: as connected, or, before that, as far as the address says it."""
    words = login.words
    host, port, database = words.get("host") or words.get("hostaddr") or "", words.get("port") or "", login.database
    if connection is not None and not connection.closed:
        info = connection.info
        # Its name is in an encoding that nobody knows where the database is in SQL_ASCII.
        host, port, database = info.host, str(info.port), connection.pgconn.db.decode("utf-8", "replace")
    if str(host).startswith("/"):
        return f"postgresql:///{database}?host={host}&port={port}" if port else f"postgresql:///{database}?host={host}"
    return f"postgresql://{host}{f':{port}' if port else ''}/{database}"
