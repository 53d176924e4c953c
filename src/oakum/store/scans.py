"""Results of scans."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, exists, insert, or_, select

from oakum.model.errors import CallerError, DataError
from oakum.model.kept_scan import KeptHead, KeptScan, ScanBounds
from oakum.store import tables
from oakum.store.database import Database

HEAD: Final = ("schema", "generated_at", "source", "window", "partial")
"""Fields of a document that can be read where it is kept; what it found is packed: 10,000 series are 7 MB of text."""


class SqlScans:
    """``Scans`` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        source: str,
        at_s: float,
        document: Mapping[str, object],
        *,
        name: str = "",
        bounds: ScanBounds | None = None,
    ) -> int:
        text = json.dumps(document, sort_keys=True, allow_nan=False, separators=(",", ":"))
        packed = zlib.compress(text.encode("utf-8"))
        head = {field: document[field] for field in HEAD if field in document}

        def work(connection: Connection) -> int:
            row = {"source": source, "name": name, "at_s": at_s, "document": head, "packed": packed}
            made = connection.execute(insert(tables.scans).values(**row)).inserted_primary_key
            assert made is not None
            if bounds is not None:
                _thin(connection, source, bounds)
            return int(made[0])

        return self._database.write(work)

    def get(self, number: int) -> KeptScan:
        wanted = select(tables.scans).where(tables.scans.c.number == number)
        row = self._database.read(lambda connection: connection.execute(wanted).one_or_none())
        if row is None:
            raise CallerError(
                f"there is no scan scan-{number}",
                why="it was never kept, or not for so long",
                next_step="oakum scan SOURCE --keep NAME    # keeps one",
            )
        return self._kept(row)

    def last(self, source: str, name: str = "") -> KeptScan | None:
        table = tables.scans
        wanted = (
            select(table)
            .where(table.c.source == source, *([table.c.name == name] if name else []))
            .order_by(table.c.at_s.desc(), table.c.number.desc())
            .limit(1)
        )
        row = self._database.read(lambda connection: connection.execute(wanted).one_or_none())
        return None if row is None else self._kept(row)

    def list(self) -> Sequence[KeptHead]:
        table = tables.scans
        wanted = select(table.c.source, table.c.at_s, table.c.name, table.c.number)
        ordered = wanted.order_by(table.c.at_s.desc(), table.c.number.desc())
        return self._database.read(lambda connection: [KeptHead(*row) for row in connection.execute(ordered)])

    def forget(self, before_s: float) -> int:
        table = tables.scans
        later = table.alias()
        same = and_(later.c.source == table.c.source, later.c.name == table.c.name)
        after = or_(later.c.at_s > table.c.at_s, and_(later.c.at_s == table.c.at_s, later.c.number > table.c.number))
        followed = exists(select(later.c.number).where(same, after))
        gone = delete(table).where(table.c.at_s < before_s, or_(table.c.name == "", followed))
        return self._database.write(lambda connection: connection.execute(gone).rowcount)

    def _kept(self, row: Row[Any]) -> KeptScan:
        return KeptScan(row.source, row.at_s, self._document(row), row.name, row.number)

    def _document(self, row: Row[Any]) -> Mapping[str, object]:
        if row.packed is None:
            head: Mapping[str, object] = row.document
            return head
        try:
            found: Mapping[str, object] = json.loads(zlib.decompress(row.packed))
        except (zlib.error, ValueError) as exc:
            raise DataError(
                f"scan-{row.number} of the record {self._database.place} is broken",
                why=str(exc),
                next_step="oakum scan SOURCE --keep NAME    # keeps another",
            ) from exc
        return found


def _thin(connection: Connection, source: str, bounds: ScanBounds) -> None:
    table = tables.scans
    wanted = select(table.c.number, table.c.name, table.c.at_s).where(table.c.source == source)
    names, gone = set[str](), list[int]()
    ordered = connection.execute(wanted.order_by(table.c.at_s.desc(), table.c.number.desc())).all()
    for place, row in enumerate(ordered):
        last_of_its_name = bool(row.name) and row.name not in names
        names.add(row.name)
        if not last_of_its_name and (place >= bounds.most or row.at_s < bounds.before_s):
            gone.append(row.number)
    if gone:
        connection.execute(delete(table).where(table.c.number.in_(gone)))
