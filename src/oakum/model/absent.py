"""Why a fact is missing. Not knowing is an answer; 0, NaN and silence are not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AbsentKind(StrEnum):
    """Why a fact is missing."""

    UNREADABLE = "unreadable"
    NOT_PERMITTED = "not-permitted"
    NOT_APPLICABLE = "not-applicable"
    NOT_YET = "not-yet"
    TOO_DEAR = "too-dear"


@dataclass(frozen=True, slots=True)
class Absent:
    """``what`` is missing because of ``why``; ``get`` says what would get it."""

    what: str
    kind: AbsentKind
    why: str
    get: str = ""
