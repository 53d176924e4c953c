"""What is to be done about a cause, in one runtime."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.model.cause import Example


@dataclass(frozen=True, slots=True)
class Remedy:
    """``example``: None where none is needed beside the advice."""

    advice: str
    example: Example


def remedy(advice: str, before: str, after: str) -> Remedy:
    return Remedy(advice, Example(before, after))
