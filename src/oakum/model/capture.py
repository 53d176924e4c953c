"""A dump that was taken: of what, at what cost, and what it does not say."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.model.evidence import Cost
from oakum.model.redaction import Redacted


@dataclass(frozen=True, slots=True)
class Foretold:
    """What was said beforehand, as upper bounds. ``extra_bytes``: of the target's memory; ``file_bytes``: unpacked."""

    pause_s: float
    extra_bytes: int
    file_bytes: int


@dataclass(frozen=True, slots=True)
class Capture:
    """``file_bytes``: as written, packed. ``objects``, ``references``: in the dump; None where the runtime wrote it
    itself, and nobody counted. ``at_s``: UTC epoch.

    ``skipped_bytes``: of the target's memory that was swapped out or went away meanwhile.
    """

    target: str
    pid: int
    runtime: str
    file: str
    file_bytes: int
    format: str
    at_s: float
    objects: int | None
    references: int | None
    cost: Cost
    skipped_bytes: int
    redacted: bool
    warnings: tuple[str, ...] = ()
    sealed_to: tuple[str, ...] = ()
    """Who can open the file; everybody who may read it where that is empty."""

    redaction: Redacted | None = None
    """What was filled, of a dump that the runtime wrote itself."""

    extra_bytes: int = 0
    """Memory that the target took for that time."""

    seconds: float = 0.0
    """From the first question to the whole file."""

    foretold: Foretold | None = None

    incident: str = ""
    """Whose evidence a copy of the file is; "" where it is nobody's."""

    digest: str = ""
    """By which that copy is found."""
