"""The record in SQL and files: incidents, plans, mutes, scans, judge states, evidence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from oakum.model.ports import Blobs, Incidents, JudgeStates, Mutes, Plans, Scans, Works
from oakum.store.blobs import FolderBlobs
from oakum.store.bucket import bucket
from oakum.store.database import WAIT_S, Database
from oakum.store.incidents import SqlIncidents
from oakum.store.judge_states import SqlJudgeStates
from oakum.store.mutes import SqlMutes
from oakum.store.place import FilePlace, Place
from oakum.store.plans import SqlPlans
from oakum.store.scans import SqlScans
from oakum.store.schema import prepare
from oakum.store.works import SqlWorks

__all__ = ["SqlStore", "open_store"]


@dataclass(frozen=True, slots=True)
class SqlStore:
    """``Store`` of the ports."""

    database: Database
    incidents: Incidents
    plans: Plans
    mutes: Mutes
    scans: Scans
    judge_states: JudgeStates
    works: Works
    blobs: Blobs
    blobs_alone: bool = False

    @property
    def place(self) -> str:
        return str(self.database.place)

    def close(self) -> None:
        self.database.close()


def open_store(place: Place, *, blobs: str, wait_s: float = WAIT_S) -> SqlStore:
    """Made or upgraded where needed. ``blobs``: a folder, or a bucket's URL; "" beside the database's file.

    Raises what ``store/faults.py`` tells: MachineError, DataError, TargetError, CallerError.
    """
    database = Database(place, wait_s=wait_s)
    try:
        prepare(database)
    except BaseException:
        database.close()
        raise
    return SqlStore(
        database,
        SqlIncidents(database),
        SqlPlans(database),
        SqlMutes(database),
        SqlScans(database),
        SqlJudgeStates(database),
        SqlWorks(database),
        bucket(blobs) if "://" in blobs else FolderBlobs(_folder(place, blobs)),
        # Beside the record's own file; any other place may be that of several records.
        blobs_alone=not blobs,
    )


def _folder(place: Place, named: str) -> Path:
    if named:
        return Path(named).expanduser()
    assert isinstance(place, FilePlace)
    return place.blobs
