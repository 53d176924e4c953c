"""A JVM in memory counts its objects by class: after a yes, within its budget, and nobody else is asked."""

from __future__ import annotations

import io
import json

import jsonschema
import pytest
from fake_jvm import FakeJvm
from fake_machine import FakeMachine, FakePiece
from rich.console import Console

from oakum.loop.histogram import histogram
from oakum.loop.progress import Silent
from oakum.loop.terms import Terms
from oakum.model.budget import Budget
from oakum.model.errors import RefusedError, TargetError
from oakum.model.target import parse_target
from oakum.render import schemas
from oakum.render.codec_histogram import histogram_to_json
from oakum.render.table_histogram import histogram_view

LIBJVM = "/usr/lib/jvm/lib/server/libjvm.so"
COUNTS = {"shop.Session": (9000, 9 << 20), "[B": (10, 4096), "shop.\x1b[31mRed": (1, 16)}


@pytest.fixture
def machine():
    return FakeMachine()


@pytest.fixture
def jvm(machine):
    return FakeJvm(machine.clock, histograms=[COUNTS])


def counted(machine, jvm, *, inspect=True, budget=None, library=LIBJVM, child_gains=0):
    started = machine.start(("/usr/bin/java", "shop.Main"), cgroup="/shop")
    says = b"OpenJDK 64-Bit Server VM (17.0.15+6) for linux-amd64 JRE (17.0.15+6)".ljust(4096, b"\0")
    started.pieces[0x5000_0000] = FakePiece(bytearray(says), library, writable=False)
    if child_gains:
        child = machine.start(("/bin/sed",), parent_pid=started.pid, cgroup="/shop")
        machine.clock.after(1.0, lambda: setattr(child, "anon_bytes", child.anon_bytes + child_gains))
    ports = machine.ports(jvms=jvm)
    terms = Terms(inspect, budget or Budget())
    return histogram(parse_target(f"pid/{started.pid}"), machine=ports, terms=terms, progress=Silent())


def test_the_jvm_that_was_named_is_counted_though_its_child_gains_more(machine, jvm):
    assert counted(machine, jvm, child_gains=9 << 20).runtime == "jvm 17.0.15"


def test_classes_are_told_the_largest_first_with_what_it_cost_and_what_was_foretold(machine, jvm):
    found = counted(machine, jvm)
    assert [row.name for row in found.rows] == ["shop.Session", "byte[]", "shop.\x1b[31mRed"]
    assert (found.objects, found.bytes) == (9011, (9 << 20) + 4096 + 16)
    assert found.pause_s == jvm.pause_s
    assert found.foretold_pause_s > 0
    assert not [command for command in jvm.asked if "heap_dump" in command]
    told = json.loads(json.dumps(histogram_to_json(found)))
    jsonschema.Draft202012Validator(schemas.read("oakum.histogram/1")).validate(told)
    drawn = io.StringIO()
    Console(width=100, file=drawn).print(histogram_view(found, top=3))
    assert "9,011 objects" in drawn.getvalue()
    assert "\x1b" not in drawn.getvalue()


def test_nothing_is_sent_without_a_yes(machine, jvm):
    with pytest.raises(RefusedError) as told:
        counted(machine, jvm, inspect=None)
    assert told.value.next_step.endswith("--inspect")
    assert (jvm.signals, jvm.asked) == (0, [])


@pytest.mark.parametrize(
    ("budget", "words"), [(Budget(0.001), "--max-pause"), (Budget(deadline_s=0.001), "--deadline")]
)
def test_what_could_take_too_long_is_not_counted(machine, jvm, budget, words):
    with pytest.raises(RefusedError) as told:
        counted(machine, jvm, budget=budget)
    assert words in told.value.next_step
    assert not [command for command in jvm.asked if "histogram" in command]


def test_who_is_no_jvm_is_told_what_can_be_had_of_it(machine, jvm):
    with pytest.raises(TargetError, match="only a JVM") as told:
        counted(machine, jvm, library="/usr/lib/libc.so.6")
    assert told.value.next_step.startswith("oakum investigate pid/")
    assert jvm.asked == []
