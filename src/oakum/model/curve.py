"""What a verdict was read from: the lines that a chart draws over the samples."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.model.series import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Lines in the unit of the series; every ``at_s`` is UTC epoch seconds, ascending.

    ``floor_at_s``, ``floor``: float64[k], the post-GC floor, all lifetimes in a row (NaN between two lifetimes).
    ``fit_at_s``, ``fit``, ``fit_low``, ``fit_high``: float64[m], the fitted line from onset to the last sample and on
    to the forecast, with its 90 % band.
    """

    floor_at_s: Floats
    floor: Floats
    fit_at_s: Floats
    fit: Floats
    fit_low: Floats
    fit_high: Floats
