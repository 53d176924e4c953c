"""A stage of long work, as a person is told of it while it goes on."""

from __future__ import annotations

from typing import Self


class Stage(str):
    """One line for a person. ``work``: how much is to be done, in ``unit`` (``B``, ``references``); 0 where unknown.

    ``kind``: stages of one kind take time in proportion to their work; "" where nothing is known of it.
    """

    __slots__ = ("kind", "unit", "work")
    work: float
    unit: str
    kind: str

    def __new__(cls, text: str, *, work: float = 0.0, unit: str = "", kind: str = "") -> Self:
        made = super().__new__(cls, text)
        made.work, made.unit, made.kind = work, unit, kind
        return made
