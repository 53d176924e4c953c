"""What finds the judge's weights sees what the judge sees."""

from __future__ import annotations

import numpy as np
import pytest
from bench.judge import suite
from bench.judge.case import prefix
from bench.judge.fit.evidence import LONG, SHORT, Weights, evidence, scored
from bench.judge.fit.sight import sight

from oakum.judge import figures, state_of, weights

NAMES = ("tune/linear/service/0", "tune/exponential/collected/1", "tune/healthy/restarted/2", "lab")


def a_case(name):
    if name == "lab":
        name = next(one for one in suite.Suite(0, 0, 300, None).names() if one.startswith("lab/"))
    return suite.case(name, None)


@pytest.mark.parametrize("name", NAMES)
def test_the_evidence_that_weights_are_fitted_on_is_the_evidence_of_the_judge(name):
    case = a_case(name)
    seen = sight(case, (case.end_s - case.eval_from_s) / 15)
    found = evidence(seen, scored(seen, Weights(weights.KNOWN, weights.FRESH)))
    told = [state_of(prefix(case.series, moment)).figures()[figures.EVIDENCE] for moment in seen.asked_s.tolist()]
    assert len(told) >= 12
    np.testing.assert_allclose(found, told, atol=1e-9)


def test_every_fact_has_its_weight_and_none_speaks_against_what_it_says():
    assert weights.KNOWN.size == LONG + 1
    assert weights.FRESH.size == SHORT + 1
    assert (weights.KNOWN[:-1] >= 0).all()
    assert (weights.FRESH[:-1] >= 0).all()


def test_a_weight_is_found_where_a_fact_decides_and_none_where_it_misleads():
    from bench.judge.fit.learn import logistic  # noqa: PLC0415

    rng = np.random.default_rng(5)
    fact = rng.normal(size=(4000, 2))
    leaks = (rng.random(4000) < 1 / (1 + np.exp(-(2 * fact[:, 0] - fact[:, 1])))).astype(float)
    found = logistic(fact, leaks, np.ones(4000))
    assert found[0] == pytest.approx(2.0, rel=0.25)
    assert found[1] == 0


def test_quantiles_of_the_forecast_are_those_of_the_misses_and_do_not_cross():
    from bench.judge.fit.foresight import quantiles  # noqa: PLC0415

    rng = np.random.default_rng(6)
    seen = rng.uniform(0, 3, 3000)
    miss = rng.normal(0.2, 0.3, 3000)
    found = quantiles([np.column_stack([seen, miss, np.zeros(3000)])])[:, :-1]
    assert (np.diff(found[1:], axis=0) >= 0).all()
    right = found[:, found[0] >= 0.5]
    np.testing.assert_allclose(right[1:].mean(axis=1), np.quantile(miss, [0.05, 0.1, 0.5, 0.9, 0.95]), atol=0.08)


def test_what_laws_that_fit_as_well_disagree_on_makes_the_forecast_as_much_wider():
    from bench.judge.fit.foresight import quantiles  # noqa: PLC0415

    rng = np.random.default_rng(7)
    doubt = rng.uniform(0, 1.5, 3000)
    found = quantiles([np.column_stack([rng.uniform(0, 3, 3000), rng.normal(0, 0.05 + 0.4 * doubt), doubt])])
    np.testing.assert_allclose(found[[1, 5], -1], [-0.4 * 1.645, 0.4 * 1.645], atol=0.1)
