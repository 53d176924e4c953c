"""Results of scans."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select

from oakum.store import tables
from oakum.store.database import Database


class SqlScans:
    """``Scans`` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, source: str, at_s: float, document: Mapping[str, object]) -> int:
        def work(connection: Connection) -> int:
            row = {"source": source, "at_s": at_s, "document": document}
            made = connection.execute(insert(tables.scans).values(**row)).inserted_primary_key
            assert made is not None
            return int(made[0])

        return self._database.write(work)

    def last(self, source: str) -> Mapping[str, object] | None:
        table = tables.scans
        wanted = (
            select(table.c.document)
            .where(table.c.source == source)
            .order_by(table.c.at_s.desc(), table.c.number.desc())
            .limit(1)
        )
        return self._database.read(lambda connection: connection.scalar(wanted))

    def forget(self, before_s: float) -> int:
        gone = delete(tables.scans).where(tables.scans.c.at_s < before_s)
        return self._database.write(lambda connection: connection.execute(gone).rowcount)
