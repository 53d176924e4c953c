"""Whole investigations of a Go program in memory: consent, what is asked and what is not, what is named."""

from __future__ import annotations

import pytest
from fake_go import ACCEPT, BASKET, MIB, PORT, SESSION, FakeGo
from fake_machine import FakeMachine, FakePiece
from fake_node import FakeSpools

from oakum.loop.investigate import Settings, investigate
from oakum.loop.progress import Silent
from oakum.loop.terms import Terms
from oakum.model.absent import AbsentKind
from oakum.model.budget import Budget
from oakum.model.debugger import Fetched, Listener
from oakum.model.policy import Policy
from oakum.model.served import Served
from oakum.model.target import parse_target
from oakum.model.verdict import VerdictName

LOGIN = Fetched(401, "text/plain", b"who are you?", 0.001)


@pytest.fixture
def machine():
    return FakeMachine()


@pytest.fixture
def go(machine):
    return FakeGo(machine.clock)


SOURCE = b"\n" * 14 + b"\tanswers <- basket\n"


def process(machine, go, *, bytes_per_s=2 * MIB, baskets=True, goroutines_per_s=100):
    """It grows by what the profiles say, or by something else."""
    started = machine.start(("/srv/shop/shop",), cgroup="/shop")
    started.executable = "/srv/shop/shop"
    build = b"\xff Go buildinf:\x08\x02".ljust(32, b"\0") + b"\x08go1.26.8"
    started.pieces[0x5000_0000] = FakePiece(bytearray(build.ljust(4096, b"\0")), "/srv/shop/shop", writable=False)

    def grow():
        started.anon_bytes += bytes_per_s // 10
        go.waiting += goroutines_per_s // 10
        if baskets:
            for stack in go.lives:
                go.lives[stack] += bytes_per_s // 10
        machine.clock.after(0.1, grow)

    machine.clock.after(0.1, grow)
    return started


def investigated(machine, go, started, *, inspect=True, served=None, budget=None, watch_s=20.0):
    spools = FakeSpools()
    ports = machine.ports(debuggees=go, spools=spools)
    terms = Terms(inspect, budget or Budget(), served or Served())
    settings = Settings.of(watch_s=watch_s, interval_s=0.5, terms=terms)
    target = parse_target(f"pid/{started.pid}")
    return investigate(target, machine=ports, policy=Policy(), settings=settings, progress=Silent())


def titles(found, kind):
    return [row.title for row in found.evidence if row.id.partition("-")[0] == kind]


def missing(found, what="what the heap holds"):
    return next(row for row in found.absent if row.what == what)


def test_goroutines_that_become_more_are_named_with_what_they_wait_for_and_what_they_hold(machine, go):
    found = investigated(machine, go, process(machine, go))
    assert found.verdict.name is VerdictName.LEAK
    first = found.causes[0]
    assert (first.name, first.holder) == ("goroutine", "goroutines at chan send in main.ask (fetch.go:15)")
    assert str(first.where[0]) == "/srv/shop/fetch.go:15 in main.ask"
    assert "started by main.fetch (fetch.go:7)" in first.why[0]
    assert "what main.newBasket allocates grows by about 2" in first.why[0]
    assert len(found.causes) == 1
    assert first.growth_bytes_per_s == pytest.approx(100 * (8192 + 20 * 1024), rel=0.2)
    assert "(+100/s)" in titles(found, "blocked")[0]
    assert "the longest for 7 min" in titles(found, "blocked")[0]
    assert "room for every sender" in first.advice
    assert "--inspect" in found.plan.steps[0].command


def test_the_line_is_shown_where_the_source_is_there(machine, go):
    started = process(machine, go)
    started.files["/srv/shop/fetch.go"] = SOURCE
    found = investigated(machine, go, started)
    assert [(place.line, place.source) for place in found.causes[0].where] == [(15, "answers <- basket")]
    assert not [row for row in found.absent if ".go" in row.what]


def test_a_call_path_that_grows_is_named_where_goroutines_do_not(machine, go):
    go.lives = {SESSION: 8 * MIB}
    found = investigated(machine, go, process(machine, go, goroutines_per_s=0))
    first = found.causes[0]
    assert found.verdict.name is VerdictName.LEAK
    assert (first.name, first.holder) == (
        "session-state",
        "what main.newSession (sessions.go:22) ← main.serve allocates",
    )
    assert "debug=2" not in str(go.asked)


def test_a_call_path_that_turns_over_is_not_called_a_leak(machine, go):
    started = process(machine, go, goroutines_per_s=0)
    machine.clock.after(10.0, lambda: go.freed.update({BASKET: 600 * MIB}))
    assert investigated(machine, go, started).verdict.name is not VerdictName.LEAK


