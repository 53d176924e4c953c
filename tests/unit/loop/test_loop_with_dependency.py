"""A look at a workload with a server asked meanwhile: in which order, until when, and what goes wrong."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from fake_dependency import FakeDependency, FakeSample
from fake_machine import FakeMachine

from oakum.explain.admission import of_postgres, of_redis
from oakum.host.clock import LiveClock
from oakum.loop import with_dependency
from oakum.loop.dependency import DependencySettings, Kind
from oakum.loop.postgres_here import with_clients
from oakum.loop.progress import Silent
from oakum.loop.with_dependency import investigate_with
from oakum.model.admission import Admission, Connection
from oakum.model.assessment import Investigation
from oakum.model.dependency import Findings
from oakum.model.errors import CallerError, TargetError
from oakum.model.evidence import Cost
from oakum.model.pool import PoolReading, PoolServer
from oakum.model.postgres import PostgresDepth, PostgresSample, Session
from oakum.model.redis import Client, RedisSample
from oakum.model.series import Metric, WorkloadSeries
from oakum.model.target import parse_target
from oakum.model.verdict import Verdict, VerdictName

URL = parse_target("postgresql://me:s3cret@db/shop")
GONE = TargetError("db is gone", why="connection refused", next_step="pg_isready -h db")
FINE = Verdict(VerdictName.HEALTHY, None, 0.1, 1e8)


class Owners:
    """Port Connections: what a test wrote down."""

    def __init__(self, held, folders=None):
        self.held, self.where, self.reached = held, folders or {}, None

    def owners(self, endpoints, reached):
        self.reached = reached
        return {end: pid for end, pid in self.held.items() if end in endpoints}

    def folders(self, pid):
        return self.where.get(pid)


def admits(sample, place):
    connections = (Connection("shop as app", "127.0.0.1", 41, 5.0), Connection("etl as app", "10.0.0.9", 42, 5.0))
    reached = frozenset({("db", 5432)})
    return Admission("PostgreSQL", place, "max_connections", 97, int(sample.level), sample.at_s, connections, reached)


def together(answers, *, look=None, held=None, target=None, here=lambda sample, *_: sample):
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
        kind=Kind("Fake", "connections", Metric.CONNECTIONS, lambda _: Findings(FINE, "Fake 1"), here, admits),
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


HERE, THERE = ((1, 2), (1, 90)), ((1, 2), (1, 91))
COMMAND = ("python3", "server.py")


@pytest.mark.parametrize(
    ("own", "other", "cgroups", "same"),
    [
        (HERE, HERE, ("/a", "/b"), True),
        (HERE, THERE, ("/a", "/a"), False),
        (HERE, ((3, 2), HERE[1]), ("/a", "/b"), False),
        (HERE, None, ("/a", "/a"), True),
        (None, HERE, ("/a", "/b"), False),
    ],
)
def test_the_same_command_in_another_folder_or_container_is_another_program(own, other, cgroups, same):
    fake = FakeMachine()
    first, second = (fake.start(COMMAND, cgroup=cgroup) for cgroup in cgroups)
    below = fake.start(COMMAND, cgroup="/c", parent_pid=first.pid)
    fake.start(COMMAND, cgroup="/a", uid=7)
    where = {pid: told for pid, told in ((first.pid, own), (second.pid, other)) if told}
    machine = replace(fake.ports(), connections=Owners({}, where))
    found = {each.pid for each in with_dependency._alike(parse_target(f"pid/{first.pid}"), machine)}
    assert found == {first.pid, below.pid, *([second.pid] if same else ())}


def test_a_server_that_does_not_answer_at_first_ends_it_before_anything_is_looked_at():
    with pytest.raises(TargetError, match="db is gone"):
        together([GONE], look=lambda _: pytest.fail("it was looked at"))


def test_a_server_that_goes_meanwhile_leaves_the_workload_s_answer_and_says_so():
    found, _, _ = together([FakeSample(1.0, 5.0), FakeSample(2.0, 6.0), GONE])
    assert found.verdict.name is VerdictName.HEALTHY
    assert any("db is gone" in each.why for each in found.absent)


def test_a_fault_on_the_way_after_the_first_answer_is_told_without_its_words():
    seen = []

    def here(sample, *_):
        seen.append(sample)
        if len(seen) > 1:
            raise KeyError("s3cret")
        return sample

    found, _, _ = together(rising(), here=here)
    (cut,) = [each for each in found.absent if each.what.startswith("what it holds at the end of the watch")]
    assert cut.why == "asking it ended with KeyError: what is said of it is from before"
    assert cut.get == "oakum investigate postgresql://me@db/shop"
    assert "s3cret" not in repr(found)


def test_a_last_answer_that_does_not_come_in_time_is_told(monkeypatch):
    monkeypatch.setattr(with_dependency, "ANSWERS_S", 0.5)
    seen, silent = [], threading.Event()

    def here(sample, *_):
        seen.append(sample)
        if len(seen) > 1:
            silent.wait(30.0)
        return sample

    try:
        found, _, _ = together(rising(), here=here)
    finally:
        silent.set()
    assert [each.why for each in found.absent if "at the end of the watch" in each.what] == [
        "no answer came in 0 s: what is said of it is from before"
    ]


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
    assert told.reached == {("db", 5432)}
    client = Client(3, "[::1]:900", "", "default", "get", "client", 60, 3, 0, 0, None)
    told = of_redis(RedisSample(5.0, (), None, Cost(), clients=(client,)), "redis://db")
    assert (told.kind, told.most, told.taken) == ("Redis", None, 1)
    assert told.connections == (Connection("(no name) as default", "::1", 900, 60.0),)
    assert told.reached == {("db", 6379)}
    for port in ("9" * 5000, "\N{SUPERSCRIPT TWO}"):
        odd = RedisSample(5.0, (), None, Cost(), clients=(replace(client, address=f"10.0.0.3:{port}"),))
        assert of_redis(odd, "redis://db").connections[0].port == 0


@pytest.mark.parametrize(
    ("place", "settings", "reached"),
    [
        ("postgresql://db:6432/shop", {"port": "5432"}, {("db", 6432), ("db", 5432)}),
        ("postgresql:///shop?host=/run/postgresql&port=5433", {}, {("", 5433)}),
        ("postgresql://::1:5433/shop", {}, {("::1", 5433)}),
    ],
)
def test_where_clients_reach_a_server_is_told_by_its_place_and_its_own_port(place, settings, reached):
    sample = PostgresSample(5.0, 1.0, 150004, "15.4", (), 97, 3, "watcher", True, depth=PostgresDepth(False, settings))
    assert of_postgres(sample, place).reached == reached


def test_clients_are_looked_for_at_the_port_that_they_reach_the_server_by():
    fake = FakeMachine()
    own = fake.start(("python3", "/srv/shop.py"))
    owners = Owners({("10.0.0.3", 4711): own.pid})
    session = Session(7, 1.0, "shop", "app", "web", "10.0.0.3", "idle", 9.0, 8.0, port=4711)
    depth = PostgresDepth(replica=False)
    sample = PostgresSample(5.0, 1.0, 150004, "15.4", (session,), 97, 3, "watcher", sees_all=True, depth=depth)
    found = with_clients(sample, replace(fake.ports(), connections=owners), "postgresql://db:5433/shop")
    assert [each.name for each in found.depth.clients.values()] == [f"pid {own.pid} (python3 shop.py)"]
    assert owners.reached == {("db", 5433)}
