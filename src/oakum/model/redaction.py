"""What became of a dump whose contents were filled."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` things of one kind, of ``bytes`` together."""

    what: str
    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Redacted:
    """Told by the work itself. ``replaced``: what was filled; ``stayed``: texts that are as they were.

    ``stays``: in words, what no redaction of this format touches. ``bytes``: of the dump, unpacked: filler is as long
    as what it stands for.
    """

    format: str
    bytes: int
    replaced: tuple[Share, ...]
    stayed: tuple[Share, ...]
    stays: str


@dataclass(frozen=True, slots=True)
class Redaction:
    """``file``: which dump; ``out``: where the redacted one is, ``-`` for standard output; ``out_bytes``: as written.

    ``key_file``: where the key is kept, "" where it was thrown away. ``sealed_to``: who can open it; nobody in
    particular where that is empty.
    """

    file: str
    out: str
    out_bytes: int
    seconds: float
    redacted: Redacted
    key_file: str = ""
    sealed_to: tuple[str, ...] = ()
