"""When a series is worth a closer look, and how close. Pure: time is an argument."""

from __future__ import annotations

from enum import IntEnum

from oakum.loop.watching.followed import Followed
from oakum.model.policy import Policy
from oakum.model.series import MOST
from oakum.model.verdict import Verdict, VerdictName

SETTLED_S, SETTLED_TIMES = 60.0, 3
"""A suspicion is worth a look when it lasted this long, in seconds, over so many judgements: services warm up."""

SMALL_BYTES = 16 << 20
"""A process that never held more is left alone: nobody is killed for it."""

AGAIN_S, LONGEST_S = 600.0, 21600.0
"""After a look the next waits so long, then twice as long each time, in seconds."""


class Depth(IntEnum):
    """CHEAP: what costs the target no pause. DEAR: what may, while there is room for it."""

    NONE = 0
    CHEAP = 1
    DEAR = 2


def depth(followed: Followed, now_s: float, policy: Policy) -> Depth:
    """How close a look its last verdict asks for."""
    verdict = followed.verdict
    if verdict is None or followed.ended or followed.found_since_s is None or followed.peak < SMALL_BYTES:
        return Depth.NONE
    near = left_s(verdict) < policy.imminent_s or _high(followed, policy)
    if verdict.name is VerdictName.LEAK:
        return Depth.DEAR
    lasted = now_s - followed.found_since_s >= SETTLED_S and followed.found_times >= SETTLED_TIMES
    if lasted:
        return Depth.DEAR if near else Depth.CHEAP
    return Depth.NONE


def left_s(verdict: Verdict) -> float:
    """Until the nearest boundary by the early case, in seconds; inf where none is near."""
    return min((forecast.p10_s for forecast in verdict.forecasts), default=float("inf"))


def _high(followed: Followed, policy: Policy) -> bool:
    limit = followed.limit
    return 0 < limit < MOST and followed.last_value >= policy.warn_share * limit


def wait_s(looks: int) -> float:
    """After so many looks of one depth, in seconds."""
    return min(AGAIN_S * 2.0 ** min(max(looks - 1, 0), 32), LONGEST_S) if looks else 0.0
