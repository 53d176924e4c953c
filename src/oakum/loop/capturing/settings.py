"""How a dump is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from oakum.loop.terms import Terms


@dataclass(frozen=True, slots=True)
class Settings:
    """How a dump is taken."""

    stop: bool = False
    """CPython: whether the target may stand still while its memory is copied."""

    raw: bool = False
    """Whether the program's texts are written as they are; else they are left out."""

    recipients: Sequence[str] = ()
    """To whom the dump is sealed; nobody where there are none."""

    terms: Terms = field(default_factory=Terms)
    """Whether a JVM or Node.js may be signalled and asked, and what a dump may cost."""

    worker: str = ""
    """Node.js: the worker thread whose heap is taken, by number or name, or ``largest``; else the main thread's."""

    incident: str = ""
    """Of which incident a copy becomes evidence: only for the command that a refusal tells."""

    store: str = ""
    """Where that incident is, if it was named."""
