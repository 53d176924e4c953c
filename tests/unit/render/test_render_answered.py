"""An answer in JSON, printed again: the same text as at first, but for the curve, which JSON does not keep."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from examples_render import healthy, hostile, leak

from lab.zoo.answered import answer, cut, printed
from oakum import render
from oakum.model.story import Claim, Story


def told(found):
    ids = tuple(row.id for row in found.evidence)[:1]
    return replace(found, story=Story(ids, (Claim("Now: keep it.", ids),), (Claim("it held more", ids),)))


@pytest.mark.parametrize("found", [leak(), told(leak()), healthy(), hostile()], ids=["bare", "told", "calm", "odd"])
def test_it_is_the_text_of_the_terminal_without_the_curve(found, tmp_path):
    file = tmp_path / "answer.json"
    file.write_text(json.dumps(render.investigation_to_json(found)), encoding="utf-8")
    curve = set("▁▂▃▄▅▆▇█")
    lines = [line for line in printed(found).split("\n") if not curve & set(line)]
    assert len(lines) > 3
    assert printed(answer(file)).split("\n") == lines


def test_folders_are_cut_wherever_a_text_names_them():
    row = {
        "where": "/srv/x/shop/cart.py:4 in put",
        "why": ["cgroup /group/a/service-1: full", "/usr/lib/libc.so.6"],
        "n": 1,
    }
    assert cut(row, ["/srv/x", "/group"]) == {
        "where": "…/cart.py:4 in put",
        "why": ["cgroup …/service-1: full", "/usr/lib/libc.so.6"],
        "n": 1,
    }
    assert cut("a/srv/x", []) == "a/srv/x"
