"""The incremental judge: a state per series takes new samples and answers again without the past samples."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from oakum.judge import figures, kernels, weights
from oakum.judge.columns import limits
from oakum.judge.facts import Facts, Life, facts_of, life_of
from oakum.judge.ledger import COLUMNS, Ledger, empty_ledger
from oakum.judge.lifetimes import check, checked, loads
from oakum.judge.settings import JudgeSettings
from oakum.judge.verdict import verdict_of
from oakum.model.errors import DataError
from oakum.model.series import Floats, Metric, Series, WorkloadSeries
from oakum.model.verdict import Verdict

_BROKEN = (ValueError, KeyError, TypeError, EOFError, OSError, NotImplementedError, zipfile.BadZipFile, zlib.error)
"""What a file that was damaged, or never was one of these, makes of reading it."""

FORMAT = 1
"""Raised whenever what is saved changes its meaning."""


@dataclass(frozen=True, slots=True, eq=False)
class JudgeState:
    """About 64 bins per octave of age, whatever the number of samples: some 60 KB for a year at any step.

    A verdict is equal to that of ``judge`` on all samples at once.
    """

    id: str
    facts: Facts
    ledger: Ledger

    def added(self, more: Series, *, begins: bool = False) -> JudgeState:
        """With later samples. ``begins``: they are a new lifetime's. Raises DataError as ``judge`` does.

        ``more.ending`` and ``more.limit`` speak of the moment of its last sample.
        """
        if not len(more):
            return self
        lives = self.facts.lives
        check(self.id, more, lives[-1].last_s if lives else -np.inf)
        fresh = life_of(more)
        lives = (*lives, fresh) if begins or not lives else (*lives[:-1], _longer(lives[-1], fresh))
        ledger = self.ledger if len(self.ledger) else empty_ledger(float(more.at_s[0]))
        ledger = ledger.added(more.at_s, more.value, loads(more), np.full(len(more), len(lives) - 1, np.int64))
        return JudgeState(self.id, replace(self.facts, lives=lives), ledger)

    def killed(self) -> JudgeState:
        """The present lifetime was killed for its memory; without one nothing changes."""
        if not self.facts.lives:
            return self
        *earlier, last = self.facts.lives
        return JudgeState(self.id, replace(self.facts, lives=(*earlier, replace(last, killed=True))), self.ledger)

    def figures(self) -> Floats:
        """float64[ANSWER] of the kernels, interpreted; all NaN without samples."""
        answer = np.full(figures.ANSWER, np.nan)
        if len(self.ledger):
            dead = np.array([life.killed for life in self.facts.lives], np.bool_)
            limit, boundary, least = limits(self.facts)
            kernels.weigh(
                self.ledger.bins(),
                self.ledger.life,
                limit,
                boundary,
                least,
                dead,
                weights.KNOWN,
                weights.FRESH,
                weights.FORESIGHT,
                answer,
            )
        return answer

    def verdict(self, settings: JudgeSettings | None = None) -> Verdict:
        return verdict_of(self.facts, self.figures(), settings or JudgeSettings())

    def saved(self) -> bytes:
        """One file's content, for ``restored``."""
        facts = self.facts
        head = {
            "format": FORMAT,
            "id": self.id,
            "unit": facts.unit,
            "metric": facts.metric.value,
            "node_limit": facts.node_limit,
            "lives": [asdict(life) for life in facts.lives],
            "start_s": self.ledger.start_s,
            "final": self.ledger.final,
        }
        file = io.BytesIO()
        columns = {name: getattr(self.ledger, name) for name in COLUMNS}
        np.savez_compressed(file, head=np.frombuffer(json.dumps(head).encode(), np.uint8), **columns)
        return file.getvalue()


def _longer(life: Life, more: Life) -> Life:
    return replace(
        more,
        born_s=life.born_s,
        first_s=life.first_s,
        highest=max(life.highest, more.highest),
        samples=life.samples + more.samples,
        killed=life.killed or more.killed,
        first_value=life.first_value,
    )


def state_of(workload: WorkloadSeries) -> JudgeState:
    """Raises DataError for times that do not increase or values that are no numbers."""
    lifetimes = checked(workload)
    if not lifetimes:
        return JudgeState(workload.id, facts_of(workload), empty_ledger(0.0))
    ledger = empty_ledger(float(lifetimes[0].at_s[0])).added(
        _joined([lifetime.at_s for lifetime in lifetimes]),
        _joined([lifetime.value for lifetime in lifetimes]),
        _joined([loads(lifetime) for lifetime in lifetimes]),
        np.repeat(np.arange(len(lifetimes)), [len(lifetime) for lifetime in lifetimes]),
    )
    return JudgeState(workload.id, facts_of(workload), ledger)


def _joined(parts: Sequence[Floats]) -> Floats:
    return parts[0] if len(parts) == 1 else np.concatenate(parts, dtype=np.float64)


def restored(content: bytes) -> JudgeState:
    """Raises DataError for what ``saved`` of this version did not write."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            head = json.loads(bytes(file["head"]))
            if head["format"] != FORMAT:
                raise _unknown(f"it has format {head['format']}, this version knows {FORMAT}")
            ledger = Ledger(head["start_s"], head["final"], **{name: file[name] for name in COLUMNS})
        lives = tuple(Life(**life) for life in head["lives"])
        facts = Facts(head["unit"], Metric(head["metric"]), head["node_limit"], lives)
    except _BROKEN as exc:
        raise _unknown(str(exc)[:200]) from exc
    return JudgeState(head["id"], facts, ledger)


def _unknown(why: str) -> DataError:
    return DataError("this is no saved state of a series", why=why, next_step="judge the series anew from its samples")
