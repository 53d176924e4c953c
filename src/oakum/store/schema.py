"""Brings a database to the tables of this version, or says why that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from oakum.model.errors import CallerError, MachineError
from oakum.store.database import Database

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005")
"""Every revision of ``migrations/``, oldest first. Known here, so that Alembic is loaded only when it has work."""

HEAD: Final = REVISIONS[-1]
LOCK: Final = 0x6F616B756D
"""PostgreSQL's number for "somebody migrates Oakum's tables": "oakum" in ASCII."""


def prepare(database: Database) -> None:
    """Make or upgrade the tables, in one transaction. Raises MachineError for those of a newer Oakum."""
    if _checked(database, database.read(_revision)) != HEAD:
        database.write(lambda connection: _upgraded(database, connection))


def _revision(connection: Connection) -> str | None:
    """None: an empty database."""
    names = inspect(connection).get_table_names()
    if "alembic_version" in names:
        found: str | None = connection.execute(text("select version_num from alembic_version")).scalar()
        return found
    return "" if names else None


def _checked(database: Database, revision: str | None) -> str | None:
    if revision == "":
        raise CallerError(
            f"{database.place} is no record of Oakum's",
            why="it holds tables that are not Oakum's",
            next_step="--store PATH or URL of another place",
        )
    if revision is not None and revision not in REVISIONS:
        raise MachineError(
            f"the record {database.place} was written by a newer Oakum",
            why=f"its tables have revision {revision}, this version knows up to {HEAD}; it was left as it is",
            next_step="pip install --upgrade oakum    # or --store PATH for another place",
        )
    return revision


def _upgraded(database: Database, connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    # Another Oakum may have done it while this one waited for the lock.
    if _checked(database, _revision(connection)) != HEAD:
        migrate(connection, "head")


def migrate(connection: Connection, revision: str) -> None:
    """Alembic's upgrade to ``revision`` within the transaction of ``connection``."""
    from alembic import command  # noqa: PLC0415  (once in a database's lifetime)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
