"""Mutes, those that ran out or were lifted too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from oakum.model.errors import CallerError
from oakum.model.mute import Mute
from oakum.store import tables
from oakum.store.database import Database


class SqlMutes:
    """``Mutes`` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, mute: Mute) -> Mute:
        def work(connection: Connection) -> Mute:
            table = tables.mutes
            connection.execute(
                update(table)
                .where(table.c.scope == mute.scope, table.c.identity == mute.identity, table.c.lifted_at_s.is_(None))
                .values(lifted_at_s=mute.created_at_s, lifted_by=mute.author)
            )
            row = asdict(mute)
            del row["number"]
            made = connection.execute(insert(table).values(**row)).inserted_primary_key
            assert made is not None
            return replace(mute, number=made[0])

        return self._database.write(work)

    def lift(self, number: int, *, author: str, at_s: float) -> Mute:
        def work(connection: Connection) -> Mute:
            table = tables.mutes
            row = connection.execute(select(table).where(table.c.number == number)).one_or_none()
            if row is None:
                raise CallerError(f"there is no mute mute-{number}", next_step="oakum incident mutes")
            if row.lifted_at_s is not None:
                raise CallerError(
                    f"mute-{number} was lifted before", why=f"by {row.lifted_by}", next_step="oakum incident mutes"
                )
            connection.execute(update(table).where(table.c.number == number).values(lifted_at_s=at_s, lifted_by=author))
            return replace(_mute(row), lifted_at_s=at_s, lifted_by=author)

        return self._database.write(work)

    def list(self) -> Sequence[Mute]:
        wanted = select(tables.mutes).order_by(tables.mutes.c.number)
        return self._database.read(lambda connection: [_mute(row) for row in connection.execute(wanted)])


def _mute(row: Row[Any]) -> Mute:
    return Mute(
        row.scope,
        row.reason,
        row.author,
        row.created_at_s,
        row.until_s,
        identity=row.identity,
        number=row.number,
        lifted_at_s=row.lifted_at_s,
        lifted_by=row.lifted_by,
    )
