"""Incidents and all that hangs on them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Table, func, insert, select, union, update

from oakum.model.errors import CallerError
from oakum.model.incident import (
    Answer,
    Assessed,
    Change,
    Entry,
    EntryKind,
    Impact,
    Incident,
    Kept,
    Record,
    Runbook,
    Severity,
    State,
    Symptom,
    Triage,
)
from oakum.model.retention import Claim
from oakum.store import tables
from oakum.store.database import Database
from oakum.store.faults import Again
from oakum.store.works import finish

_IN_DOCUMENT = ("runbook", "impact", "symptoms", "triage")
_COLUMNS = tuple(
    column.name
    for column in tables.incidents.columns
    if column.name not in {"number", "revision", "document", "open_fingerprint"}
)


class SqlIncidents:
    """``Incidents`` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, identity: str, make: Callable[[Sequence[Incident]], Change | None]) -> Incident | None:
        def work(connection: Connection) -> Incident | None:
            same = tables.incidents.c.identity == identity
            found = connection.execute(select(tables.incidents).where(same).order_by(tables.incidents.c.number))
            change = make([_incident(row) for row in found])
            return None if change is None else _apply(connection, change)

        return self._database.write(work)

    def change(self, number: int, make: Callable[[Record], Change | None]) -> Incident:
        def work(connection: Connection) -> Incident:
            record = _record(connection, number)
            change = make(record)
            return record.incident if change is None else _apply(connection, change)

        return self._database.write(work)

    def get(self, number: int) -> Incident:
        return self._database.read(lambda connection: _get(connection, number))

    def list(self, *, closed: bool = False) -> Sequence[Incident]:
        table = tables.incidents
        wanted = select(table).order_by(table.c.number.desc())
        if not closed:
            wanted = wanted.where(table.c.state != State.CLOSED.value)
        return self._database.read(lambda connection: [_incident(row) for row in connection.execute(wanted)])

    def record(self, number: int) -> Record:
        return self._database.read(lambda connection: _record(connection, number))

    def digests(self) -> frozenset[str]:
        wanted = select(tables.evidence.c.digest).union(select(tables.assessments.c.samples))
        return self._database.read(lambda connection: frozenset(connection.scalars(wanted))) - {""}

    def claims(self) -> Sequence[Claim]:
        table = tables.incidents
        named = union(
            select(tables.evidence.c.incident, tables.evidence.c.digest.label("digest")),
            select(tables.assessments.c.incident, tables.assessments.c.samples),
        ).subquery()
        wanted = (
            select(table.c.number, table.c.state, table.c.closed_at_s, table.c.changed_at_s, named.c.digest)
            .join(named, named.c.incident == table.c.number)
            .where(named.c.digest != "")
            .order_by(table.c.number)
        )
        return self._database.read(lambda connection: _claims(connection.execute(wanted).all()))


