"""What a database says when it fails, in Oakum's words: what, why, and the next step."""

from __future__ import annotations

import sqlite3
from shlex import quote

from sqlalchemy.exc import DBAPIError

from oakum.model.errors import DataError, InternalError, MachineError, OakumError, RefusedError, TargetError
from oakum.store.place import FilePlace, Place


class Again(Exception):  # noqa: N818  (an instruction, not an error)
    """Another writer came first: the same transaction is to be tried once more."""


def fault(exc: DBAPIError | sqlite3.Error, place: Place) -> OakumError | Again:
    """Raise it from ``exc``."""
    cause = exc.orig if isinstance(exc, DBAPIError) else exc
    return _of_sqlite(cause, place) if isinstance(place, FilePlace) else _of_postgres(cause, place)


def _of_sqlite(cause: BaseException | None, place: FilePlace) -> OakumError | Again:
    # The low byte is the kind, the others say which of it.
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    file, folder, why = quote(str(place)), quote(str(place.path.parent)), str(cause)
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return MachineError(
                f"the record {place} is locked",
                why="another program has been writing to it for longer than Oakum waits; nothing was written",
                next_step=f"fuser -v {file}    # then the same command again",
            )
        case sqlite3.SQLITE_FULL:
            return MachineError(
                f"no room for the record {place}", why=f"{why}; nothing was written", next_step=f"df -h {folder}"
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return MachineError(
                f"the record {place} cannot be written" if code == sqlite3.SQLITE_READONLY else f"cannot open {place}",
                why=why,
                next_step=f"ls -ld {folder} {file}    # or --store PATH for another place",
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return broken(place, why)
        case sqlite3.SQLITE_CONSTRAINT if getattr(cause, "sqlite_errorcode", 0) in _TAKEN:
            # Two opened the same thing at once: the second looks again, and finds the first one's.
            return Again(why)
        case sqlite3.SQLITE_IOERR:
            return MachineError(f"the disk failed the record {place}", why=why, next_step=f"df -h {folder}; dmesg")
    return InternalError(f"the record {place} refused: {why}", why=f"SQLite's code {code}")


def broken(place: FilePlace, why: str) -> DataError:
    file = quote(str(place))
    return DataError(
        f"the record {place} is broken",
        why=f"{why}; it was left as it is",
        next_step=f"sqlite3 {file} .recover | sqlite3 recovered.db    # then --store recovered.db",
    )


def replaced(place: FilePlace) -> MachineError:
    """The journal (``-wal``) of the earlier file would be read as the new one's: no connection is made to it."""
    file = quote(str(place))
    return MachineError(
        f"the record {place} was removed or replaced",
        why="Oakum had it open, and its journal belongs to the file that was there before; nothing was written",
        next_step=f"ls -l {file}*    # end each Oakum that uses it, move its -wal and -shm away, then start again",
    )


_TAKEN = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})
"""A key that another transaction took."""

_AGAIN = frozenset({"40001", "40P01", "23505", "42P07", "42710"})
"""Could not serialise, deadlock, a key that another transaction took, a table that another one made."""


def _of_postgres(cause: BaseException | None, place: Place) -> OakumError | Again:
    state: str = getattr(cause, "sqlstate", None) or ""
    why = " ".join(str(cause).split())
    if state in _AGAIN:
        return Again(why)
    if not state or state[:2] in {"08", "57", "28", "3D"}:
        return TargetError(
            f"the record {place} cannot be reached",
            why=f"{why}; what was not confirmed may not be written",
            next_step=f"pg_isready -d {quote(str(place))}    # then the same command again: nothing is done twice",
        )
    if state[:2] == "53":
        return MachineError(
            f"no room for the record {place}", why=why, next_step="df -h    # on the database's machine"
        )
    if state == "55P03":
        return MachineError(
            f"the record {place} is locked",
            why="another program has been writing to it for longer than Oakum waits; nothing was written",
            next_step="psql -c 'select * from pg_stat_activity where wait_event_type is not null'",
        )
    if state in {"42501", "25006"}:
        return RefusedError(
            f"the record {place} cannot be written",
            why=f"{why}; nothing was written",
            next_step="ask for a role that may write, or --store PATH for another place",
        )
    if state[:2] == "XX":
        return DataError(f"the record {place} is broken", why=why, next_step="restore the database from its backup")
    return InternalError(f"the record {place} refused: {why}", why=f"SQLSTATE {state}")
