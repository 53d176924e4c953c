"""What Oakum says is read from its JSON, and is right or wrong by what was written down before."""

from __future__ import annotations

import pytest

from lab.zoo.case import Case
from lab.zoo.results import Result, Results
from lab.zoo.score import Named, Said, read_answer, scored


def case(kind="leak", **others):
    told = {"causes": ("listener",), "holder": ("EventBus", "listeners")} if kind == "leak" else {}
    return Case(runtime="python", name="bus", suffix=".py", body="pass\n", says="", kind=kind, **{**told, **others})


def named(cause="listener", words="shop.EventBus.listeners (list) grew"):
    return Named(cause, words.split()[0], words)


def said(verdict="leak", *causes, settles=""):
    return Said(verdict, causes or (named(),), settles, 21.0, 0.5, 1000, ("it climbs",))


@pytest.mark.parametrize(
    ("look", "outcome", "top1", "top3", "holder"),
    [
        (said(), "right", True, True, True),
        (said("leak", named(words="shop.Other.list")), "right", True, True, False),
        (said("leak", named("global")), "wrong cause", False, False, True),
        (said("leak", named("global"), named("timer"), named()), "wrong cause", False, True, True),
        (said("leak", named("global"), named("timer"), named("closure"), named()), "wrong cause", False, False, True),
        (said("suspect"), "suspect", False, False, False),
        (said("cannot-tell"), "open", False, False, False),
        (said("healthy"), "missed", False, False, False),
    ],
)
def test_a_leak_is_found_where_it_is_told_as_one_with_its_cause(look, outcome, top1, top3, holder):
    score = scored(case(), "leak", [look])
    assert (score.outcome, score.top1, score.top3, score.holder) == (outcome, top1, top3, holder)


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [("healthy", "right"), ("cannot-tell", "open"), ("suspect", "suspect"), ("leak", "false leak")],
)
def test_what_is_mended_or_healthy_is_to_be_called_so(verdict, outcome):
    assert scored(case(), "fixed", [said(verdict)]).outcome == outcome
    score = scored(case("healthy"), "healthy", [said(verdict)])
    assert (score.outcome, score.top1, score.holder) == (outcome, None, None)


def test_the_longer_look_counts_and_none_is_no_answer():
    assert scored(case(), "leak", [said("suspect"), said()]).outcome == "right"
    assert scored(case(), "leak", [said(), said("suspect")]).outcome == "suspect"
    assert scored(case(), "leak", []).outcome == "broken"


@pytest.mark.parametrize(
    ("look", "more"),
    [
        (said("suspect", settles="two captures of the heap, or 9 min more: a cache that fills would have bent"), True),
        (said("cannot-tell", settles="watch 6 min longer: the same command with --for 10m"), True),
        (said("suspect", settles="an exact capture: the same command with --stop"), False),
        (said("suspect"), False),
        (said("healthy", settles="watch longer"), False),
    ],
)
def test_a_second_look_follows_where_a_longer_watch_is_asked_for(look, more):
    assert look.asks_for_more is more


ANSWER = {
    "schema": "oakum.investigation/1",
    "verdict": {"verdict": "leak", "settles": None, "reasons": ["it climbs"]},
    "evidence": [
        {"cost": {"pause_s": 0.25, "seconds": 1.0, "bytes_read": 1000}},
        {"cost": {"pause_s": 0.5, "seconds": 1.0, "bytes_read": 24}},
    ],
    "causes": [
        {
            "cause": "listener",
            "holder": "shop.EventBus.listeners",
            "title": "shop.EventBus.listeners (list) grew",
            "where": "bus.py:7 in EventBus.on",
            "places": [{"file": "bus.py", "line": 7, "function": "EventBus.on", "source": "listeners.append(each)"}],
        }
    ],
}


def test_an_answer_is_read():
    read = read_answer(ANSWER, 22.0, "kept.json")
    assert (read.verdict, read.settles, read.seconds, read.file) == ("leak", "", 22.0, "kept.json")
    assert (read.pause_s, read.bytes_read, read.reasons) == (0.75, 1024, ("it climbs",))
    assert read.causes[0].holder == "shop.EventBus.listeners"
    assert all(word in read.causes[0].words for word in ("(list) grew", "bus.py:7", "listeners.append(each)"))


def test_what_is_no_answer_is_told():
    with pytest.raises(ValueError, match=r"no oakum\.investigation/1"):
        read_answer({"schema": "oakum.scan/1"}, 1.0)


def result(oakum="abc", *looks, trouble=""):
    return Result("python/bus", "leak", case().key("leak"), oakum, 1.0, looks, trouble)


def test_results_are_of_one_source_and_one_oakum_and_outlive_a_cut_off_line(tmp_path):
    results = Results(tmp_path)
    assert results.of(case(), "leak", "abc") is None
    results.add(result("abc", said("suspect"), said()))
    with (tmp_path / "results.jsonl").open("a") as file:
        file.write('{"case": "python/bus", "vari')
    kept = Results(tmp_path).of(case(), "leak", "abc")
    assert kept == result("abc", said("suspect"), said())
    assert results.of(case(), "leak", "def") is None
    assert results.of(case(per_s=7), "leak", "abc") is None


def test_what_came_to_no_answer_is_run_again_and_its_trouble_is_known(tmp_path):
    results = Results(tmp_path)
    results.add(result(trouble="no ruby here: apt-get install ruby"))
    assert results.of(case(), "leak", "abc") is None
    assert results.last(case(), "leak", "abc").trouble == "no ruby here: apt-get install ruby"
    results.add(result("abc", said()))
    results.add(result(trouble="interrupted"))
    assert results.last(case(), "leak", "abc") == result("abc", said())
