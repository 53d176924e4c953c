"""A limit that is too low for what is normal: memory is high, comes back, and the kernel kills all the same."""

from __future__ import annotations

from math import nan

from oakum.explain.remedies import with_advice
from oakum.model.cause import Cause, CauseName
from oakum.model.surroundings import Surroundings
from oakum.model.units import format_share, format_size
from oakum.model.verdict import Pattern, Verdict, VerdictName

HIGH = 0.85
"""From this share of the limit on, a short peak is enough for a kill."""

KILLED_HIGH = 0.6
"""After kills, a run that has begun anew is high again from here on."""

CALM = frozenset({
    None, Pattern.FLAT, Pattern.SAWTOOTH, Pattern.PERIODIC, Pattern.SPIKE, Pattern.WARM_UP, Pattern.LOAD_DRIVEN
})  # fmt: skip


def look(around: Surroundings, verdict: Verdict) -> Cause | None:
    """None for what grows: a leak eats any limit."""
    charge, limit = around.charge, around.limit
    if charge is None or limit is None or verdict.pattern not in CALM:
        return None
    if verdict.name not in {VerdictName.HEALTHY, VerdictName.CANNOT_TELL}:
        return None
    last = charge[1]
    kills, share = last.kills or 0, last.anon_bytes / limit.limit_bytes
    if share < (KILLED_HIGH if kills else HIGH):
        return None
    bound = format_size(limit.limit_bytes)
    against = () if kills else ("no kill was counted: it may never need more than now",)
    if verdict.name is VerdictName.CANNOT_TELL:
        against = (*against, "a leak that is slower than this watch looks the same: watch longer before it is raised")
    found = Cause(
        name=CauseName.UNDERSIZED_LIMIT,
        confidence=(0.8 if kills else 0.4) * (1.0 if verdict.name is VerdictName.HEALTHY else 0.6),
        title=f"it holds {format_size(last.anon_bytes)}, {format_share(share)} of its limit, and does not grow",
        holder=f"limit of {limit.path or '/'} ({bound})",
        retained_bytes=last.anon_bytes,
        growth_bytes_per_s=nan,
        why=(
            f"{format_share(share)} of {bound} are in use, {verdict.pattern.value if verdict.pattern else 'steady'}",
            *((f"{kills} OOM kill{'s were' if kills > 1 else ' was'} counted there",) if kills else ()),
        ),
        against=against,
        evidence=around.ids("charge"),
    )
    return with_advice(found, around.language)
