"""One interview with each process that is the target, one after the other; whatever happens, each is closed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from fake_clock import FakeClock

from oakum.loop.consent import Consent
from oakum.loop.facts import Facts
from oakum.loop.interview import Interviewee, Interviews
from oakum.loop.progress import Silent
from oakum.loop.terms import Terms
from oakum.model.errors import TargetError

VERDICT = SimpleNamespace(forecasts=(SimpleNamespace(p10_s=1.0),))
"""Of a target that may die within a second."""


class Known:
    """An interview that says what became of it. ``fails``: the question at which its process is gone."""

    compared = "two answers, compared"
    profile = None

    def __init__(self, whom, *, reached=True, fails=""):
        self.pid, self.consent, self._may_reach, self._fails = whom.pid, whom.consent, reached, fails
        self.reached, self.said = False, []

    @property
    def answers(self):
        return self.reached

    def begin(self, *_):
        self.said.append("begun")
        self.reached = self._may_reach
        if self._fails == "begin":
            raise TargetError("it has ended")

    def end(self, *_):
        self.said.append("ended")
        if self._fails == "end":
            raise TargetError("it has ended")
        return "growth"

    def close(self):
        if self.reached:
            self.said.append("closed")
        self.reached = False


class Desk:
    """``interviews``: each that was opened, in turn."""

    def __init__(self, **manner):
        self.interviews, self.facts, self.progress = [], Facts(FakeClock()), Silent()
        whom = Interviewee(7, None, Terms(), Consent(agreed=True), 60.0)

        def opened(who):
            self.interviews.append(Known(who, **manner))
            return self.interviews[-1]

        self.looking = Interviews(opened, whom)

    def prepare(self):
        self.looking.prepare(self.facts, self.progress)

    def follow(self, pid):
        self.looking.follow(pid, self.facts, self.progress)

    def conclude(self, *, ended=False):
        return self.looking.conclude(SimpleNamespace(ended=ended), VERDICT, self.facts, self.progress)


def test_who_takes_its_place_is_asked_with_the_same_consent_and_the_first_is_closed():
    desk = Desk()
    desk.prepare()
    desk.follow(8)
    first, second = desk.interviews
    assert (first.said, second.said, second.pid) == (["begun", "closed"], ["begun"], 8)
    assert second.consent is first.consent
    assert desk.conclude() == "growth"
    assert second.said == ["begun", "ended", "closed"]


def test_where_the_first_could_not_be_reached_the_next_is_not_asked():
    desk = Desk(reached=False)
    desk.prepare()
    desk.follow(8)
    assert desk.interviews[-1].said == []
    assert desk.conclude() is None
    assert not desk.looking.ends_watch(VERDICT)


@pytest.mark.parametrize(("fails", "missed"), [("begin", "what the heap holds"), ("end", "two answers, compared")])
def test_one_that_ends_meanwhile_is_missed_and_closed(fails, missed):
    desk = Desk(fails=fails)
    with desk.looking:
        desk.prepare()
        desk.conclude()
    assert [absent.what for absent in desk.facts.absent] == [missed]
    assert desk.interviews[0].said[-1] == "closed"


def test_after_a_watch_that_ended_with_the_target_nothing_is_asked():
    desk = Desk()
    with desk.looking:
        desk.prepare()
        assert desk.looking.ends_watch(VERDICT)
        assert desk.conclude(ended=True) is None
        assert desk.interviews[0].said == ["begun"]
    assert desk.interviews[0].said == ["begun", "closed"]


def test_what_more_could_be_asked_is_told_by_the_interview_that_is_held_now():
    desk = Desk()
    assert desk.looking.deeper is None
    for pid in (7, 8):
        desk.interviews[-1].deeper = f"of {pid}"
        assert desk.looking.deeper == f"of {pid}"
        desk.follow(pid + 1)
    assert desk.looking.deeper is None
