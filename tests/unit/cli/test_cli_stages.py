"""Progress of work on files: rates, what is left, and silence where a program reads the answer."""

from __future__ import annotations

import pytest

from oakum.cli import stages as module
from oakum.cli.stages import Stages, stages
from oakum.model.stage import Stage

READING = Stage("reading 100 MiB", work=100 * 2**20, unit="B", kind="reading")


class FakeRates:
    def __init__(self, **known):
        self.known = known

    def of(self, kind):
        return self.known.get(kind)

    def learn(self, kind, per_s):
        self.known[kind] = per_s


@pytest.fixture
def now_s(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    return clock


def test_a_stage_says_its_rate_when_it_ends_and_the_machine_remembers_it(now_s, capsys):
    rates = FakeRates()
    told = Stages(rates)
    told.stage(READING)
    assert capsys.readouterr().err == ""
    now_s[0] += 4.0
    told.stage(Stage("dominators", work=8000, unit="references", kind="dominators"))
    now_s[0] += 2.0
    told.end()
    assert capsys.readouterr().err.splitlines() == [
        "oakum: reading 100 MiB: 4.0 s, 25.0 MiB/s",
        "oakum: dominators: 2.0 s, 4,000 references/s",
    ]
    assert rates.known == {"reading": 25 * 2**20, "dominators": 4000}


def test_what_is_left_is_told_by_what_the_machine_did_before(now_s):
    told = Stages(FakeRates(reading=10 * 2**20))
    told.stage(READING)
    now_s[0] += 4.0
    assert told.now() == "reading 100 MiB: 4 s, about 6 s left"
    now_s[0] += 6.0
    assert told.now() == "reading 100 MiB: 10 s, nearly done"
    now_s[0] += 60.0
    assert told.now() == "reading 100 MiB: 70 s"


def test_a_stage_of_unknown_work_is_told_at_once_and_teaches_nothing(now_s, capsys):
    rates = FakeRates()
    told = Stages(rates)
    told.stage("compiling")
    assert capsys.readouterr().err == "oakum: compiling\n"
    now_s[0] += 7.0
    assert told.now() == "compiling: 7 s"
    told.end()
    assert capsys.readouterr().err == ""
    assert rates.known == {}


def test_a_run_that_compiles_first_teaches_nothing(now_s):
    rates = FakeRates()
    told = Stages(rates)
    told.stage("compiling")
    told.stage(READING)
    now_s[0] += 20.0
    told.end()
    assert rates.known == {}


def test_a_moment_teaches_nothing(now_s, capsys):
    rates = FakeRates()
    told = Stages(rates)
    told.stage(READING)
    now_s[0] += 0.01
    told.end()
    assert capsys.readouterr().err == "oakum: reading 100 MiB: 0.0 s\n"
    assert rates.known == {}


def test_a_program_that_reads_the_answer_is_told_nothing(capsys):
    with stages(FakeRates(), quiet=True) as told:
        told.stage(READING)
    assert capsys.readouterr().err == ""


def test_plain_lines_end_with_the_last_stage_and_after_an_error_nothing_is_claimed(capsys):
    with stages(FakeRates(), quiet=False) as told:
        told.stage(READING)
    assert capsys.readouterr().err.startswith("oakum: reading 100 MiB: 0.0 s")
    told = stages(FakeRates(), quiet=False)
    told.__enter__().stage(READING)
    assert not told.__exit__(ValueError, ValueError("broken"), None)
    assert capsys.readouterr().err == ""


def test_a_stage_that_goes_on_says_a_line_now_and_then(monkeypatch, capsys):
    monkeypatch.setattr(module, "PLAIN_EVERY_S", 0.01)
    with stages(FakeRates(), quiet=False) as told:
        told.stage(READING)
        while "reading 100 MiB: 0 s" not in capsys.readouterr().err:
            pass
