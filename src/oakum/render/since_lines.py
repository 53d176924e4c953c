"""What has changed since another scan, in lines for a terminal and a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from oakum.model.kept_scan import Change, ChangeName, Since, Standing
from oakum.model.units import format_count
from oakum.model.verdict import VerdictName
from oakum.render.figures import level_text, moment_text, rate_text
from oakum.render.names import shown

WORDS: Final = {
    ChangeName.NEW_LEAK: ("new leak", "new leaks"),
    ChangeName.BECAME_LEAK: ("suspect became a leak", "suspects became leaks"),
    ChangeName.KILLED: ("newly killed for memory", "newly killed for memory"),
    ChangeName.FASTER: ("grows faster", "grow faster"),
    ChangeName.NEW_SUSPECT: ("new suspect", "new suspects"),
    ChangeName.APPEARED: ("appeared", "appeared"),
    ChangeName.SLOWER: ("grows slower", "grow slower"),
    ChangeName.UNSETTLED: ("leak no longer sure", "leaks no longer sure"),
    ChangeName.ENDED: ("leak ended", "leaks ended"),
    ChangeName.GONE: ("gone", "gone"),
}
"""One, and several."""


def since_head(since: Since) -> str:
    """``since scan-12 (nightly) of 21 Nov 2026 02:00:00 UTC: 1 new leak, 2 gone``."""
    told = ", ".join(f"{format_count(count)} {WORDS[name][count > 1]}" for name, count in _counts(since))
    return f"since {shown(since.title)} of {moment_text(since.at_s)}: {told or 'nothing has changed'}"


def _counts(since: Since) -> Sequence[tuple[ChangeName, int]]:
    counts = since.counts
    return [(name, counts[name]) for name in ChangeName if counts[name]]


def change_line(change: Change) -> str:
    """``new leak: deploy/shop/cart/app, +3.10 MiB/h; was healthy``."""
    name = f"{shown(change.id, 200)} {shown(change.standing.title, 80)}".rstrip()
    return f"{WORDS[change.name][0]}: {name}{_told(change)}"


def _told(change: Change) -> str:
    was, now = change.was, change.now
    if now is None:
        assert was is not None
        return f"; was {_standing(was)}"
    if change.name is ChangeName.KILLED:
        when = "" if now.last_kill_s is None else f", the last time {moment_text(now.last_kill_s)}"
        return f"{when}; {_standing(now)}"
    return f", {_standing(now)}; {'was not there' if was is None else f'was {_standing(was)}'}"


def _standing(standing: Standing) -> str:
    """``leak at +3.10 MiB/h``; of what does not grow the level."""
    grows = standing.verdict in {VerdictName.LEAK, VerdictName.SUSPECT} and standing.rate_per_s is not None
    if grows and standing.rate_per_s is not None:
        return f"{standing.verdict.value} at {rate_text(standing.rate_per_s, standing.unit)}"
    level = level_text(standing.level, standing.unit)
    return standing.verdict.value if level == "unknown" else f"{standing.verdict.value} at {level}"


def left_out_line(since: Since, left_out: int, leaks: int) -> str:
    """Of what is not shown because it is not new; "" where nothing is left out. ``leaks``: of them."""
    if not since.only_fresh or not left_out:
        return ""
    of_which = f", {format_count(leaks)} of which leak" if leaks else ""
    return f"{format_count(left_out)} series are no worse than in {shown(since.title)} and are not shown{of_which}"
