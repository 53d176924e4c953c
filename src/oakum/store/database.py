"""One kept connection; reading and writing as whole transactions, with every foreign error translated.

A thread that comes while another is at work gets a connection of its own for that while. A fork lets go of those that
nobody is at work with, before it happens: a connection that two processes hold would be the end of both.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar
from weakref import WeakSet, finalize

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, DBAPIError

from oakum.model.errors import CallerError, MachineError, RefusedError
from oakum.store.faults import Again, fault, replaced
from oakum.store.place import FilePlace, Place, PostgresPlace

T = TypeVar("T")

WAIT_S = 5.0
"""How long another writer is waited for, in seconds."""

CONNECT_S = 5
"""How long a server may take to answer at all, in seconds."""

LEAST_ATTEMPTS = 5
"""So often a transaction is tried when others came first, and as long as another writer is waited for."""

FIRST_PAUSE_S, MOST_PAUSE_S = 0.005, 0.25
"""Between attempts, in seconds: twice as long each time, by chance less, so that two writers do not meet again."""


_KEPT: Final[dict[str, Any]] = {"pool_size": 1, "max_overflow": -1}
"""One connection is kept; those of threads that come meanwhile end with their transaction."""

_PROVED: Final = "oakum_proved"
"""In a connection's notes: it has served a transaction, so that it is no new one."""


class _Stale(Exception):  # noqa: N818  (an instruction, not an error)
    """The kept connection had ended, and nothing was written: the same transaction goes to a new one."""


class Database:
    """``read`` sees one moment; ``write`` happens whole or not at all, and is on the disk when it returns."""

    def __init__(self, place: Place, *, wait_s: float = WAIT_S) -> None:
        self.place = place
        self._wait_s = wait_s
        self.engine = _sqlite(place, wait_s) if isinstance(place, FilePlace) else _postgres(place, wait_s)
        # Whoever forgets to close it ends its connection all the same, at the program's end at the latest.
        finalize(self, self.engine.dispose)
        _databases.add(self)

    def read(self, work: Callable[[Connection], T]) -> T:
        return self._whole(work, writes=False)

    def write(self, work: Callable[[Connection], T]) -> T:
        """``work`` may be run again from the start. Raises RefusedError when others always came first."""
        return self._whole(work, writes=True)

    def _whole(self, work: Callable[[Connection], T], *, writes: bool) -> T:
        begun_s, attempt = time.monotonic(), 0
        while True:
            attempt += 1
            try:
                return self._once(work, writes=writes)
            except _Stale:
                continue
            except Again as exc:
                if attempt >= LEAST_ATTEMPTS and time.monotonic() - begun_s >= self._wait_s:
                    raise RefusedError(
                        f"others write to {self.place} all the time",
                        why=f"{attempt} attempts found that it had changed meanwhile; nothing was written",
                        next_step="the same command again",
                    ) from exc
            time.sleep(random.uniform(0, min(MOST_PAUSE_S, FIRST_PAUSE_S * 2**attempt)))  # noqa: S311  (no secret)

    def _once(self, work: Callable[[Connection], T], *, writes: bool) -> T:
        kept, confirming = False, False
        try:
            with self.engine.connect().execution_options(oakum_writes=writes) as connection:
                notes = connection.info
                kept = _PROVED in notes
                with connection.begin():
                    found = work(connection)
                    confirming = True
                notes[_PROVED] = True
                return found
        except (DBAPIError, sqlite3.Error) as exc:
            # A server that was started again. From a confirmation on, nobody knows what was written.
            if kept and not confirming and isinstance(exc, DBAPIError) and exc.connection_invalidated:
                raise _Stale from exc
            raise fault(exc, self.place) from exc

    def close(self) -> None:
        self.engine.dispose()


_databases: WeakSet[Database] = WeakSet()


def _let_go() -> None:
    for database in list(_databases):
        database.close()


os.register_at_fork(before=_let_go)


def _sqlite(place: FilePlace, wait_s: float) -> Engine:
    folder = place.path.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made here so that nobody else may read it: it names what targets do. One that is there is not opened:
        # closing it again would end the locks that this process holds on it by another connection.
        with suppress(FileExistsError):
            os.close(os.open(place.path.resolve(), os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as exc:
        raise MachineError(
            f"cannot open {place}", why=exc.strerror or "", next_step=f"ls -ld {folder}    # or --store PATH"
        ) from exc
    engine = create_engine(f"sqlite:///{place.path}", connect_args={"timeout": wait_s}, **_KEPT)

    opened: list[tuple[int, int]] = []

    def same(*_: object) -> None:
        if opened and _file(place.path) != opened[0]:
            raise replaced(place)

    @event.listens_for(engine, "connect")
    def prepare(connection: object, _: object) -> None:
        # Transactions are begun by us: the driver would begin them late, and not for DDL.
        connection.isolation_level = None  # type: ignore[attr-defined]
        for line in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {line}")  # type: ignore[attr-defined]
        opened[:] = opened or [there for there in [_file(place.path)] if there is not None]

    # Before a new one is made too: to connect would make an empty file.
    event.listen(engine, "do_connect", same)
    event.listen(engine, "checkout", same)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer that begins as a reader may find, when it writes, that it has waited in vain.
        writes = connection.get_execution_options().get("oakum_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _file(path: Path) -> tuple[int, int] | None:
    """What a file is known by while it is there, None where it is not."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _postgres(place: PostgresPlace, wait_s: float) -> Engine:
    wait_ms = round(wait_s * 1000)
    try:
        return create_engine(
            place.url,
            **_KEPT,
            isolation_level="SERIALIZABLE",
            connect_args={
                "connect_timeout": CONNECT_S,
                # A server that vanished without a word is given up.
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": 30000,
                "application_name": "oakum",
                # Nothing of ours stays in the session: a pooler may hand it to somebody else.
                "prepare_threshold": None,
                "options": f"-c lock_timeout={wait_ms} -c statement_timeout=30000 -c client_encoding=UTF8",
            },
        )
    except (ArgumentError, ValueError) as exc:
        raise CallerError(
            "this is no address of a PostgreSQL database",
            why=str(exc),
            next_step="--store postgresql://USER@HOST:5432/DATABASE",
        ) from exc
    except ImportError as exc:
        raise MachineError(
            "this Oakum cannot speak to PostgreSQL", why=str(exc), next_step="pip install 'oakum[postgres]'"
        ) from exc
