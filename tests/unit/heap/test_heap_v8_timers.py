"""Rings of waiting timers: a list holds its timers, however many of them somebody else keeps as well."""

from __future__ import annotations

import numpy as np
import pytest
from v8_files import V8File

from oakum.heap.analysis import analyze
from oakum.heap.formats.detect import read_dump
from oakum.heap.formats.v8.timers import LEAST_TIMERS
from oakum.model.cause import CauseName

APP = "/srv/app/room.js"
SERVER = "node:_http_server"


def ring(count):
    """A list of so many timers, of which the server keeps the first, and each visitor its own. (file, list, timers)."""
    file = V8File()
    server, waiting = file.node("object", "Server", 32), file.node("object", "TimersList", 32)
    file.edge(0, "element", 1, server)
    file.edge(0, "element", 2, waiting)
    timers = []
    for number in range(count):
        timer = file.node("object", "Timeout", 80)
        name, source = ("checkConnections", SERVER) if number == 0 else ("ping", APP)
        callback = file.function(name, source, 20, script=5 if number else 6)
        visitor = file.node("object", "Visitor", 1000)
        file.edge(timer, "property", "_onTimeout", callback)
        file.edge(callback, "internal", "context", visitor)
        file.edge(visitor, "property", "heartbeat", timer)
        timers.append(timer)
    file.edge(server, "property", "checking", timers[0])
    whole = [waiting, *timers]
    for at, node in enumerate(whole):
        file.edge(node, "property", "_idlePrev", whole[at - 1])
        file.edge(node, "property", "_idleNext", whole[(at + 1) % len(whole)])
    return file, waiting, timers


def graph_of(file):
    return read_dump(np.frombuffer(file.bytes(), np.uint8)).graph


def edges_of(graph):
    return sorted(
        (graph.source_of(edge), graph.edge_name(edge), int(graph.edge_targets[edge]))
        for edge in range(len(graph.edge_targets))
    )


def test_timers_that_are_never_cleared_are_told_although_the_server_keeps_one_of_their_ring():
    file, _, _ = ring(300)
    first = analyze(np.frombuffer(file.bytes(), np.uint8), file="x.heapsnapshot", told=lambda _: None).suspects[0]
    assert first.holder == "timers that call ping in room.js:21"
    assert first.cause is CauseName.TIMER
    assert first.retained_bytes > 290 * 1000
    assert [str(place) for place in first.places] == ["/srv/app/room.js:21 in ping"]


def test_a_list_leads_to_each_of_its_timers_and_none_to_its_neighbours():
    file, waiting, timers = ring(LEAST_TIMERS)
    found = edges_of(graph_of(file))
    to_timers = [(source, target) for source, _, target in found if target in timers]
    assert {target for source, target in to_timers if source == waiting} == set(timers)
    assert all(source == target for source, target in to_timers if source in timers)
    written = sorted((source, name, target) for source, _, name, target in file.edges)
    kept = [edge for edge in found if not edge[1].startswith("_idle")]
    assert kept == [(source, graph_name(name), target) for source, name, target in written if "_idle" not in str(name)]


@pytest.mark.parametrize("count", [1, LEAST_TIMERS - 1])
def test_a_few_timers_stay_as_the_file_has_them(count):
    file, _, _ = ring(count)
    written = sorted((source, graph_name(name), target) for source, _, name, target in file.edges)
    assert edges_of(graph_of(file)) == written


def graph_name(name):
    return f"[{name}]" if isinstance(name, int) else name
