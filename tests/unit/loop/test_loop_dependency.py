"""The journey of a dependency: what is asked when, gaps, a server that starts again, and one that is gone."""

from __future__ import annotations

import pytest
from fake_dependency import FakeDependency, FakeSample

from oakum.host.clock import LiveClock
from oakum.loop.dependency import DependencySettings, Kind, investigate_dependency
from oakum.loop.dependency_kinds import KINDS, kind_of
from oakum.loop.progress import Silent
from oakum.model.dependency import Findings, Told
from oakum.model.errors import CallerError, SilentError, TargetError
from oakum.model.series import Metric, Scope
from oakum.model.target import DependencyTarget, parse_target

TARGET = DependencyTarget("postgresql://me:s3cret@db/shop")
QUICK = DependencySettings(watch_s=0.6, interval_s=0.05)
GONE = TargetError("db is gone", why="connection refused", next_step="pg_isready -h db")


class Machine:
    """Only its clock is used."""

    clock = LiveClock()


def explained(asked):
    told = Told("asked", f"{len(asked.samples)} samples", "the fake", 7.0, facts={"missed": asked.missed})
    return Findings(asked.series_verdict, "Fake 1", (told,))


def looked(answers, *, here=None):
    dependency = FakeDependency(answers)
    more = {} if here is None else {"here": here}
    found = investigate_dependency(
        TARGET,
        kind=Kind("Fake", "connections", Metric.CONNECTIONS, explained, **more),
        opened=dependency.opened(),
        machine=Machine(),
        settings=QUICK,
        progress=Silent(),
    )
    return found, dependency


def rising(count):
    return [FakeSample(100.0 + at, 5.0 + at) for at in range(count)]


def test_the_first_and_the_last_sample_are_whole_and_those_between_are_cheap():
    found, dependency = looked(rising(30))
    assert dependency.asked[0] is dependency.asked[-1] is True
    assert dependency.asked.count(True) == 2
    assert len(dependency.asked) == len(found.series.lifetimes[0]) > 2
    assert dependency.closed


def test_an_answer_is_an_ordinary_investigation_and_holds_no_password():
    found, _ = looked(rising(30))
    assert (found.target, found.runtime, found.partial) == ("postgresql://me@db/shop", "Fake 1", False)
    assert (found.series.scope, found.series.unit, found.verdict.limit) == (Scope.SERVER, "connections", 100.0)
    assert found.series.labels == {"dependency": "fake://db:1/shop"}
    assert [(row.id, row.at_s) for row in found.evidence] == [("asked", 7.0)]
    assert "s3cret" not in repr(found)


def test_an_answer_that_does_not_come_is_a_gap_and_said():
    silent = SilentError("db does not answer", why="no answer in 5 s", next_step="pg_isready -h db")
    found, _ = looked([FakeSample(1.0, 5.0), silent, FakeSample(3.0, 5.0), FakeSample(4.0, 6.0)])
    assert list(found.series.lifetimes[0].at_s) == [1.0, 3.0, 4.0]
    assert not found.partial
    (absent,) = found.absent
    assert absent.what.startswith("1 of ")
    assert absent.get == "pg_isready -h db"


def test_a_server_that_is_gone_midway_gives_a_partial_answer():
    found, _ = looked([FakeSample(1.0, 5.0), FakeSample(2.0, 6.0), GONE])
    assert found.partial
    assert found.absent[-1].why == "db is gone: connection refused"


def test_a_server_that_is_gone_from_the_start_is_an_error():
    with pytest.raises(TargetError, match="db is gone"):
        looked([GONE])


def test_a_server_that_was_started_again_has_another_lifetime():
    answers = [FakeSample(1.0, 5.0), FakeSample(2.0, 9.0), GONE, FakeSample(4.0, 1.0, started_s=3.0)]
    found, _ = looked(answers)
    assert [list(life.value) for life in found.series.lifetimes] == [[5.0, 9.0], [1.0]]
    assert [life.started_s for life in found.series.lifetimes] == [1.0, 3.0]


def test_a_moment_that_has_been_told_is_not_told_again():
    found, _ = looked([FakeSample(5.0, 5.0), FakeSample(5.0, 9.0), FakeSample(4.0, 9.0), FakeSample(6.0, 9.0)])
    assert list(found.series.lifetimes[0].at_s) == [5.0, 6.0]


def test_what_this_machine_knows_is_added_to_whole_samples_alone():
    seen = []

    def here(sample, machine, place):
        seen.append((sample.at_s, machine, place))
        return sample

    looked([FakeSample(1.0, 5.0), FakeSample(2.0, 5.0), FakeSample(3.0, 5.0), FakeSample(4.0, 5.0)], here=here)
    assert [(at_s, place) for at_s, _, place in seen] == [(1.0, "fake://db:1/shop"), (4.0, "fake://db:1/shop")]
    assert all(isinstance(machine, Machine) for _, machine, _ in seen)


@pytest.mark.parametrize("given", [{"watch_s": 2.0}, {"interval_s": 0.1}, {"watch_s": 10.0, "interval_s": 5.0}])
def test_a_watch_that_tells_nothing_is_refused(given):
    with pytest.raises(CallerError, match="cannot tell anything"):
        DependencySettings.of(**given)


def test_samples_are_further_apart_in_a_longer_watch():
    assert [DependencySettings.of(watch_s=watch_s).interval_s for watch_s in (20.0, 600.0, 86400.0)] == [1.0, 5.0, 15.0]


def test_a_kind_that_is_not_known_is_refused_with_those_that_are():
    assert all(kind_of(parse_target(f"{scheme}://db/shop")) is kind for scheme, kind in KINDS.items())
    with pytest.raises(CallerError, match="does not look into memcached://") as raised:
        kind_of(DependencyTarget("memcached://cache"))
    assert "postgresql://" in raised.value.why
