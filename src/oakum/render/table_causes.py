"""The catalogue of causes as a page shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol


class Row(Protocol):
    """What is said of one cause."""

    @property
    def what(self) -> str: ...

    @property
    def speaks(self) -> str: ...

    @property
    def against(self) -> str: ...

    @property
    def where(self) -> str: ...


def causes_markdown(rows: Iterable[tuple[str, Row, Sequence[tuple[str, str]]]]) -> str:
    """A section for each: (name, what is said of it, advice by runtime)."""
    return "\n\n".join(_section(name, row, advice) for name, row, advice in rows)


def _section(name: str, row: Row, advice: Sequence[tuple[str, str]]) -> str:
    said = [
        f"### {name}\n",
        f"{row.what[:1].upper()}{row.what[1:]}.\n",
        f"- for: {row.speaks}",
        f"- against: {row.against}",
        f"- points at: {row.where}\n",
        "| runtime | what to do |",
        "| --- | --- |",
    ]
    return "\n".join([*said, *(f"| {language} | {text.replace('|', '/')} |" for language, text in advice)])
