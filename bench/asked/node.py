"""Node.js: a sampling profile begun and ended, and a snapshot beside the one that a bare client takes."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from websockets.sync.client import connect

from bench.asked.target import Cost, Target, target
from oakum.host import this_machine
from oakum.host.spool import LiveSpools
from oakum.model.absent import Absent
from oakum.probe.node import NodeProbe
from oakum.probe.node_session import NodeSession

PROGRAM = Path(__file__).with_name("holder.cjs")
MOST_BYTES = 4 << 30
MESSAGE_BYTES = 64 << 20
WITHIN_S = 300.0


def rows(node: str, objects: int, times: int) -> Iterator[tuple[str, Cost]]:
    """(what was asked, by whom; what it cost), each way in turn."""
    with target([node, "--inspect=127.0.0.1:0", str(PROGRAM), str(objects)]) as program:
        machine = this_machine()
        with closing(machine.debuggees.open(program.pid)) as debuggee:
            probe = NodeProbe(
                program.pid, debuggee, processes=machine.processes, memories=machine.memories, clock=machine.clock
            )
            opening = probe.look()
            if isinstance(opening, Absent):
                raise SystemExit(opening.why)
            session = probe.open(opening)
            if isinstance(session, Absent):
                raise SystemExit(session.why)
            with session:
                session.heaps()
                for number in range(times):
                    yield from _asked(program, session, opening.port, bare_first=number % 2 == 0)


def _asked(program: Target, session: NodeSession, port: int, *, bare_first: bool) -> Iterator[tuple[str, Cost]]:
    yield "nothing, for as long", program.cost(lambda: None)
    yield "sampling begun, Oakum", program.cost(session.begin_sampling)
    yield "sampling ended, Oakum", program.cost(session.end_sampling)
    spool = LiveSpools().create(MOST_BYTES)
    if isinstance(spool, Absent):
        raise SystemExit(spool.why)
    with closing(spool):
        ways: list[tuple[str, Callable[[], object]]] = [
            ("snapshot, a bare client", lambda: _bare(port)),
            ("snapshot, Oakum", lambda: session.snapshot(spool, within_s=WITHIN_S)),
        ]
        for name, ask in ways if bare_first else ways[::-1]:
            yield name, program.cost(ask)


def _bare(port: int) -> None:
    """It reads every piece, and keeps none."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as told:
        name = json.load(told)[0]["id"]
    with connect(f"ws://127.0.0.1:{port}/{name}", compression=None, proxy=None, max_size=MESSAGE_BYTES) as joined:
        joined.send('{"id": 1, "method": "HeapProfiler.takeHeapSnapshot", "params": {"reportProgress": false}}')
        while "id" not in json.loads(joined.recv(timeout=WITHIN_S)):
            pass
