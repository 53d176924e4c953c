"""Works that were begun and have not ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, delete, insert, select

from oakum.model.work import Holder, Work
from oakum.store import tables
from oakum.store.database import Database


class SqlWorks:
    """``Works`` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, work: Work) -> Work:
        row = {
            "kind": work.kind,
            "subject": work.subject,
            "again": work.again,
            "host": work.holder.host,
            "boot": work.holder.boot,
            "pid": work.holder.pid,
            "start_ticks": work.holder.start_ticks,
            "began_at_s": work.began_at_s,
        }

        def write(connection: Connection) -> Work:
            made = connection.execute(insert(tables.works).values(**row)).inserted_primary_key
            assert made is not None
            return replace(work, number=made[0])

        return self._database.write(write)

    def finish(self, number: int) -> None:
        self._database.write(lambda connection: finish(connection, number))

    def unfinished(self) -> Sequence[Work]:
        wanted = select(tables.works).order_by(tables.works.c.number)
        return self._database.read(
            lambda connection: [
                Work(
                    row.kind,
                    row.subject,
                    row.again,
                    Holder(row.host, row.boot, row.pid, row.start_ticks),
                    row.began_at_s,
                    row.number,
                )
                for row in connection.execute(wanted)
            ]
        )


def finish(connection: Connection, number: int) -> None:
    """As part of a larger write."""
    connection.execute(delete(tables.works).where(tables.works.c.number == number))
