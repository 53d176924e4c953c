"""Series that need no judging: seen for minutes, and moved by less than what could be called growth."""

from __future__ import annotations

import numpy as np

from oakum.judge.facts import facts_of
from oakum.judge.gap.kernels import SHARE
from oakum.judge.lifetimes import checked
from oakum.judge.settings import JudgeSettings
from oakum.judge.verdict import LEAST_SEEN_BYTES, SHORT_SHARE
from oakum.model.errors import DataError
from oakum.model.series import Ending, WorkloadSeries
from oakum.model.units import format_size
from oakum.model.verdict import Verdict, VerdictName

PART = 0.5
"""Of what must be gained within minutes to be called growth, all of the ups and downs of a series that stands still."""


def still(workload: WorkloadSeries, settings: JudgeSettings | None = None) -> Verdict | None:
    """Healthy, without rate and shape, where ``judge`` is sure to find it so: O(n), and no kernel is asked.

    None: it is to be judged. What was restarted or seen for longer is, what has too few samples or a gap in them, and
    what is so near to its limit that a climb to it could hide in what it moved.
    """
    chosen = settings or JudgeSettings()
    try:
        lives = checked(workload)
    except DataError:
        return None
    if len(lives) != 1 or len(workload.lifetimes) != 1 or workload.unit != "bytes":
        return None
    (life,) = lives
    span_s = float(life.at_s[-1] - life.at_s[0])
    if len(life) < chosen.least_samples or life.ending is not Ending.RUNNING or span_s >= chosen.short_history_s:
        return None
    low, high = float(life.value.min()), float(life.value.max())
    if high - low > PART * max(LEAST_SEEN_BYTES, SHORT_SHARE * low):
        return None
    facts = facts_of(workload)
    # All its ups and downs over the time are the steepest climb that the judge may find. What gaps hide it asks.
    room = facts.boundary[1] - high
    if (high - low) * chosen.horizon_s >= room * span_s or float(np.diff(life.at_s).max()) > SHARE * span_s:
        return None
    moved = f"it moved by {format_size(high - low)} in all: too little to be judged"
    return Verdict(VerdictName.HEALTHY, None, None, float(life.value[-1]), limit=facts.limit, reasons=(moved,))
