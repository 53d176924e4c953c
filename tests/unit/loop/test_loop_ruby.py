"""Whole investigations of a Ruby in memory: consent, dumps that fit or do not, the holder by its variable."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from fake_machine import FakeMachine, FakePiece
from fake_node import FakeSpools
from fake_ruby import FakeRuby
from test_loop_jvm import Here, Person, absent, facts

from oakum.explain.source import LARGEST_SOURCE
from oakum.host.afar.untold import AfarRubies
from oakum.loop.investigate import Settings, investigate
from oakum.loop.terms import Terms
from oakum.model.absent import AbsentKind
from oakum.model.budget import Budget
from oakum.model.cause import CauseName
from oakum.model.errors import TargetError
from oakum.model.policy import Policy
from oakum.model.target import parse_target
from oakum.model.verdict import VerdictName

sys.path.insert(0, str(Path(__file__).parents[1] / "heap"))
from test_heap_ruby_beside import Shop

GROWS_PER_S = 200 << 10
SOURCE = """module Shop
  class Store
    def initialize
      @entries = {}
    end

    def put(token, session)
      @entries[token] = session
    end
  end
end
"""
FILE = "/srv/shop/store.rb"


def dump(sessions):
    shop = Shop(sessions)
    return shop.named(shop.own, shop.stack, shop.name(file=FILE, line=2))


@pytest.fixture(scope="module")
def dumps():
    return [dump(1000), dump(18_000)]


@pytest.fixture
def machine():
    return FakeMachine()


@pytest.fixture
def ruby(machine, dumps):
    return FakeRuby(machine.clock, dumps=list(dumps))


def process(machine, *, bytes_per_s=GROWS_PER_S):
    started = machine.start(("/usr/bin/ruby", "shop.rb"), cgroup="/shop")
    started.files[FILE] = SOURCE.encode()
    says = b"ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux-gnu]"
    place = "/usr/lib/x86_64-linux-gnu/libruby-3.1.so.3.1.2"
    started.pieces[0x5000_0000] = FakePiece(bytearray(says.ljust(4096, b"\0")), place, writable=False)

    def grow():
        started.anon_bytes += bytes_per_s // 10
        machine.clock.after(0.1, grow)

    machine.clock.after(0.1, grow)
    return started


def investigated(machine, ruby, started, *, inspect=True, person=None, budget=None, free_bytes=1 << 40):
    spools = FakeSpools(free_bytes)
    ports = machine.ports(apart=Here(spools), spools=spools, rubies=ruby)
    settings = Settings.of(watch_s=20.0, interval_s=0.5, terms=Terms(inspect, budget or Budget()))
    found = investigate(
        parse_target(f"pid/{started.pid}"),
        machine=ports,
        policy=Policy(),
        settings=settings,
        progress=person or Person(None),
    )
    assert all(spool.closed for spool in spools.made)
    assert ruby.closed
    return found


def test_two_dumps_name_the_variable_the_line_that_inserts_and_a_fix_in_ruby(machine, ruby):
    found = investigated(machine, ruby, process(machine))
    assert found.runtime == "ruby 3.1.2"
    assert found.verdict.name is VerdictName.LEAK
    cause = found.causes[0]
    assert (cause.name, cause.holder) == (CauseName.SESSION_STATE, "Shop::Store#@entries")
    assert str(cause.where[0]) == f"{FILE}:8 in put"
    assert "Process.clock_gettime" in cause.example.after
    told = facts(found, "dump")
    assert len(told) == 2
    assert all(row.cost.pause_s == pytest.approx(0.02) for row in told)
    # Between them the program ran on, also while the first was written.
    assert found.growth.seconds == pytest.approx(10.0, abs=0.1)
    # The place is known: nobody is asked to run it slower.
    assert not [step for step in found.plan.steps if "OAKUM_HEAP_LINES" in step.command]


def test_a_source_that_is_too_large_is_missed_not_read_in_part(machine, ruby):
    started = process(machine)
    started.files[FILE] += b"#" * LARGEST_SOURCE
    found = investigated(machine, ruby, started)
    assert "larger than 2.00 MiB" in absent(found)[f"{FILE} of pid {started.pid}"].why
    assert not any(place.function for place in found.causes[0].where)


def test_nothing_is_asked_before_somebody_agreed_and_the_price_is_in_the_question(machine, ruby):
    person = Person(answer=False)
    found = investigated(machine, ruby, process(machine), inspect=None, person=person)
    assert person.questions == ["May Oakum do that?"]
    assert ruby.asked == []
    assert absent(found)["what the heap holds"].kind is AbsentKind.NOT_YET
    assert "--inspect" in absent(found)["what the heap holds"].get


def test_memory_that_does_not_grow_is_not_copied(machine, ruby):
    found = investigated(machine, ruby, process(machine, bytes_per_s=0))
    assert "dump" not in ruby.asked
    assert "does not grow" in absent(found)["two heap dumps, compared"].why


@pytest.mark.parametrize(
    ("budget", "why"),
    [(Budget(max_pause_s=0.01), "stand still"), (Budget(max_bytes=1 << 20), "is the most that was allowed")],
)
def test_a_dump_that_could_cost_more_than_was_allowed_is_not_taken(machine, ruby, budget, why):
    found = investigated(machine, ruby, process(machine), budget=budget)
    assert "dump" not in ruby.asked
    assert why in absent(found)["a heap dump"].why


def test_a_cgroup_without_room_for_the_copy_is_why_none_is_made(machine, ruby):
    started = process(machine)
    machine.groups["/shop"].limit_bytes = started.anon_bytes + (40 << 20)
    found = investigated(machine, ruby, started)
    assert "dump" not in ruby.asked
    assert "the copy that writes it could take" in absent(found)["a heap dump"].why


def test_a_dump_that_breaks_off_is_why_nothing_is_compared(machine, ruby):
    ruby.fails = TargetError("the dump of pid 7 broke off", why="it ended in the middle", next_step="dmesg | tail")
    found = investigated(machine, ruby, process(machine))
    told = absent(found)["two heap dumps, compared"]
    assert "broke off" in told.why
    assert found.causes == ()


@pytest.mark.parametrize(
    ("changes", "why", "step"),
    [
        ({"sockets": ()}, "answers nobody for its heap", "RUBYOPT=-r"),
        ({"sockets": ("@oakum-heap-3-4026531836",)}, "before this process was forked", ""),
        ({"sockets": ("/run/user/0/rdbg-7",)}, "whoever connects stops the program", "RUBYOPT=-r"),
        (
            {"sockets": (), "libraries": frozenset({"rbtrace.so"}), "caught": frozenset({signal.SIGURG})},
            "Oakum leaves that to a person",
            "rbtrace -p",
        ),
        # Loaded, but its signal is not handled: nothing would answer.
        ({"sockets": (), "libraries": frozenset({"rbtrace.so"})}, "answers nobody for its heap", "RUBYOPT=-r"),
    ],
)
def test_a_ruby_without_the_helper_is_sent_nothing_and_the_plan_says_how_it_would_answer(
    machine, ruby, changes, why, step
):
    for name, value in changes.items():
        setattr(ruby, name, value)
    found = investigated(machine, ruby, process(machine))
    assert ruby.asked == []
    assert why in absent(found)["what the heap holds"].why
    assert any(step in row.command for row in found.plan.steps)
    assert not any("gdb" in row.command for row in found.plan.steps)


def test_a_stopped_ruby_is_not_asked(machine, ruby):
    started = process(machine)
    started.state = "T"
    found = investigated(machine, ruby, started)
    assert ruby.asked == []
    assert "kill -CONT" in absent(found)["what the heap holds"].get


def test_a_ruby_of_another_machine_is_not_looked_for_among_the_processes_of_this_one():
    standing = AfarRubies().open(1).standing()
    assert standing.kind is AbsentKind.NOT_APPLICABLE
    assert "on its node" in standing.get
