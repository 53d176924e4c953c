"""Whether a holder grows inside of items that are no more than before: then it is no cache, which gains keys."""

from __future__ import annotations

from dataclasses import dataclass, replace

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName
from oakum.model.units import format_count, format_size

GAINS_ITEMS = frozenset({CauseName.UNBOUNDED_CACHE, CauseName.SESSION_STATE})
"""What gains keys or items, or is none of these."""

LASTING = frozenset({CauseName.GLOBAL, CauseName.STATIC_COLLECTION})
"""What says how long a holder lives, whether it gains items or not."""

WHY = "it has no more items than before: what grows is inside of them"
ADVICE = "Bound what each of its items keeps: it has no more of them, they are larger."


@dataclass(frozen=True, slots=True)
class Inside:
    """What is said instead of a lasting cause's own words; ``advice`` "" leaves its own."""

    why: str
    advice: str = ""

    def of(self, finding: Finding) -> Finding:
        return replace(finding, why=self.why, advice=self.advice or finding.advice)

    def left(self, found: list[Finding]) -> list[Finding]:
        """Without what gains items; what lasts is told anew."""
        kept = [each for each in found if each.name not in GAINS_ITEMS]
        return [self.of(each) if each.name in LASTING else each for each in kept]


def inside(clue: Clue) -> Inside | None:
    """None where its items became more.

    Of a dump that says the cause by itself, items may be what a container's insides own: only what ``grows_inside``
    counts there. A table of variables or fields gains no items of its own either.
    """
    holder = clue.holder
    if holder.cause is not None:
        return Inside(WHY) if holder.grows_inside else None
    if clue.variables:
        together = f"several {clue.variables} hold them together"
        return Inside(together, "Look at what each of them keeps, and bound that.")
    if holder.items_after <= 0 or holder.items_grown > 0:
        return None
    if holder.evicted_items * 2 > holder.items_after:
        return Inside(WHY, ADVICE)
    each = format_size(max(holder.bytes_grown, 0) // holder.items_after)
    return Inside(f"each of its {format_count(holder.items_after)} {holder.counted} gained about {each}", ADVICE)
