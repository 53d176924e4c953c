"""Does it leak? Arrays in, a verdict out."""

from __future__ import annotations

from oakum.judge.batch import judge_columns, judge_many
from oakum.judge.columns import Columns, columns_of, plain_columns
from oakum.judge.one import curve, judge
from oakum.judge.revisions import rollout_of
from oakum.judge.settings import JudgeSettings
from oakum.judge.state import JudgeState, restored, state_of
from oakum.judge.still import still

__all__ = [
    "Columns",
    "JudgeSettings",
    "JudgeState",
    "columns_of",
    "curve",
    "judge",
    "judge_columns",
    "judge_many",
    "plain_columns",
    "restored",
    "rollout_of",
    "state_of",
    "still",
]
