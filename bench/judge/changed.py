"""The same series as another scraper would have told it: other steps, units, digits, gaps, a shorter past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bench.judge.case import Case
from bench.judge.seeds import generator
from oakum.model.series import Series, Unit

HOUR, DAY = 3600.0, 86400.0
MOST_SAMPLES = 60_000
"""A series is not made longer than this."""

HOLE_S = 4.0
"""Finer samples are made up between two that are no farther apart than so many usual steps."""

NODE_BYTES = 32 * 2.0**30
SHIFT_S = 1_234_567.891
LEAST = 12

Change: TypeAlias = Callable[[Case], Case | None]
"""None where it means nothing for the series, or would leave too little of it."""


def changed(case: Case, name: str) -> Case | None:
    """``name``: one of CHANGES."""
    other = CHANGES[name](case)
    if other is None or sum(len(one) for one in other.series.lifetimes) < LEAST:
        return None
    return replace(other, name=f"{case.name}@{name}")


def _each(case: Case, change: Callable[[Series], Series], unit: Unit | None = None) -> Case:
    lives = tuple(one for one in map(change, case.series.lifetimes) if len(one))
    return replace(case, series=replace(case.series, lifetimes=lives, unit=unit or case.series.unit))


def _rows(one: Series, kept: NDArray[np.intp] | NDArray[np.bool_]) -> Series:
    limit, load = (None if column is None else column[kept] for column in (one.limit, one.load))
    return replace(one, at_s=one.at_s[kept], value=one.value[kept], limit=limit, load=load)


def _step(step_s: float, *, held: bool = False) -> Change:
    """The last sample of each step; between samples that are farther apart a line, or ``held``: the value as it was."""

    def change(case: Case) -> Case | None:
        if (case.end_s - case.start_s) / step_s > MOST_SAMPLES:
            return None
        return _each(case, lambda one: _coarser(_finer(one, step_s, held=held), step_s))

    return change


def _coarser(one: Series, step_s: float) -> Series:
    number = np.floor(one.at_s / step_s)
    return _rows(one, np.flatnonzero(np.diff(number, append=np.inf) > 0))


def _finer(one: Series, step_s: float, *, held: bool) -> Series:
    gaps = np.diff(one.at_s)
    if not gaps.size or float(np.median(gaps)) <= step_s:
        return one
    at = np.arange(one.at_s[0], one.at_s[-1], step_s)
    before = np.searchsorted(one.at_s, at, side="right") - 1
    near = gaps[np.minimum(before, gaps.size - 1)] <= HOLE_S * float(np.median(gaps))
    at, before = at[near], before[near]
    fine = replace(_rows(one, before), at_s=at)
    return fine if held else replace(fine, value=np.interp(at, one.at_s, one.value))


def _irregular(case: Case) -> Case:
    rng = generator("changed", case.name)

    def change(one: Series) -> Series:
        rows = np.cumsum(rng.choice([1, 1, 2, 3, 7], len(one)))
        return _rows(one, rows[rows < len(one)])

    return _each(case, change)


def _holes(case: Case) -> Case:
    """Three times, eight hundredths of the window are missing."""
    span = case.end_s - case.start_s
    holes = case.start_s + generator("changed", case.name).uniform(0.05, 0.9, 3) * span
    return _each(
        case,
        lambda one: _rows(
            one, ~np.any((one.at_s > holes[:, None]) & (one.at_s < holes[:, None] + 0.08 * span), axis=0)
        ),
    )


def _full(case: Case) -> float:
    return case.truth.limit or 2 * float(case.flat()[1].max()) or 1.0


def _percent(case: Case) -> Case | None:
    if case.series.unit == "percent":
        return None
    full = _full(case)
    return _each(case, lambda one: replace(one, value=np.minimum(100 * one.value / full, 100.0), limit=None), "percent")


def _bytes(*, limited: bool) -> Change:
    def change(case: Case) -> Case | None:
        if case.series.unit != "percent":
            return None
        limit = NODE_BYTES if limited else np.inf
        return _each(
            case,
            lambda one: replace(one, value=one.value / 100 * NODE_BYTES, limit=np.full(len(one), limit)),
            "bytes",
        )

    return change


def _limit(*, told: bool) -> Change:
    def change(case: Case) -> Case | None:
        if case.series.unit == "percent":
            return None
        full = _full(case)
        return _each(case, lambda one: replace(one, limit=np.full(len(one), full) if told else None))

    return change


def _grain(share: float) -> Change:
    def change(case: Case) -> Case:
        grain = share * _full(case)
        return _each(case, lambda one: replace(one, value=np.round(one.value / grain) * grain))

    return change


def _late(case: Case) -> Case:
    """Recorded from a little later on."""
    return _since(case, case.start_s + 0.03 * (case.end_s - case.start_s))


def _past(least_s: float) -> Change:
    """No more history than this before what is scored, or before the onset."""

    def change(case: Case) -> Case | None:
        from_s = max(case.eval_from_s, case.truth.onset_s or 0.0) - least_s
        return None if from_s <= case.start_s else _since(case, from_s)

    return change


def _since(case: Case, from_s: float) -> Case:
    cut = _each(case, lambda one: _rows(one, one.at_s >= from_s))
    return replace(cut, eval_from_s=max(case.eval_from_s, from_s))


def _shifted(case: Case) -> Case:
    def later(moment: float | None) -> float | None:
        return None if moment is None else moment + SHIFT_S

    def change(one: Series) -> Series:
        return replace(one, at_s=one.at_s + SHIFT_S, started_s=later(one.started_s), ended_s=later(one.ended_s))

    truth = replace(
        case.truth,
        onset_s=later(case.truth.onset_s),
        crosses_s=tuple(moment + SHIFT_S for moment in case.truth.crosses_s),
        grown_at_s=None if case.truth.grown_at_s is None else case.truth.grown_at_s + SHIFT_S,
    )
    return replace(_each(case, change), truth=truth, eval_from_s=case.eval_from_s + SHIFT_S)


def _same(case: Case) -> Case:
    return case


def _joined(case: Case) -> Case | None:
    """Restarts were not seen: all lifetimes in one row, as a file without them tells it."""
    lives = case.series.lifetimes
    if len(lives) < 2:
        return None
    at, value, limit = case.flat()
    load = None if lives[0].load is None else np.concatenate([one.load for one in lives if one.load is not None])
    whole = Series(at, value, limit, load if load is not None and load.size == at.size else None)
    return replace(case, series=replace(case.series, lifetimes=(whole,)))


CHANGES: dict[str, Change] = {
    "as it is": _same,
    "5 s": _step(5.0),
    "15 s": _step(15.0),
    "60 s": _step(60.0),
    "60 s held": _step(60.0, held=True),
    "5 min": _step(300.0),
    "15 min": _step(900.0),
    "25 min": _step(1500.0),
    "irregular": _irregular,
    "holes": _holes,
    "in percent": _percent,
    "in bytes": _bytes(limited=True),
    "in bytes, no limit": _bytes(limited=False),
    "no limit": _limit(told=False),
    "limit told": _limit(told=True),
    "steps of 1 %": _grain(0.01),
    "steps of 0.25 %": _grain(0.0025),
    "another year": _shifted,
    "recorded later": _late,
    "restarts unseen": _joined,
    "2 h of past": _past(2 * HOUR),
    "6 h of past": _past(6 * HOUR),
    "1 d of past": _past(DAY),
    "3 d of past": _past(3 * DAY),
}
