"""What the two variants of a case differ in."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Final

from lab.zoo.case import FIXED, LEAK, Case

AROUND: Final = 2
"""Lines that stand before and after, as they are in both."""


def changed(case: Case) -> list[str]:
    """Lines of a diff from the leaking variant to the mended one, without its heads; ``…`` between two places."""
    before, after = (case.rendered(variant).splitlines() for variant in (LEAK, FIXED))
    rows = list(difflib.unified_diff(before, after, lineterm="", n=AROUND))[2:]
    told = ["…" if row.startswith("@@") else row.rstrip() for row in rows[1:]]
    return "\n".join(told).strip("\n").split("\n")


def sentence(case: Case) -> str:
    """What it says, with a capital and a full stop; no sign of it is markup."""
    text = re.sub(r"([\\|*_<\[`~])", r"\\\1", case.says)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def fenced(language: str, lines: Sequence[str]) -> list[str]:
    """As a block of Markdown, with a fence that none of them has."""
    fence = "````" if any("```" in line for line in lines) else "```"
    return [f"{fence}{language}", *lines, fence]
