"""The record: incidents, plans, mutes, scans, and the evidence that they name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from oakum.model.blob import Blob
from oakum.model.incident import Change, Incident, Record
from oakum.model.kept_scan import KeptHead, KeptScan, ScanBounds
from oakum.model.mute import Mute
from oakum.model.plan_record import Approval, PlanRecord
from oakum.model.retention import Claim
from oakum.model.work import Holder, Work


class Incidents(Protocol):
    """Incidents with their timelines. Each write happens whole or not at all, and is on the disk when it returns."""

    def write(self, identity: str, make: Callable[[Sequence[Incident]], Change | None]) -> Incident | None:
        """Open or change an incident of ``identity``: ``make`` is given all of that identity, oldest first.

        It is pure: it may be asked again when another Oakum wrote meanwhile. None: nothing is to be written.
        """

    def change(self, number: int, make: Callable[[Record], Change | None]) -> Incident:
        """As ``write``, for one that is there. Raises CallerError when it is not."""

    def get(self, number: int) -> Incident:
        """Raises CallerError when it is not there."""

    def list(self, *, closed: bool = False) -> Sequence[Incident]:
        """The open ones, or all; the newest first."""

    def record(self, number: int) -> Record:
        """All that is known of one, as of one moment. Raises CallerError when it is not there."""

    def digests(self) -> frozenset[str]:
        """Every content address that some record names."""

    def claims(self) -> Sequence[Claim]:
        """The same by incident, as of one moment: each that names evidence, the oldest first."""


class Plans(Protocol):
    """Plans with their steps and approvals."""

    def add(self, plan: PlanRecord) -> PlanRecord: ...

    def get(self, number: int) -> PlanRecord:
        """Raises CallerError when it is not there."""

    def of(self, incident: int) -> Sequence[PlanRecord]:
        """Oldest first."""

    def change(self, plan: PlanRecord) -> PlanRecord:
        """Write it with its steps. Raises RefusedError when another one wrote since it was read (``revision``)."""

    def approve(self, approval: Approval) -> None:
        """Raises RefusedError when ``digest`` is not that of the plan as it stands."""

    def approvals(self, plan: int) -> Sequence[Approval]: ...


class Mutes(Protocol):
    """Mutes, lifted and expired ones too: who said it stays on record."""

    def add(self, mute: Mute) -> Mute:
        """One that holds for the same scope and identity is replaced: lifted, in the same write."""

    def lift(self, number: int, *, author: str, at_s: float) -> Mute:
        """Raises CallerError when it is not there or was lifted before."""

    def list(self) -> Sequence[Mute]:
        """Oldest first."""


class Scans(Protocol):
    """Results of scans: ``oakum.scan/1`` documents."""

    def add(
        self,
        source: str,
        at_s: float,
        document: Mapping[str, object],
        *,
        name: str = "",
        bounds: ScanBounds | None = None,
    ) -> int:
        """Its number. ``bounds``: what is more than them goes with the same write."""

    def get(self, number: int) -> KeptScan:
        """Raises CallerError when it is not there, DataError when it cannot be read any more."""

    def last(self, source: str, name: str = "") -> KeptScan | None:
        """The latest, or the latest of a name. Raises DataError as ``get``."""

    def list(self) -> Sequence[KeptHead]:
        """The latest first."""

    def forget(self, before_s: float) -> int:
        """How many were older and are gone; the last of each name stays."""


class JudgeStates(Protocol):
    """What the judge knows of a series between two runs: bytes whose meaning is the judge's own."""

    def get(self, series: str) -> tuple[bytes, int] | None:
        """(state, its revision)."""

    def put(self, series: str, state: bytes, *, revision: int, at_s: float) -> int:
        """``revision``: that which was read, 0 for a new one. Returns the new one.

        Raises RefusedError when another Oakum wrote since.
        """

    def forget(self, before_s: float) -> int:
        """How many were put before and are gone; whoever goes on with one of them begins anew."""


class Works(Protocol):
    """What was begun and has not ended."""

    def begin(self, work: Work) -> Work: ...

    def finish(self, number: int) -> None:
        """Nothing happens when it ended before."""

    def unfinished(self) -> Sequence[Work]: ...


class Workers(Protocol):
    """Who works here: tells a process that goes on from one that is gone."""

    def this(self) -> Holder: ...

    def gone(self, holder: Holder) -> bool | None:
        """None: it is of another machine, and cannot be told from here."""


class Blobs(Protocol):
    """Files by their content: the address is the SHA-256 of what is inside, in hexadecimal."""

    def put(self, parts: Iterable[bytes]) -> str:
        """The address, once all is on the disk; the same content again is kept once."""

    def get(self, digest: str) -> bytes:
        """Raises CallerError when it is not there, DataError when it is no longer what it was."""

    def has(self, digest: str) -> bool: ...

    def digests(self) -> Sequence[str]: ...

    def kept(self) -> Sequence[Blob]:
        """All that is there, by address."""

    def remove(self, digest: str, *, put_at_s: float | None = None) -> int:
        """Bytes that were freed; 0 where it is not there, or was put at another moment than ``put_at_s``."""

    def sweep(self) -> int:
        """Remove what writers that died left half-written; how many there were."""


class Store(Protocol):
    """The record, in one place. Another thread needs one of its own."""

    @property
    def place(self) -> str:
        """Where it is, for a person; no password."""

    @property
    def incidents(self) -> Incidents: ...

    @property
    def plans(self) -> Plans: ...

    @property
    def mutes(self) -> Mutes: ...

    @property
    def scans(self) -> Scans: ...

    @property
    def judge_states(self) -> JudgeStates: ...

    @property
    def works(self) -> Works: ...

    @property
    def blobs(self) -> Blobs: ...

    @property
    def blobs_alone(self) -> bool:
        """No other record keeps evidence in the same place; False where that cannot be told."""

    def close(self) -> None: ...
