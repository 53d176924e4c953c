"""``weights.py`` as text: each number with the fact that it weighs."""

from __future__ import annotations

from collections.abc import Sequence

from bench.judge.fit.evidence import Weights
from oakum.model.series import Floats

KNOWN = (
    "size: what stands above the past, as a share of the capacity (log)",
    "how much of the growth is new ground, and no recovery of what was lost (log)",
    "how many windows of past there are: a record in a short past is chance (log)",
    "days of past beyond the first: a day that was seen once is not known yet (log)",
    "blocks that rose, beyond five of seven",
    "no block has much more than its eighth of the growth: steps are no leaks",
    "no single step is most of it",
    "the last quarter goes on rising: a cache bends",
    "samples: sixteen prove nothing",
    "and some hundred prove more than some thirty",
    "growth beside moves that are usual (log)",
    "growth beside where it began (log)",
    "nearness to the limit: where no cache was made to end",
    "fewer than sixteen samples prove less still",
    "minutes, beside an hour: in a day there are many of them, and one is the highest (log)",
    "growth beyond the moves that are usual (log)",
)
FRESH = (
    "size: growth as a share of the capacity, while it is small (log)",
    "the same, when it is a twentieth or more (log)",
    "the late half's share: a start bends",
    "the last quarter's share",
    "no block has much more than its eighth of the growth",
    "no single step is most of it",
    "it does not bend down",
    "samples (log)",
    "minutes are a start, an hour is not (log)",
    "how much older the lifetime is than the window (log)",
    "growth beside where it began (log)",
    "nearness to the limit, up to four fifths",
    "and above four fifths: what still rises there will not stop",
    "up to 20 minutes: a start, whatever it looks like (log)",
)


def text(weights: Weights, sure: Floats, leak_at: float, suspect_at: float, foresight: Floats, rule: str) -> str:
    rows, curve = _rows(foresight), _rows(sure)
    return f'''"""How much each fact weighs, as ``python -m bench.judge.fit --write`` found it; see docs/judging.md."""

from __future__ import annotations

import numpy as np

KNOWN = np.array(
    [
{_told(weights.known, KNOWN)}
    ]
)
"""Where the past is as long as the window."""

FRESH = np.array(
    [
{_told(weights.fresh, FRESH)}
    ]
)
"""Where there is less past: a start, or a lifetime as old as the climb."""

SURE = np.array(
    [
{curve}
    ]
)
"""From evidence (first row) to the logit of the probability, lines between: logistic regression that never falls."""

LEAK_AT = {leak_at:.1f}
"""{rule}"""

SUSPECT_AT = {suspect_at:.1f}
"""Where the probability is 0.8 on the bench, of whose series about half leak."""

FORESIGHT = np.array(
    [
{rows}
    ]
)
"""Quantiles (5, 10, 50, 90, 95 %) of the logarithm of what truly remained over what the law says, by the logarithm of
how long the climb was seen over that (first row). The last column is the most that laws which fit as well may lie apart
(logarithm of the ninth tenth over the first), and what each unit of it adds. Quantile regression (Koenker and Bassett
1978) on the tuning part."""
'''


def _rows(table: Floats) -> str:
    return "\n".join(f"        [{', '.join(f'{value + 0.0:.2f}' for value in row)}]," for row in table.tolist())


def _told(weight: Floats, names: Sequence[str]) -> str:
    return "\n".join(
        f"        {value + 0.0:.2f},  # {name}"
        for value, name in zip(weight.tolist(), (*names, "constant"), strict=True)
    )
