"""Does it leak? Arrays in, a verdict out."""

from __future__ import annotations

from oakum.judge.settings import JudgeSettings
from oakum.judge.verdict import curve, judge

__all__ = ["JudgeSettings", "curve", "judge"]
