"""A type of Go source: one text, and what it says of itself."""

from __future__ import annotations

import re
from typing import Final

FLAT: Final = re.compile(r"struct\{\}|bool|byte|rune|uintptr|u?int\d*|float\d+|complex\d+|time\.(?:Time|Duration)")
"""Types of what refers to nothing."""


def pointed(told: str) -> str:
    """``Bucket`` of ``*shop.Bucket[K]``: the name of a type alone, "" for what has none."""
    bare = told.lstrip("*").partition("[")[0] if not told.startswith(("[", "map[")) else ""
    name = bare.rpartition(".")[2]
    return name if name.isidentifier() else ""


def foreign(told: str) -> bool:
    """Whether a type is one of another package: ``*bolt.Bucket``."""
    return "." in told.lstrip("*").partition("[")[0]


def items(told: str) -> str:
    """The type of what a map, a slice or a channel holds: ``Bucket`` of ``map[string]*Bucket``; "" of anything else."""
    if told.startswith("map["):
        nested = 0
        for at, sign in enumerate(told):
            nested += (sign == "[") - (sign == "]")
            if sign == "]" and not nested:
                return told[at + 1 :].lstrip("*")
    return re.sub(r"^(?:\[\]|chan )\*?", "", told) if told.startswith(("[]", "chan ")) else ""
