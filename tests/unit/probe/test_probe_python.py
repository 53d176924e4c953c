"""The probe of CPython: what it refuses and why, what a capture would cost, what a copy holds."""

from __future__ import annotations

import numpy as np
import pytest
from fake_machine import FakeMachine, FakePiece

from oakum.heap.image import Area
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import TargetError
from oakum.model.runtime import Preflight, Runtime, RuntimeName
from oakum.probe import python
from oakum.probe.image import GAP_PAGES, copy, present_bytes, wanted
from oakum.probe.python import LONGEST_PAUSE_S, PythonProbe

PAGE = 4096
HEAP = 0x7F00_0000_0000


@pytest.fixture
def machine():
    return FakeMachine()


def started(machine, *, command=("/usr/bin/python3", "app.py"), pages=4, absent=(), **environment):
    process = machine.start(command)
    process.environment.update(environment)
    process.pieces[HEAP] = FakePiece(bytearray(b"\x11" * pages * PAGE), absent=frozenset(absent))
    return process


def probe(machine, version="3.11.7"):
    return PythonProbe(machine.memories, machine.processes, machine.clock, Runtime(RuntimeName.CPYTHON, version))


@pytest.mark.parametrize(
    ("version", "command", "environment", "words"),
    [
        ("3.8.10", ("python3",), {}, "CPython 3.8 is not known"),
        ("3.19.0", ("python3",), {}, "CPython 3.19 is not known"),
        ("2.7.18", ("python2",), {}, "CPython 2.7 is not known"),
        ("", ("python3",), {}, "is not known"),
        ("3.13.0 free-threaded", ("python3",), {}, "free-threaded"),
        ("3.11.7", ("python3",), {"PYTHONMALLOC": "malloc"}, "PYTHONMALLOC=malloc"),
        ("3.11.7", ("python3",), {"PYTHONMALLOC": "debug"}, "PYTHONMALLOC=debug"),
        ("3.11.7", ("python3",), {"PYTHONMALLOC": "pymalloc_debug"}, "PYTHONMALLOC=pymalloc_debug"),
        ("3.11.7", ("python3", "-X", "dev", "app.py"), {}, "-X dev"),
        ("3.11.7", ("python3", "-Xdev", "app.py"), {}, "-X dev"),
        ("3.11.7", ("python3",), {"PYTHONDEVMODE": "1"}, "PYTHONDEVMODE"),
        ("3.11.7", ("python3", "-W", "error", "-I", "-X", "dev", "-m", "app"), {}, "-X dev"),
        ("3.11.7", ("python3", "-WIgnore", "app.py"), {"PYTHONMALLOC": "malloc"}, "PYTHONMALLOC=malloc"),
        ("3.11.7", ("python3", "app.py", "-E"), {"PYTHONMALLOC": "malloc"}, "PYTHONMALLOC=malloc"),
    ],
)
def test_what_it_cannot_read_is_refused_with_the_reason(machine, version, command, environment, words):
    process = started(machine, command=command, **environment)
    refused = probe(machine, version).preflight(process.pid)
    assert isinstance(refused, Absent)
    assert refused.kind is AbsentKind.NOT_APPLICABLE
    assert words in refused.why
    assert refused.get


@pytest.mark.parametrize(
    ("command", "environment"),
    [
        (("python3", "app.py"), {"PYTHONMALLOC": "pymalloc"}),
        (("python3", "app.py"), {"PYTHONMALLOC": "default"}),
        (("python3", "app.py"), {"PYTHONDEVMODE": ""}),
        (("python3", "-X", "importtime", "dev"), {}),
        (("python3", "app.py", "-X", "dev"), {}),
        (("python3", "-m", "app", "-Xdev"), {}),
        (("python3", "-c", "pass", "-X", "dev"), {}),
        (("python3", "-I", "app.py"), {"PYTHONMALLOC": "malloc", "PYTHONDEVMODE": "1"}),
        (("python3", "-sEm", "app"), {"PYTHONMALLOC": "debug"}),
        (("python3", "-Xdev", "app.py"), {"PYTHONMALLOC": "pymalloc"}),
        (("gunicorn: worker [shop]",), {}),
        ((), {}),
    ],
)
def test_settings_that_change_nothing_are_no_reason(machine, command, environment):
    process = started(machine, command=command, **environment)
    assert isinstance(probe(machine).preflight(process.pid), Preflight)


