"""A look at a workload with a server asked meanwhile: in which order, until when, and what goes wrong."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from fake_dependency import FakeDependency, FakeSample
from fake_machine import FakeMachine

from oakum.explain.admission import of_postgres, of_redis
from oakum.host.clock import LiveClock
from oakum.loop.dependency import DependencySettings, Kind
from oakum.loop.progress import Silent
from oakum.loop.with_dependency import investigate_with
from oakum.model.admission import Admission, Connection
from oakum.model.assessment import Investigation
from oakum.model.dependency import Findings
from oakum.model.errors import CallerError, TargetError
from oakum.model.evidence import Cost
from oakum.model.pool import PoolReading, PoolServer
from oakum.model.postgres import PostgresSample, Session
from oakum.model.redis import Client, RedisSample
from oakum.model.series import Metric, WorkloadSeries
from oakum.model.target import parse_target
from oakum.model.verdict import Verdict, VerdictName

URL = parse_target("postgresql://me:s3cret@db/shop")
GONE = TargetError("db is gone", why="connection refused", next_step="pg_isready -h db")
FINE = Verdict(VerdictName.HEALTHY, None, 0.1, 1e8)


class Owners:
    """Port Connections: what a test wrote down."""

    def __init__(self, held):
        self.held = held

    def owners(self, endpoints):
        return {end: pid for end, pid in self.held.items() if end in endpoints}


def admits(sample, place):
    connections = (Connection("shop as app", "127.0.0.1", 41, 5.0), Connection("etl as app", "10.0.0.9", 42, 5.0))
    return Admission("PostgreSQL", place, "max_connections", 97, int(sample.level), sample.at_s, connections)


def together(answers, *, look=None, held=None, target=None):
    fake = FakeMachine()
    own = fake.start(("python3", "/srv/shop.py", "--password=s3cret"))
    machine = replace(fake.ports(), clock=LiveClock(), connections=Owners({("127.0.0.1", 41): held or own.pid}))
    dependency = FakeDependency(answers)
    asked = []

    def looked(server):
        asked.append(server)
        return look(dependency) if look else Investigation("pid/1", 9.0, FINE, FINE, WorkloadSeries("x", ()), "cpython")

    found = investigate_with(
        parse_target(target or f"pid/{own.pid}"),
        URL,
        kind=Kind("Fake", "connections", Metric.CONNECTIONS, lambda _: Findings(FINE, "Fake 1"), admits=admits),
        opened=dependency.opened(),
        machine=machine,
        settings=DependencySettings(interval_s=0.01),
        progress=Silent(),
        look=looked,
    )
    return found, dependency, asked


def rising():
    return [FakeSample(100.0 + at, 5.0 + at) for at in range(2000)]


def test_it_is_asked_whole_before_and_after_and_again_and_again_meanwhile():
    enough = threading.Event()

    def look(dependency):
        while len(dependency.asked) < 6:
            enough.wait(0.005)
        return Investigation("pid/1", 9.0, FINE, FINE, WorkloadSeries("x", ()), "cpython", pools=PoolReading())

    found, dependency, asked = together(rising(), look=look)
    assert asked == [PoolServer("PostgreSQL", 97)]
    assert dependency.asked[0] is dependency.asked[-1] is True
    assert dependency.asked.count(True) == 2
    assert dependency.closed
    row = next(each for each in found.evidence if each.id == "dependency")
    assert row.facts["held"] == 1
    assert "1 by pid 100 (python3 shop.py)" in row.title or "(python3 shop.py)" in row.title
    assert "s3cret" not in repr(found)


def test_a_process_that_only_has_the_same_port_elsewhere_is_not_its_own():
    found, _, _ = together(rising(), held=4_000_000)
    row = next(each for each in found.evidence if each.id == "dependency")
    assert row.facts["held"] == 0
    assert any(each.what.startswith("which connections of") for each in found.absent)


def test_a_server_that_does_not_answer_at_first_ends_it_before_anything_is_looked_at():
    with pytest.raises(TargetError, match="db is gone"):
        together([GONE], look=lambda _: pytest.fail("it was looked at"))


def test_a_server_that_goes_meanwhile_leaves_the_workload_s_answer_and_says_so():
    found, _, _ = together([FakeSample(1.0, 5.0), FakeSample(2.0, 6.0), GONE])
    assert found.verdict.name is VerdictName.HEALTHY
    assert any("db is gone" in each.why for each in found.absent)


def test_what_goes_wrong_with_the_workload_is_raised_and_the_server_let_go():
    def look(_):
        raise CallerError("no such process", next_step="oakum scan host")

    with pytest.raises(CallerError, match="no such process"):
        together(rising(), look=look)
    assert not [each for each in threading.enumerate() if each.name == "oakum-dependency"]


def test_who_is_connected_is_told_of_both_kinds():
    session = Session(7, 1.0, "shop", "app", "web", "10.0.0.3", "idle", 9.0, 8.0, port=4711)
    sample = PostgresSample(5.0, 1.0, 150004, "15.4", (session,), 97, 3, "watcher", sees_all=True)
    told = of_postgres(sample, "postgresql://db/shop")
    assert (told.most, told.taken, told.connections) == (97, 1, (Connection("web as app", "10.0.0.3", 4711, 9.0),))
    client = Client(3, "[::1]:900", "", "default", "get", "client", 60, 3, 0, 0, None)
    told = of_redis(RedisSample(5.0, (), None, Cost(), clients=(client,)), "redis://db")
    assert (told.kind, told.most, told.taken) == ("Redis", None, 1)
    assert told.connections == (Connection("(no name) as default", "::1", 900, 60.0),)
    for port in ("9" * 5000, "\N{SUPERSCRIPT TWO}"):
        odd = RedisSample(5.0, (), None, Cost(), clients=(replace(client, address=f"10.0.0.3:{port}"),))
        assert of_redis(odd, "redis://db").connections[0].port == 0
