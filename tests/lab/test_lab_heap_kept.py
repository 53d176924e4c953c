"""The second question about a dump that did not change is answered by what was kept; about one that did, never."""

from __future__ import annotations

import os

import pytest
from node import node_shop
from programs import oakum

pytestmark = pytest.mark.lab

KEPT = "answered before"


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory):
    folder = tmp_path_factory.mktemp("node")
    files = []
    with node_shop() as running:
        for number in range(2):
            running.serve(1000)
            files.append(running.dump(folder / f"{number}.heapsnapshot"))
    return files


@pytest.fixture
def asked(tmp_path):
    return lambda *words: oakum("heap", *words, environment={"XDG_CACHE_HOME": str(tmp_path / "cache")})


@pytest.mark.parametrize("verb", ["analyze", "diff", "paths"])
def test_the_second_answer_is_the_first_and_fresh_makes_it_again(snapshots, asked, verb):
    files = snapshots if verb == "diff" else snapshots[:1]
    words = [verb, *files, *(["--class", "Session"] if verb == "paths" else [])]
    first, second, fresh = asked(*words), asked(*words), asked(*words, "--fresh")
    assert (first.code, second.code, fresh.code) == (0, 0, 0)
    assert second.out == first.out
    # How much memory the work took is another figure each time.
    assert _without_its_memory(fresh.out) == _without_its_memory(first.out)
    assert [KEPT in run.err for run in (first, second, fresh)] == [False, True, False]


def _without_its_memory(told):
    return [line for line in told.splitlines() if "analysis took" not in line]


def test_another_question_is_not_answered_by_the_first(snapshots, asked):
    one = asked("paths", snapshots[0], "--class", "Session")
    other = asked("paths", snapshots[0], "--class", "Timeout")
    assert KEPT not in other.err
    assert other.out != one.out


def test_a_file_that_changed_is_read_again(snapshots, asked, tmp_path):
    file = tmp_path / "shop.heapsnapshot"
    file.write_bytes(snapshots[0].read_bytes())
    told = file.stat()
    first = asked("analyze", file)
    file.write_bytes(snapshots[1].read_bytes())
    os.utime(file, ns=(told.st_atime_ns, told.st_mtime_ns))
    second = asked("analyze", file)
    assert KEPT not in second.err
    assert second.out != first.out


def test_a_partial_answer_stays_partial(snapshots, asked, tmp_path):
    file = tmp_path / "cut.heapsnapshot"
    whole = snapshots[0].read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    first, second = asked("analyze", file), asked("analyze", file)
    assert (first.code, second.code) == (4, 4)
    assert second.out == first.out
    assert KEPT in second.err


def test_a_cache_that_is_broken_or_cannot_be_written_is_no_error(snapshots, asked, tmp_path):
    (tmp_path / "cache").write_text("a file where a folder is wanted", encoding="utf-8")
    first, second = asked("analyze", snapshots[0]), asked("analyze", snapshots[0])
    assert (first.code, second.code) == (0, 0)
    assert KEPT not in second.err
