"""The demo's Node.js chapter: an answer that is open gets the longer watch that it asks for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from oakum.loop import demo
from oakum.model.verdict import VerdictName


class Told:
    def __init__(self):
        self.stages = []

    def stage(self, text):
        self.stages.append(text)


@pytest.mark.parametrize(
    ("first", "watches"),
    [(VerdictName.CANNOT_TELL, [18.0, 36.0]), (VerdictName.LEAK, [18.0]), (VerdictName.HEALTHY, [18.0])],
)
def test_an_open_answer_is_settled_by_a_longer_watch_and_any_other_stands(first, watches, monkeypatch):
    asked, told = [], Told()

    def investigated(_shown, _machine, _policy, watch_s, _progress):
        name = first if not asked else VerdictName.LEAK
        asked.append(watch_s)
        return SimpleNamespace(verdict=SimpleNamespace(name=name, reasons=("it fell once",)))

    monkeypatch.setattr(demo, "_investigate", investigated)
    found = demo._settled(None, None, None, 18.0, told)
    assert asked == watches
    assert found.verdict.name is (VerdictName.LEAK if len(watches) > 1 else first)
    assert ["it fell once" in text and "36 s more" in text for text in told.stages] == [True] * (len(watches) - 1)
