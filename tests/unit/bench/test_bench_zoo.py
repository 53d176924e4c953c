"""The zoo's figures and its page, from results made by hand."""

from __future__ import annotations

import pytest
from bench.zoo.__main__ import main
from bench.zoo.figures import Row, Share, figures
from bench.zoo.page import HEAD_OF, code, page
from bench.zoo.peers import Kept, Told

from lab.zoo.case import Case
from lab.zoo.results import Result
from lab.zoo.score import Named, Said


def case(name, kind="leak", runtime="python"):
    told = {"causes": ("listener",), "holder": ("Bus",)} if kind == "leak" else {}
    return Case(runtime=runtime, name=name, suffix=".py", body="pass\n", says=f"{name} says", kind=kind, **told)


def said(verdict, *causes, seconds=20.0, pause_s=0.0):
    return Said(verdict, causes, "", seconds, pause_s, 3 << 20, ("it climbs",))


BUS = Named("listener", "shop.Bus.all", "shop.Bus.all (list) grew")
OTHER = Named("global", "shop.|`all`", "shop.all")


def row(of, variant, *looks, trouble=""):
    result = Result(of.id, variant, "", "abc", 100.0, looks, trouble, got_per_s=300.0, wanted_per_s=300.0, load=2.0)
    return Row(of, variant, result)


@pytest.fixture
def rows():
    good, bad, ruby = case("good"), case("bad"), case("gems", runtime="ruby")
    return [
        row(good, "leak", said("suspect", BUS, seconds=20), said("leak", BUS, seconds=50, pause_s=0.5)),
        row(good, "fixed", said("healthy")),
        row(bad, "leak", said("leak", OTHER, BUS, seconds=40)),
        row(bad, "fixed", said("leak", OTHER)),
        row(case("steady", "healthy"), "healthy", said("cannot-tell")),
        row(ruby, "leak", trouble="no ruby here: apt-get install ruby"),
        Row(ruby, "fixed", None),
    ]


def test_what_did_not_run_is_in_no_share(rows):
    of = figures(rows)
    assert (of.found, of.top1, of.top3, of.holder) == (Share(2, 2), Share(1, 2), Share(2, 2), Share(1, 2))
    assert (of.fixed, of.guilty_looking, of.false_leaks) == (Share(1, 2), Share(0, 1), Share(1, 3))
    assert (of.suspected, of.left_open, of.twice) == (0, 1, Share(1, 5))
    assert (of.seconds, of.pause_s, of.bytes_read) == (55.0, (0.0, 0.5), float(3 << 20))


def test_nothing_measured_is_told_as_that():
    of = figures([])
    assert (of.top1.percent, str(of.top1), of.seconds, of.pause_s, of.bytes_read) == (None, "-", None, None, None)


def test_the_page_tells_figures_misses_what_was_not_run_and_peers(rows):
    told = [Told("python/good", "k", "memray", "join bus.py:3, 4.0 MiB", right=True, seconds=1.0)]
    text = page([("when", "now")], rows, told, ["memlab: no npm"])
    assert "| leaks whose cause is named first | ≥ 90 % | 50 % (1 of 2) |" in text
    assert "| leaks told of what is mended or healthy | 0 | 1 of 3 |" in text
    assert "- `python/bad`, leak (expected: listener, with `Bus`): said `leak`, first global: `shop.\\|'all'`." in text
    assert "- `python/bad`, mended (expected: healthy): said `leak`" in text
    assert "- `python/steady`, healthy (expected: healthy): said `cannot-tell`, first nothing." in text
    assert "- `ruby/gems`, leak: `no ruby here: apt-get install ruby`" in text
    assert "- Not yet run by this Oakum: `ruby/gems`." in text
    assert "`join bus.py:3, 4.0 MiB`" in text
    assert "- memlab: no npm" in text
    assert "- `python/good`: good says" in text
    assert "`python/good`, leak" not in text


def test_names_of_programs_are_no_marks_of_the_page():
    assert code("a|b`c`\nd") == "`a\\|b'c' d`"
    assert code(" ") == "nothing"


def test_what_peers_said_is_kept_by_source(tmp_path):
    kept, of = Kept(tmp_path), case("good")
    assert kept.of(of) == []
    old = Told(of.id, of.key("leak"), "memray", "old", right=False, seconds=1.0)
    new = Told(of.id, of.key("leak"), "memray", "new", right=True, seconds=1.0)
    kept.add([old, new, Told(of.id, "another source", "memray", "other", right=True, seconds=1.0)])
    assert kept.of(of) == [new]


def test_the_page_of_another_folder_tells_whose_programs_they_are_and_asks_no_peer(rows):
    text = page([("when", "now")], rows, head=HEAD_OF.format(folder="lab/zoo/second"))
    assert "`lab/zoo/second` holds services by somebody who knew nothing of Oakum" in text
    assert "make bench-zoo ARGS='--cases lab/zoo/second'" in text
    assert "memray" not in text


def test_a_page_of_no_case_is_not_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["bench.zoo", "--cases", str(tmp_path), "--docs", str(tmp_path)])
    assert main() == 2
    assert "no such case" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
