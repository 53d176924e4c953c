"""What a program's last lines say of memory. The words that are told are these, never a line of the log itself."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.logs import library, read_log
from oakum.model.log import LogReading, Tells

_OWN = frozenset({"jvm", "node", "python", "go", "ruby", "rust", "php", "dotnet", "native"})
"""Runtimes whose words are a program's own; a kernel or a database speaks of others."""


@dataclass(frozen=True, slots=True)
class LastWords:
    """``runtime``: whose words they are: jvm, node, python, go, ruby, native. Whoever still speaks met a limit of its
    own: the kernel lets nobody say a last word.
    """

    runtime: str
    words: str


def last_words(log: str) -> LastWords | None:
    """None: they say nothing of memory."""
    reading = read_log([log.encode("utf-8", "surrogateescape")], library(), now_s=0.0)
    return words_in(reading)


def words_in(reading: LogReading) -> LastWords | None:
    """The runtime's words for memory that ran out, those that name a kind before those that do not."""
    own = [
        finding.pattern
        for finding in reading.findings
        if finding.pattern.tells is Tells.EXHAUSTED and finding.pattern.runtime in _OWN
    ]
    order = {pattern.id: place for place, pattern in enumerate(library())}
    said = min(own, key=lambda pattern: (pattern.fallback, order.get(pattern.id, 0)), default=None)
    return None if said is None else LastWords(said.runtime, said.error)
