"""One case of the zoo, from its source to a score: the runner itself is what is tested, the zoo measures Oakum."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from lab.zoo.case import CASES, read_case
from lab.zoo.results import Results
from lab.zoo.run import Run, run_one
from lab.zoo.score import scored

pytestmark = pytest.mark.lab


def test_a_service_is_started_driven_asked_about_and_scored(tmp_path):
    case = replace(read_case(CASES / "python" / "price_cache.py"), for_s=8.0, warm=200)
    result = run_one(Run(case, "leak"), Results(tmp_path), "this one", threading.Event())
    assert result.trouble == ""
    first = result.looks[0]
    assert (first.causes[0].cause, first.causes[0].holder) == ("unbounded-cache", "__main__.QuoteClient._quotes")
    assert first.bytes_read > 0
    assert result.answered > 200
    assert scored(case, "leak", result.looks).outcome in {"right", "suspect"}
