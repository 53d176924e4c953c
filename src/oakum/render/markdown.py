"""Markdown in which names that come from targets are words, never markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from oakum.render.names import shown

_MARKUP: Final = re.compile(r"([\\`*_\[\]<>|#~&])")


def listed(lines: Sequence[str]) -> Iterator[str]:
    yield from (f"- {words(line)}" for line in lines)
    yield ""


def tabled(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(map(words, row))} |" for row in rows)
    yield ""


def words(text: object) -> str:
    return _MARKUP.sub(r"\\\1", shown(str(text)))


def sentence(text: object) -> str:
    """With one stop at its end, whether it came with one or not."""
    told = words(text).rstrip()
    return told if told.endswith((".", "!", "?")) or not told else f"{told}."


def code(text: object) -> str:
    """For between two backquotes."""
    return shown(str(text)).replace("`", "'")


def fenced(text: str) -> Iterator[str]:
    """A block of code: its fence is longer than any within."""
    lines = [shown(line.expandtabs(4)) for line in text.rstrip("\n").split("\n")]
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield fence
    yield from lines
    yield fence
