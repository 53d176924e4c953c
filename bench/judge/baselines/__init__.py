"""Published methods, on the same series and in the same process.

All are told the true limit, even where the judge is not; where none is known, those that need one stay silent.
"""

from __future__ import annotations

from bench.judge.baselines.mannkendall import MannKendall
from bench.judge.baselines.precog import PrecogMF
from bench.judge.baselines.promql import Derivative, Increase, PredictLinear
from bench.judge.detector import Detector

__all__ = ["Derivative", "Increase", "MannKendall", "PrecogMF", "PredictLinear", "every_one"]


def every_one() -> list[Detector]:
    return [
        PredictLinear(),
        Increase(),
        Derivative(),
        MannKendall("Mann-Kendall"),
        MannKendall("Hamed-Rao", corrected=True),
        MannKendall("Mann-Kendall + Sen", ahead_s=24 * 3600.0),
        PrecogMF(),
    ]
