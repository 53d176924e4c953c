"""Every CPython that is here: one leak is counted by type without a stop, and its holder named with a short one."""

from __future__ import annotations

import sys
import time

import pytest
from cpythons import VERSIONS, python
from programs import Lines, fields, started

from oakum import heap
from oakum.host import this_machine
from oakum.model.runtime import Preflight
from oakum.probe.python import PythonProbe
from oakum.probe.runtime import recognise

pytestmark = pytest.mark.lab

GROWTH_S = 1.0

# Runs on any Python 3, from the command line: one that lives in a folder of its own sees none of ours.
PROGRAM = """
import resource, sys, threading, time
resource.setrlimit(resource.RLIMIT_DATA, (1 << 29, 1 << 29))
class Session:
    def __init__(self, number):
        self.user, self.cart = "user-%d" % number, [number]
sessions, longest = {}, [0.0]
def meter():
    before = time.monotonic()
    while True:
        time.sleep(0.002)
        now = time.monotonic()
        longest[0] = max(longest[0], now - before - 0.002)
        before = now
def grow():
    while True:
        for _ in range(100):
            sessions[len(sessions)] = Session(len(sessions))
        time.sleep(0.01)
for work in (meter, grow):
    threading.Thread(target=work, daemon=True).start()
while len(sessions) < 5000:
    time.sleep(0.01)
print("ready", flush=True)
for line in iter(sys.stdin.readline, ""):
    time.sleep(0.01)
    print("sessions=%d pause_s=%.6f" % (len(sessions), longest[0]), flush=True)
    longest[0] = 0.0
"""


class Paced:
    """The program, ready. ``asked``: how many sessions there are, and the longest pause since it was asked last."""

    def __init__(self, process):
        self.process, self._lines = process, Lines(process.stdout.fileno())
        assert self._lines.next() == "ready"

    def asked(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        told = fields(self._lines.next())
        return int(told["sessions"]), float(told["pause_s"])


def looked(program, machine, runtime, *, stop):
    """(growth, sessions around the second capture, pause inside, pause said, seconds, bytes read)."""
    pid = program.process.pid
    probe = PythonProbe(machine.memories, machine.processes, machine.clock, runtime)
    assert isinstance(probe.preflight(pid, stop=stop), Preflight)
    begun_s = time.monotonic()
    program.asked()
    first = probe.capture(pid, stop=stop)
    time.sleep(GROWTH_S)
    low, paused_s = program.asked()
    last = probe.capture(pid, stop=stop)
    high, paused_again_s = program.asked()
    growth = heap.compare(first.decode(), last.decode(), last.taken_s - first.taken_s)
    seconds = time.monotonic() - begun_s - GROWTH_S
    said_s = max(first.cost.pause_s, last.cost.pause_s)
    return growth, (low, high), max(paused_s, paused_again_s), said_s, seconds, last.cost.bytes_read


@pytest.mark.parametrize("version", VERSIONS)
def test_a_leak_is_counted_by_type_without_a_stop_and_its_holder_named_with_a_short_one(version, probe_row):
    command, why = python(version)
    if not command:
        # A machine has the versions that it has: what is not there is named in the table. The tests' own is there.
        probe_row.absent(f"cpython {version}", why)
        assert version != f"{sys.version_info.major}.{sys.version_info.minor}"
        return
    machine = this_machine()
    with started([*command, "-c", PROGRAM], name=f"probe-{version.replace('.', '-')}", limit_bytes=1 << 29) as (
        process,
        _,
    ):
        program = Paced(process)
        runtime = recognise(process.pid, machine.processes, machine.memories)
        by_type, (low, high), pause_s, said_s, seconds, read = looked(program, machine, runtime, stop=False)
        counted = next(row for row in by_type.types if row.name == "__main__.Session")
        found = f"__main__.Session {counted.count_before:,} → {counted.count_after:,}"
        probe_row(str(runtime), "census by type", found, pauses_s=(pause_s, said_s), seconds=seconds, bytes_read=read)
        assert said_s == 0
        assert low - 100 <= counted.count_after <= high + 100
        assert counted.count_after > counted.count_before
        by_holder, _, pause_s, said_s, seconds, read = looked(program, machine, runtime, stop=True)
        holder = by_holder.holders[0]
        found = f"{holder.name} {holder.items_before:,} → {holder.items_after:,}"
        probe_row(
            str(runtime), "by holder, stopped", found, pauses_s=(pause_s, said_s), seconds=seconds, bytes_read=read
        )
        assert holder.name == "__main__.sessions"
        assert holder.items_after > holder.items_before
        assert holder.item_type == "__main__.Session"
        assert said_s > 0
    assert str(runtime).startswith(f"cpython {version}.")
