"""Which shape fits the floor best: flat, line, saturating, bending upwards, exponential, or one step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from oakum.model.series import Floats

SATURATING: Final = (0.04, 0.08, 0.15, 0.25, 0.4)
EXPONENTIAL: Final = (0.12, 0.2, 0.3, 0.45, 0.7)


@dataclass(frozen=True, slots=True)
class Shape:
    """``name``: flat, linear, saturating, accelerating, exponential or step. ``score``: BIC, smaller is better.

    ``start``, ``rise``: the fitted line's value at the first point and what it gains up to the last.
    ``late_rise``: what it gains in the last quarter, times four: the slope at the end, as a rise over all.
    ``where``: for a step, the share of the time at which it stands.
    """

    name: str
    score: float
    start: float
    rise: float
    late_rise: float
    tau: float = 0.0
    where: float = 0.0

    def at(self, u: Floats) -> Floats:
        """The fitted value at shares ``u`` of the time, beyond 1 too; a line goes on straight."""
        basis = _basis(self.name, u, self.tau, self.where)
        return self.start + self.rise * basis


def fit_shapes(u: Floats, value: Floats) -> dict[str, Shape]:
    """Least squares of every shape. ``u``: float64[k], 0 to 1. Source of the criterion: Schwarz 1978.

    The number of points that count is corrected for the autocorrelation of the line's residuals.
    """
    line = _fit("linear", u, value, 0.0, 0.0, float(u.size))
    count = _effective(value - line.at(u))
    shapes = [_fit("flat", u, value, 0.0, 0.0, count), _fit("linear", u, value, 0.0, 0.0, count)]
    shapes.append(min((_fit("saturating", u, value, tau, 0.0, count) for tau in SATURATING), key=_score))
    shapes.append(min((_fit("exponential", u, value, tau, 0.0, count) for tau in EXPONENTIAL), key=_score))
    shapes.append(_fit("accelerating", u, value, 0.0, 0.0, count))
    steps = np.linspace(0.08, 0.92, 22)
    shapes.append(min((_fit("step", u, value, 0.0, float(where), count) for where in steps), key=_score))
    return {shape.name: shape for shape in shapes}


def _score(shape: Shape) -> float:
    return shape.score


def _effective(rest: Floats) -> float:
    if rest.size < 4 or not np.any(rest):
        return float(rest.size)
    middle = rest - rest.mean()
    rho = float(np.dot(middle[:-1], middle[1:]) / np.dot(middle, middle))
    return max(4.0, rest.size * (1 - max(0.0, min(rho, 0.9))) / (1 + max(0.0, min(rho, 0.9))))


def _basis(name: str, u: Floats, tau: float, where: float) -> Floats:
    basis: Floats
    if name == "flat":
        return np.zeros_like(u)
    if name == "linear":
        return u
    if name == "saturating":
        basis = (1 - np.exp(-u / tau)) / (1 - np.exp(-1 / tau))
        return basis
    if name == "exponential":
        basis = np.expm1(np.minimum(u, 8.0) / tau) / np.expm1(1 / tau)
        return basis
    if name == "accelerating":
        return u**2
    return (u >= where).astype(np.float64)


def _fit(name: str, u: Floats, value: Floats, tau: float, where: float, count: float) -> Shape:
    basis = _basis(name, u, tau, where)
    spread = basis - basis.mean()
    weight = float(np.dot(spread, spread))
    rise = float(np.dot(spread, value) / weight) if weight > 0 else 0.0
    start = float(value.mean() - rise * basis.mean())
    rest = value - start - rise * basis
    scale = max(float(np.abs(value).max()), 1.0)
    error = float(np.dot(rest, rest)) / u.size + (1e-5 * scale) ** 2
    parameters = {"flat": 1, "linear": 2, "accelerating": 2.5, "saturating": 3, "exponential": 3, "step": 3}[name]
    late = _basis(name, np.array([0.75, 1.0]), tau, where)
    return Shape(
        name,
        count * float(np.log(error)) + parameters * float(np.log(count)),
        start,
        rise,
        rise * float(late[1] - late[0]) * 4,
        tau,
        where,
    )
