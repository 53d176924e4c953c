"""What the judge knows of each series between two runs."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, update

from oakum.model.errors import RefusedError
from oakum.store import tables
from oakum.store.database import Database


class SqlJudgeStates:
    """``JudgeStates`` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, series: str) -> tuple[bytes, int] | None:
        table = tables.judge_states
        wanted = select(table.c.state, table.c.revision).where(table.c.series == series)
        row = self._database.read(lambda connection: connection.execute(wanted).one_or_none())
        return None if row is None else (bytes(row.state), row.revision)

    def put(self, series: str, state: bytes, *, revision: int, at_s: float) -> int:
        def work(connection: Connection) -> int:
            table = tables.judge_states
            there = connection.scalar(select(table.c.revision).where(table.c.series == series)) or 0
            if there != revision:
                raise RefusedError(
                    f"another Oakum judged {series} meanwhile",
                    why=f"its state has revision {there}, {revision} was read; nothing was written",
                    next_step="oakum incident list    # one watch per series is enough",
                )
            row = {"revision": revision + 1, "at_s": at_s, "state": state}
            if revision:
                connection.execute(update(table).where(table.c.series == series).values(**row))
            else:
                connection.execute(insert(table).values(series=series, **row))
            return revision + 1

        return self._database.write(work)

    def forget(self, before_s: float) -> int:
        gone = delete(tables.judge_states).where(tables.judge_states.c.at_s < before_s)
        return self._database.write(lambda connection: connection.execute(gone).rowcount)
