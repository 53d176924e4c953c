"""Page cache that is counted as use: files that were read or written, which the kernel gives back before it kills.

Source: the kernel's documentation of cgroup v2 (memory.stat: anon, file; memory.current holds both).
"""

from __future__ import annotations

from oakum.explain.remedies import with_advice
from oakum.model.cause import Cause, CauseName
from oakum.model.surroundings import Surroundings
from oakum.model.units import format_rate, format_share, format_size
from oakum.model.verdict import Verdict, VerdictName

LEAST_BYTES = 64 << 20
LEAST_GROWN = 16 << 20
PERHAPS, YES = 0.4, 0.6
"""Shares of all that is charged, or of what it gained."""

NEAR = 0.5
"""Below this share of the limit nobody is alarmed by it."""


def look(around: Surroundings, verdict: Verdict) -> Cause | None:
    """None where little of the charge are pages of files, and nobody could take them for use."""
    if around.charge is None:
        return None
    first, last = around.charge
    grown, gained = last.file_bytes - first.file_bytes, last.usage_bytes - first.usage_bytes
    of_growth = grown / gained if gained > 0 and grown >= LEAST_GROWN else 0.0
    of_all = last.file_bytes / max(last.usage_bytes, 1)
    limit = around.limit
    near = limit is not None and last.usage_bytes >= NEAR * limit.limit_bytes
    high = last.file_bytes >= LEAST_BYTES and of_all >= PERHAPS
    if not near or (of_growth < YES and not high):
        return None
    if verdict.name in {VerdictName.LEAK, VerdictName.SUSPECT} and of_growth < YES:
        return None
    seconds = max(last.at_s - first.at_s, 1e-9)
    why = [f"{format_size(last.file_bytes)} of {format_size(last.usage_bytes)} charged are pages of files"]
    if of_growth >= YES:
        rate = format_rate(grown / seconds)
        why.append(f"they are {format_share(min(of_growth, 1.0))} of what the charge gained: {rate}")
    else:
        why.append(f"without them {format_size(last.anon_bytes)} are in use")
    found = Cause(
        name=CauseName.PAGE_CACHE,
        confidence=0.8 if of_growth >= YES or of_all >= YES else 0.5,
        title=f"{format_size(last.file_bytes)} of the {format_size(last.usage_bytes)} charged are page cache: no leak",
        holder=f"page cache of cgroup {last.path}",
        retained_bytes=last.file_bytes,
        growth_bytes_per_s=max(grown, 0) / seconds,
        why=tuple(why),
        against=("files in tmpfs (/dev/shm, emptyDir of medium Memory) count here too, and are never given back",),
        evidence=around.ids("charge"),
    )
    return with_advice(found, around.language)
