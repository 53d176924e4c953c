"""Ordinary shapes of leaks in a real child of this interpreter: the cause that an expert would name stands first."""

from __future__ import annotations

import pytest
from living_heap import living_heap
from more_python_shapes import MORE_LEAKS
from python_shapes import LEAKS as FIRST_LEAKS

from oakum.explain.causes import findings, readings
from oakum.explain.rank import clues
from oakum.heap.growth import compare

TOGETHER = 6
"""So many modules live in one child: each must have a good part of what grows."""

LOADED = """
import types
modules = []
for name, text in {texts!r}.items():
    module = sys.modules[name] = types.ModuleType(name)
    module.__file__ = f"/srv/app/{{name}}.py"
    exec(compile(text, module.__file__, "exec"), module.__dict__)
    modules.append(module)
def go(begin, end):
    for module in modules:
        for number in range(begin, end):
            module.serve(number)
    return end
"""
LEAKS = {**FIRST_LEAKS, **MORE_LEAKS}
NAMES = list(LEAKS)
BATCHES = [{name: LEAKS[name] for name in NAMES[at : at + TOGETHER]} for at in range(0, len(NAMES), TOGETHER)]


def module_of(name):
    return "shop_" + "".join(each if each.isalnum() else "_" for each in name.lower())


@pytest.mark.parametrize("leaks", BATCHES, ids=lambda rows: next(iter(rows)))
def test_the_cause_that_an_expert_would_name_stands_first_and_what_is_arguable_beside_it(leaks):
    texts = {module_of(name): leak.text for name, leak in leaks.items()}
    with living_heap(LOADED.format(texts=texts)) as heap:
        heap.ask("go(0, 150)")
        before = heap.capture()
        heap.ask("go(150, 750)")
        growth = compare(before, heap.capture(), 10.0)
    found = clues(growth, {f"/srv/app/{name}.py": text for name, text in texts.items()})
    told = {}
    for name, leak in leaks.items():
        own = [clue for clue in found if (leak.holder or module_of(name)) in f"{clue.holder.name} {clue.holder.module}"]
        assert own, (name, [clue.holder.name for clue in found])
        rows = findings(own[0])
        told[name] = (rows[0].name.value, *(each.name.value for each in readings(rows)))
    wrong = {
        name: (told[name], own)
        for name, own in leaks.items()
        if told[name][0] != own.cause or not {*own.arguable} <= {*told[name]}
    }
    assert not wrong
