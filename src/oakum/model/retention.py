"""Which evidence has been kept for long enough: what goes, why, and what that frees."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from oakum.model.blob import Blob


@dataclass(frozen=True, slots=True)
class Claim:
    """The evidence that one incident names. ``closed_at_s``: UTC epoch, None while it is open."""

    incident: int
    closed_at_s: float | None
    digests: frozenset[str]


class Why(StrEnum):
    """Why a piece of evidence goes."""

    UNNAMED = "unnamed"
    EXPIRED = "expired"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True)
class Going:
    """``incidents``: the numbers of the closed ones that name it, ascending."""

    blob: Blob
    why: Why
    incidents: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Retention:
    """What goes, in the order in which it goes. ``over``: why the budget is not kept even then, "" where it is."""

    going: tuple[Going, ...]
    bytes_before: int
    bytes_after: int
    over: str = ""


@dataclass(frozen=True, slots=True)
class Retained:
    """What was done at ``at_s``. ``gone`` went; of a dry run it is what would go, and nothing did.

    ``stayed``: meant to go, but reopened or put again meanwhile. ``bytes_after``: what is kept now.
    ``scans``, ``judge_states``: how many were older and are forgotten, None in a dry run: they were not counted.
    """

    at_s: float
    keep_s: float
    budget_bytes: int | None
    dry_run: bool
    gone: tuple[Going, ...]
    stayed: tuple[Going, ...]
    bytes_before: int
    bytes_after: int
    over: str
    scans: int | None = None
    judge_states: int | None = None
