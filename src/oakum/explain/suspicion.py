"""A suspicion: what it must come to, how captures make it weaker, and what would settle it."""

from __future__ import annotations

from dataclasses import replace

from oakum.model.verdict import Verdict, VerdictName

TRIFLE_BYTES = 256 << 10
"""Growth of a holder below this many bytes between the captures is start-up noise."""

EXPLAINED = (0.3, 3.0)
"""The holder's growth must lie within these factors of the process's measured growth."""


def left_open(series: Verdict, *reasons: str) -> Verdict:
    """A suspicion that the captures do not bear out: it is not known, and hardly probable."""
    return replace(
        series,
        name=VerdictName.CANNOT_TELL,
        probability=min(series.probability or 0.2, 0.2),
        reasons=(*reasons, *series.reasons),
        settles=longer(series),
    )


def at_most_suspect(series: Verdict) -> VerdictName:
    """What a leak is called where the captures speak against it."""
    return VerdictName.SUSPECT if series.name is VerdictName.LEAK else series.name


def longer(series: Verdict) -> str:
    """What would settle it: to watch longer, where the series alone says nothing."""
    return series.settles or "watch longer: the same command with --for 10m"
