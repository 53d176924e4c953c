"""Numbers in a pattern's groups: ``1,000``, ``512M``, ``2.5``; and what ``least`` asks of them."""

from __future__ import annotations

from collections.abc import Mapping

from oakum.model.log import LogPattern

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def number(text: str | None) -> float | None:
    """None for what is none."""
    if not text:
        return None
    text = text.replace(",", "").replace("_", "")
    scale = _UNITS.get(text[-1:].upper(), 1)
    try:
        return float(text[:-1] if scale > 1 else text) * scale
    except ValueError:
        return None


def reaches(pattern: LogPattern, groups: Mapping[str, str | None]) -> bool:
    """Whether every number is as large as it must be; one that is not there is not."""
    return all(
        (found := _computed(name, groups)) is not None and found >= least for name, least in pattern.least.items()
    )


def _computed(name: str, groups: Mapping[str, str | None]) -> float | None:
    if name != "after_share":
        return number(groups.get(name))
    after, of = number(groups.get("after")), number(groups.get("of"))
    return after / of if after is not None and of else None