def test_a_capture_says_what_it_reads_and_that_it_stops_nothing(machine):
    process = started(machine, pages=10, absent={1, 2})
    found = probe(machine).preflight(process.pid)
    assert (found.bytes_to_read, found.pause_s, found.refusal) == (8 * PAGE, 0.0, "")
    assert "not stopped" in found.risk
    stopping = probe(machine).preflight(process.pid, stop=True)
    assert stopping.pause_s > 0
    assert "stands still" in stopping.risk


def test_a_pause_that_is_too_long_is_refused(machine, monkeypatch):
    process = started(machine, pages=10)
    monkeypatch.setattr(python, "COPY_BYTES_PER_S", 10 * PAGE / LONGEST_PAUSE_S / 1.01)
    assert "leave --stop out" in probe(machine).preflight(process.pid, stop=True).refusal
    assert probe(machine).preflight(process.pid).refusal == ""


@pytest.mark.parametrize(("free_mib", "refused"), [(90, False), (70, True), (None, False)])
def test_a_capture_that_this_machine_has_no_room_for_is_refused(machine, monkeypatch, free_mib, refused):
    process = started(machine)
    monkeypatch.setattr(python, "available_bytes", lambda: None if free_mib is None else free_mib << 20)
    assert ("Oakum would need" in probe(machine).preflight(process.pid).refusal) == refused


def test_only_pages_that_are_in_memory_are_copied(machine):
    process = started(machine, pages=6, absent={0, 3, 5})
    memory = machine.memories.open(process.pid)
    stretches = wanted(memory)
    assert present_bytes(stretches) == 3 * PAGE
    image = copy(memory, stretches)
    assert (image.start.tolist(), image.end.tolist()) == ([HEAP + PAGE], [HEAP + 5 * PAGE])
    content = image.buffer.reshape(-1, PAGE)
    assert [bool(page.any()) for page in content] == [True, True, False, True]
    assert image.skipped_bytes == 0


def test_far_pages_are_pieces_of_their_own(machine):
    gap = GAP_PAGES + 1
    process = started(machine, pages=gap + 2, absent=set(range(1, gap + 1)))
    stretches = wanted(machine.memories.open(process.pid))
    assert [(stretch.start - HEAP, stretch.end - HEAP) for stretch in stretches] == [
        (0, PAGE),
        ((gap + 1) * PAGE, (gap + 2) * PAGE),
    ]


def test_each_mapping_is_what_the_kernel_tells_of_it(machine):
    process = started(machine)
    pieces = {
        0x1000_0000: FakePiece(bytearray(PAGE), "/usr/bin/python3", writable=False),
        0x1000_1000: FakePiece(bytearray(PAGE), "/usr/bin/python3"),
        0x1000_2000: FakePiece(bytearray(PAGE)),
        0x2000_0000: FakePiece(bytearray(PAGE), "[heap]"),
        0x3000_0000: FakePiece(bytearray(PAGE), "/srv/data.bin", writable=False),
        0x7FFF_0000_0000: FakePiece(bytearray(PAGE), "[stack]"),
        0x7FFF_1000_0000: FakePiece(bytearray(PAGE), "[vvar]"),
    }
    process.pieces |= pieces
    areas = {stretch.start: stretch.area for stretch in wanted(machine.memories.open(process.pid))}
    assert areas == {
        0x1000_0000: Area.CONSTANT,
        0x1000_1000: Area.STATIC,
        0x1000_2000: Area.STATIC,
        0x2000_0000: Area.HEAP,
        HEAP: Area.HEAP,
        0x7FFF_0000_0000: Area.STACK,
    }


def test_memory_that_is_no_heap_is_absent_once_it_is_decoded(machine):
    process = started(machine)
    capture = probe(machine).capture(process.pid)
    assert (capture.cost.bytes_read, capture.cost.pause_s) == (4 * PAGE, 0.0)
    assert np.unique(capture.image.buffer).tolist() == [0x11]
    refused = capture.decode()
    assert refused.kind is AbsentKind.UNREADABLE
    assert "PYTHONMALLOC" in refused.get


def test_a_target_without_memory_or_without_permission_gives_no_capture(machine):
    process = started(machine)
    process.may_be_read = False
    assert probe(machine).capture(process.pid).kind is AbsentKind.NOT_PERMITTED
    assert probe(machine).preflight(process.pid).kind is AbsentKind.NOT_PERMITTED
    empty = machine.start()
    with pytest.raises(TargetError, match="nothing of the target's memory"):
        probe(machine).capture(empty.pid)
    machine.end(process.pid)
    with pytest.raises(TargetError):
        probe(machine).preflight(process.pid)
