"""Exit codes of commands that judge."""

from __future__ import annotations

from oakum.model.verdict import VerdictName

_CODES = {VerdictName.HEALTHY: 0, VerdictName.LEAK: 1, VerdictName.SUSPECT: 5, VerdictName.CANNOT_TELL: 5}


def exit_code(verdict: VerdictName) -> int:
    """0 nothing wrong found, 1 a leak, 5 inconclusive."""
    return _CODES[verdict]
