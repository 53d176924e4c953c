"""What Oakum said of a case, read from its JSON, and whether that is right."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from lab.zoo.case import LEAK, Case

SCHEMA: Final = "oakum.investigation/1"
MORE: Final = ("suspect", "cannot-tell")

RIGHT, WRONG_CAUSE, WEAK, OPEN, FALSE, MISSED, BROKEN = (
    "right",
    "wrong cause",
    "suspect",
    "open",
    "false leak",
    "missed",
    "broken",
)


@dataclass(frozen=True, slots=True)
class Named:
    """One cause. ``words``: all by which it names its holder."""

    cause: str
    holder: str
    words: str


@dataclass(frozen=True, slots=True)
class Said:
    """One look. ``seconds``: of the whole command. ``pause_s``, ``bytes_read``: of all its evidence.

    ``settles``: what it says would settle it. ``file``: where the whole answer is kept.
    """

    verdict: str
    causes: tuple[Named, ...]
    settles: str
    seconds: float
    pause_s: float
    bytes_read: int
    reasons: tuple[str, ...]
    file: str = ""

    @property
    def asks_for_more(self) -> bool:
        """Whether the engineer on call would look once more, for longer."""
        return self.verdict in MORE and re.search(r"watch|longer|more|--for", self.settles) is not None


@dataclass(frozen=True, slots=True)
class Score:
    """``top1``, ``top3``, ``holder``: None where no leak is to be found."""

    outcome: str
    top1: bool | None = None
    top3: bool | None = None
    holder: bool | None = None


def read_answer(answer: Mapping[str, Any], seconds: float, file: str = "") -> Said:
    """Of oakum.investigation/1. Raises ValueError where it is something else."""
    if answer.get("schema") != SCHEMA:
        raise ValueError(f"no {SCHEMA}: {str(answer)[:200]}")
    costs = [row["cost"] for row in answer["evidence"]]
    verdict = answer["verdict"]
    return Said(
        verdict["verdict"],
        tuple(_named(cause) for cause in answer["causes"]),
        verdict.get("settles") or "",
        seconds,
        sum(cost["pause_s"] for cost in costs),
        sum(cost["bytes_read"] for cost in costs),
        tuple(verdict["reasons"]),
        file,
    )


def _named(cause: Mapping[str, Any]) -> Named:
    places = " ".join(" ".join(str(value) for value in place.values()) for place in cause.get("places", ()))
    holder = str(cause.get("holder", ""))
    return Named(cause["cause"], holder, f"{holder} {cause.get('title', '')} {cause['where']} {places}")


def scored(case: Case, variant: str, looks: Sequence[Said]) -> Score:
    """The last look counts."""
    if not looks:
        return Score(BROKEN)
    said = looks[-1]
    if variant != LEAK:
        return Score({"healthy": RIGHT, "cannot-tell": OPEN, "suspect": WEAK}.get(said.verdict, FALSE))
    found = said.verdict == LEAK
    top1 = found and any(cause.cause in case.causes for cause in said.causes[:1])
    top3 = found and any(cause.cause in case.causes for cause in said.causes[:3])
    holder = found and any(all(text in cause.words for text in case.holder) for cause in said.causes[:1])
    outcome = (RIGHT if top1 else WRONG_CAUSE) if found else _short_of_a_leak(said.verdict)
    return Score(outcome, top1, top3, holder)


def _short_of_a_leak(verdict: str) -> str:
    return {"cannot-tell": OPEN, "suspect": WEAK}.get(verdict, MISSED)


def said_to_json(said: Said) -> dict[str, Any]:
    return asdict(said)


def said_from_json(row: Mapping[str, Any]) -> Said:
    causes = tuple(Named(**cause) for cause in row["causes"])
    return Said(**{**row, "causes": causes, "reasons": tuple(row["reasons"])})