def fingerprint(identity: str, cause: str) -> str:
    """The same leak of the same target has the same one."""
    return hashlib.sha256(f"{identity}\0{cause}".encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _get(connection: Connection, number: int) -> Incident:
    row = connection.execute(select(tables.incidents).where(tables.incidents.c.number == number)).one_or_none()
    if row is None:
        raise CallerError(
            f"there is no incident inc-{number}", why="the record does not know it", next_step="oakum incident list -a"
        )
    return _incident(row)


def _record(connection: Connection, number: int) -> Record:
    incident = _get(connection, number)
    return Record(
        incident,
        tuple(_entry(row) for row in _of(connection, tables.timeline, number)),
        tuple(
            Assessed(row.at_s, row.document, row.samples, row.number)
            for row in _of(connection, tables.assessments, number)
        ),
        tuple(_kept(row) for row in _of(connection, tables.evidence, number)),
    )


def _of(connection: Connection, table: Table, number: int) -> Sequence[Row[Any]]:
    return connection.execute(select(table).where(table.c.incident == number).order_by(table.c.number)).all()


def _claims(rows: Sequence[Row[*tuple[Any, ...]]]) -> Sequence[Claim]:
    """``rows``: one per incident and digest, in the order of the incidents."""
    return [
        Claim(number, _closed_at_s(same[0]), frozenset(row.digest for row in same))
        for number, same in ((number, list(found)) for number, found in groupby(rows, lambda row: row.number))
    ]


def _closed_at_s(row: Row[*tuple[Any, ...]]) -> float | None:
    if row.state != State.CLOSED.value:
        return None
    return float(row.changed_at_s if row.closed_at_s is None else row.closed_at_s)


def _apply(connection: Connection, change: Change) -> Incident:
    incident = _stored(connection, change.incident)
    number = incident.number
    _append(connection, tables.timeline, number, [_entry_row(entry) for entry in change.entries])
    _append(
        connection,
        tables.assessments,
        number,
        [{"at_s": row.at_s, "document": row.document, "samples": row.samples} for row in change.assessed],
    )
    _append(connection, tables.evidence, number, [_without_number(kept) for kept in change.kept])
    for work in change.finishes:
        finish(connection, work)
    return incident


def _stored(connection: Connection, incident: Incident) -> Incident:
    table, row = tables.incidents, _row(incident)
    if not incident.number:
        made = connection.execute(insert(table).values(revision=1, **row)).inserted_primary_key
        assert made is not None
        return replace(incident, number=made[0], revision=1)
    found = connection.execute(
        update(table)
        .where(table.c.number == incident.number, table.c.revision == incident.revision)
        .values(revision=incident.revision + 1, **row)
    )
    if found.rowcount != 1:
        raise Again(f"{incident.id} was changed by another")
    return replace(incident, revision=incident.revision + 1)


def _append(connection: Connection, table: Table, number: int, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        last = connection.scalar(select(func.max(table.c.number)).where(table.c.incident == number)) or 0
        connection.execute(
            insert(table), [{"incident": number, "number": last + 1 + step, **row} for step, row in enumerate(rows)]
        )


def _row(incident: Incident) -> dict[str, object]:
    values = asdict(incident)
    row = {name: values[name] for name in _COLUMNS}
    row["document"] = {name: values[name] for name in _IN_DOCUMENT}
    row["open_fingerprint"] = fingerprint(incident.identity, incident.cause) if incident.is_open else None
    return row


def _incident(row: Row[Any]) -> Incident:
    values = {name: getattr(row, name) for name in _COLUMNS}
    document = row.document
    triage, runbook = document["triage"], document["runbook"]
    values |= {"number": row.number, "revision": row.revision}
    values |= {"state": State(row.state), "severity": Severity(row.severity)}
    values["runbook"] = Runbook(**runbook | {"related": tuple(runbook["related"])})
    values["impact"] = Impact(**document["impact"])
    values["symptoms"] = tuple(
        Symptom(symptom["name"], Answer(symptom["answer"]), symptom["evidence"]) for symptom in document["symptoms"]
    )
    values["triage"] = triage and Triage(Answer(triage["answer"]), triage["at_s"], tuple(triage["why"]))
    return Incident(**values)


def _entry_row(entry: Entry) -> dict[str, object]:
    row = _without_number(entry)
    row["kind"], row["state"] = entry.kind.value, entry.state.value
    return row


def _without_number(part: Entry | Kept) -> dict[str, object]:
    row = asdict(part)
    del row["number"]
    return row


def _entry(row: Row[Any]) -> Entry:
    return Entry(row.at_s, EntryKind(row.kind), row.author, row.text, State(row.state), row.number, row.facts)


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        row.id,
        row.title,
        row.origin,
        row.at_s,
        facts=row.facts,
        digest=row.digest,
        size_bytes=row.size_bytes,
        media_type=row.media_type,
        author=row.author,
        number=row.number,
    )