def test_without_a_yes_nothing_is_asked(machine, go):
    found = investigated(machine, go, process(machine, go), inspect=None)
    refused = missing(found)
    assert go.asked == []
    assert (refused.kind, refused.get) == (
        AbsentKind.NOT_YET,
        f"{found.target.join(['oakum investigate ', ''])} --inspect",
    )
    assert "a GET on 127.0.0.1:6060" in refused.why
    assert "for /debug/pprof/heap?debug=1 (at most 30 s and 32.0 MiB each)" in refused.why
    assert "for /metrics of the same ports (at most 2.00 s and 2.00 MiB each)" in refused.why
    assert "once more after the watch" in refused.why


def test_no_cpu_profile_and_no_trace_are_ever_asked_for(machine, go):
    investigated(machine, go, process(machine, go))
    assert {path.removeprefix(go.root) for path in go.asked} == {"", "heap?debug=1", "goroutine", "goroutine?debug=2"}


def test_a_collection_is_asked_for_only_where_it_made_none_and_memory_grows(machine, go):
    go.collects_every_s = 10_000.0
    investigated(machine, go, process(machine, go))
    # One at the end of the watch; one more, for the first profile is of long before it.
    assert len(go.collected_s) == 2
    still = FakeGo(machine.clock, collects_every_s=10_000.0)
    found = investigated(machine, still, process(machine, still, bytes_per_s=0, goroutines_per_s=0))
    assert still.collected_s == []
    assert missing(found, "call paths that grew").kind is AbsentKind.NOT_APPLICABLE


