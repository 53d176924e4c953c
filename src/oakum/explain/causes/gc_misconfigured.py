"""A heap whose cap does not fit below the memory limit: it is collected late or never, and the kernel ends it first.

Source: the flags of the JVM (MaxHeapSize, MaxRAMPercentage), V8's heap_size_limit, GOMEMLIMIT, against memory.max.
"""

from __future__ import annotations

from math import nan

from oakum.explain.remedies import with_advice
from oakum.model.cause import Cause, CauseName
from oakum.model.surroundings import Surroundings
from oakum.model.units import format_share, format_size
from oakum.model.verdict import Verdict, VerdictName

NEAR = 0.6
"""From this share of the limit on, a cap that is too high is about to matter."""


def look(around: Surroundings, verdict: Verdict) -> Cause | None:
    """None where the cap fits, where either is not known, and where a healthy heap is far below both."""
    cap, charge, limit = around.cap, around.charge, around.limit
    if cap is None or charge is None or limit is None or cap.limit_bytes + cap.beside_bytes <= limit.limit_bytes:
        return None
    level = max(charge[1].anon_bytes / limit.limit_bytes, 0.0)
    killed = bool(charge[1].kills)
    if verdict.name is VerdictName.HEALTHY and level < NEAR and not killed:
        return None
    bound, most = format_size(limit.limit_bytes), format_size(cap.limit_bytes)
    alone = cap.limit_bytes >= limit.limit_bytes
    beside = "" if alone else f", and {format_size(cap.beside_bytes)} stand beside it"
    sure = 0.8 if killed or (alone and level >= NEAR) else 0.5
    found = Cause(
        name=CauseName.GC_MISCONFIGURED,
        confidence=sure if level >= NEAR or killed else 0.35,
        title=f"its heap may become {most} ({cap.said}), and the limit is {bound}",
        holder=cap.said,
        retained_bytes=None,
        growth_bytes_per_s=nan,
        why=(
            f"its cap is {most}{beside}, and all that it may use is {bound}: the kernel kills before it must collect",
            *((f"{charge[1].kills} OOM kills were counted for it",) if killed else ()),
        ),
        against=(
            ("memory that lives grows whatever the cap is: look at the holders first",)
            if verdict.name in {VerdictName.LEAK, VerdictName.SUSPECT}
            else (f"it uses {format_share(level)} of the limit by now",)
        ),
        evidence=around.ids("cap", "charge"),
    )
    return with_advice(found, around.language)
