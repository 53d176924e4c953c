"""Memory curves for tests of the judge: made of a law, teeth, a day, noise and gaps."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from oakum.model.series import Ending, Series, WorkloadSeries

MIB = 2.0**20
START_S = 1.7e9


def values(kind, u, rng):
    """``u``: float64[n], share of the time. In MiB."""
    laws = {
        "flat": 0 * u,
        "climb": 300 * u,
        "late climb": 400 * np.maximum(0, u - 0.6),
        "bend": 200 * (1 - np.exp(-u / 0.1)),
        "teeth": 80 * ((u * 31) % 1),
        "rising teeth": 80 * ((u * 31) % 1) + 200 * u,
        "day": 60 * np.sin(u * 20),
        "step": 90.0 * (u > 0.5),
    }
    return (200 + laws[kind] + rng.normal(0, 1.5, u.size)) * MIB


KINDS = ("flat", "climb", "late climb", "bend", "teeth", "rising teeth", "day", "step")


@st.composite
def workloads(draw, most=700):
    """Irregular steps, one to three lifetimes, with or without limit and load."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    step_s = draw(st.sampled_from([0.5, 5.0, 60.0, 300.0, 1500.0]))
    limit = draw(st.sampled_from([None, 700 * MIB, 2048 * MIB]))
    lives, at_s = [], START_S
    for number in range(draw(st.integers(1, 3))):
        size = draw(st.integers(1, most))
        at = at_s + np.cumsum(step_s * rng.uniform(0.2, 1.8, size))
        value = values(draw(st.sampled_from(KINDS)), np.linspace(0, 1, size), rng)
        load = rng.uniform(10, 20, size) if draw(st.booleans()) else None
        ending = draw(st.sampled_from([Ending.OOM_KILLED, Ending.REPLACED]))
        limits = None if limit is None else np.full(size, limit)
        lives.append(Series(at, value, limits, load, started_s=at[0] if number else None, ending=ending))
        at_s = at[-1] + 20 * step_s
    return WorkloadSeries("w", tuple(lives))


def parts(lifetime, edges):
    """The lifetime in pieces; only the last one knows how it ended."""
    cuts = [0, *sorted({int(edge) for edge in edges if 0 < edge < len(lifetime)}), len(lifetime)]
    for first, last in zip(cuts, cuts[1:], strict=False):
        yield Series(
            lifetime.at_s[first:last],
            lifetime.value[first:last],
            None if lifetime.limit is None else lifetime.limit[first:last],
            None if lifetime.load is None else lifetime.load[first:last],
            started_s=lifetime.started_s,
            ending=lifetime.ending if last == len(lifetime) else Ending.RUNNING,
        )