def test_what_was_made_before_the_watch_is_no_growth_of_the_watch(machine):
    """An index that is built as a service starts: the profile of the collection before has a part of it."""

    class Started(FakeGo):
        def heap(self, *, collect):
            kept = dict(self.lives)
            if not self.collected_s and not collect:
                self.lives = {BASKET: kept[BASKET] // 2}
            made = super().heap(collect=collect)
            self.lives = kept
            return made

    go = Started(machine.clock, lives={BASKET: 64 * MIB}, collects_every_s=1000.0)
    started = process(machine, go, goroutines_per_s=0, baskets=False)
    found = investigated(machine, go, started)
    assert found.verdict.name is not VerdictName.LEAK
    assert len(go.collected_s) == 2


def test_what_is_served_elsewhere_is_found_where_it_was_said_to_be(machine, go):
    go.root, go.index = "/internal/prof/", False
    go.listens = [Listener("0.0.0.0", 8080), PORT]
    go.pages = {"/internal/prof/": Fetched(404, "text/plain", b"404", 0.001)}
    served = Served(6060, "/internal/prof/")
    found = investigated(machine, go, process(machine, go), served=served)
    assert titles(found, "pprof") == ["net/http/pprof answers on 127.0.0.1:6060/internal/prof/"]
    assert found.causes[0].name == "goroutine"


def test_a_port_that_is_not_its_own_is_not_asked(machine, go):
    found = investigated(machine, go, process(machine, go), served=Served(9999))
    assert "it does not listen on port 9999 itself" in missing(found).why
    assert go.asked == []


def test_more_goroutines_than_the_budget_has_time_for_are_not_counted(machine, go):
    go.waiting = 1_000_000
    found = investigated(machine, go, process(machine, go, goroutines_per_s=0), budget=Budget(1.0))
    refused = missing(found, "goroutines by stack and by what they wait for")
    assert refused.kind is AbsentKind.TOO_DEAR
    assert "--max-pause" in refused.get
    assert "goroutine" not in {path.removeprefix(go.root) for path in go.asked}


def test_stacks_in_full_are_left_out_where_they_would_stop_it_for_long(machine, go):
    go.waiting = 50_000
    found = investigated(machine, go, process(machine, go))
    assert missing(found, "who started the goroutines, and for how long each waits").kind is AbsentKind.TOO_DEAR
    assert found.causes[0].name == "goroutine"


@pytest.mark.parametrize(
    ("answer", "kind", "why"),
    [
        (LOGIN, AbsentKind.NOT_PERMITTED, "it asks who we are (HTTP 401)"),
        (Fetched(200, "text/html", b"<html>welcome", 0.1), AbsentKind.NOT_APPLICABLE, "a page of HTML is served there"),
        (Fetched(301, "", b"", 0.1, "/login"), AbsentKind.NOT_APPLICABLE, "it points elsewhere (HTTP 301, /login)"),
        (Fetched(503, "", b"", 0.1), AbsentKind.UNREADABLE, "it answers HTTP 503"),
        (
            Fetched(400, "", b"Client sent an HTTP request to an HTTPS server.\n", 0.1),
            AbsentKind.NOT_APPLICABLE,
            "it speaks TLS",
        ),
    ],
)
def test_what_is_no_pprof_is_said_as_what_it_is(machine, go, answer, kind, why):
    go.pages = {"/debug/pprof/": answer, "/debug/pprof/heap?debug=1": answer}
    told = missing(investigated(machine, go, process(machine, go)))
    assert told.kind is kind
    assert why in told.why
    assert told.get


def test_its_metrics_stand_in_where_no_profiles_are_served(machine, go):
    go.root = "/elsewhere/"
    page = b"go_goroutines %d\ngo_memstats_heap_inuse_bytes 2.5e+07\n"
    go.pages = {"/metrics": Fetched(200, "text/plain", page % 100, 0.1)}
    machine.clock.after(10.0, lambda: go.pages.update({"/metrics": Fetched(200, "text/plain", page % 900, 0.1)}))
    found = investigated(machine, go, process(machine, go))
    assert titles(found, "metrics")[1].startswith("its metrics tell 100 → 900 goroutines, 23.8 MiB of heap")
    assert go.bounds["/metrics"] == (2.0, 2 << 20)
    assert 'import _ "net/http/pprof"' in missing(found, "goroutines by stack and by what they wait for").get


def test_a_service_that_stops_answering_leaves_what_was_said_before(machine, go):
    started = process(machine, go)
    machine.clock.after(10.0, go.listens.clear)
    found = investigated(machine, go, started)
    assert "did not answer /debug/pprof/heap?debug=1" in missing(found, "two looks into its profiles, compared").why
    assert found.verdict.name is VerdictName.SUSPECT


def test_html_in_the_place_of_the_second_profile_is_said(machine, go):
    started = process(machine, go)
    page = Fetched(200, "text/html", b"<html>", 0.1)
    machine.clock.after(10.0, lambda: go.pages.update({"/debug/pprof/goroutine": page}))
    assert "is no profile" in missing(investigated(machine, go, started), "two looks into its profiles, compared").why


def test_memory_outside_of_go_is_told_as_such(machine, go):
    go.obtained_bytes = 30 * MIB
    found = investigated(machine, go, process(machine, go, baskets=False, goroutines_per_s=0))
    assert found.verdict.reasons[0].startswith("it is not Go's memory that grows")
    assert not found.causes


def test_a_next_collection_above_the_limit_is_told(machine, go):
    started = process(machine, go)
    go.next_gc = 400 * MIB
    machine.groups["/shop"].limit_bytes = 256 * MIB
    assert "the kernel ends it first" in titles(investigated(machine, go, started), "limit")[0]


def test_peers_that_connect_may_just_be_more_clients(machine, go, monkeypatch):
    monkeypatch.setattr("fake_go.SEND", (*ACCEPT[:3], ("main.converse", "/srv/shop/main.go", 40)))
    found = investigated(machine, go, process(machine, go, baskets=False))
    assert found.verdict.name is VerdictName.SUSPECT
    assert any("as many as there are peers" in reason for reason in found.verdict.reasons)


def test_a_program_that_samples_no_allocations_is_told_as_such_and_its_goroutines_still_are(machine, go):
    go.rate = 0
    found = investigated(machine, go, process(machine, go))
    assert "MemProfileRate is 0" in missing(found, "call paths that grew").why
    assert not titles(found, "growth")
    assert found.causes[0].name == "goroutine"


def test_a_clock_that_is_ahead_makes_no_growth_of_nothing(machine, go):
    go.ahead_s = 1e9
    found = investigated(machine, go, process(machine, go))
    assert found.growth.holders[0].bytes_grown / found.growth.holders[0].seconds < 10 * MIB


@pytest.mark.parametrize("every_s", [2.0, 10_000.0])
def test_goroutines_that_become_more_are_told_where_memory_does_not_show_it(machine, go, every_s):
    go.collects_every_s = every_s
    found = investigated(machine, go, process(machine, go, bytes_per_s=0, baskets=False, goroutines_per_s=10))
    assert found.verdict.name is not VerdictName.LEAK
    assert "but goroutines at chan send in main.ask (fetch.go:15) became more, 100 → 3" in found.verdict.reasons[-1]
    assert "--for 10m" in found.verdict.settles


def test_a_program_that_stands_still_is_told_nothing_of_goroutines(machine, go):
    found = investigated(machine, go, process(machine, go, bytes_per_s=0, baskets=False, goroutines_per_s=0))
    assert not any("goroutines" in reason for reason in found.verdict.reasons)
