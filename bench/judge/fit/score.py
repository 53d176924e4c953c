"""What the new weights do to the series that they were fitted on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bench.judge.fit.evidence import answers
from bench.judge.fit.sight import Sight
from bench.judge.replay import outcome
from bench.judge.scores import accuracy, reliability
from bench.judge.table import plain
from oakum.model.series import Floats


def table(sights: Sequence[Sight], found: Sequence[Floats], leak_at: float, sure: Floats) -> Iterator[str]:
    """Precision, recall, false alarms and delay of each part, and the reliability of the probability."""
    outcomes = [
        outcome(one.case, "fit", answers(one, evidence, leak_at, sure))
        for one, evidence in zip(sights, found, strict=True)
    ]
    rows = []
    for part in dict.fromkeys(one.part for one in outcomes):
        some = [one for one in outcomes if one.part == part and (not one.leaks or one.fast)]
        got = accuracy(some)
        delay = np.array([one.delay_s for one in some if one.leaks and one.found]) / 3600
        rows.append([
            part, str(len(some)), f"{got.precision.value:.3f}", f"{got.recall.value:.3f}", f"{got.f1.value:.3f}",
            str(got.episodes), f"{got.per_1000_days.value:.1f}", f"{np.median(delay):.1f}" if delay.size else "–",
        ])  # fmt: skip
    yield plain(("part", "series", "precision", "recall", "F1", "false", "per 1,000 d", "delay h"), rows)
    bins = "  ".join(f"{mean:.2f}→{right:.2f}" for weight, mean, right in reliability(outcomes).tolist() if weight >= 1)
    yield f"probability → was leaking: {bins}"
