"""A full collection asked of a Node.js process, as evidence: what was garbage, and what is held."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from oakum.model.absent import Absent
from oakum.model.collection import Collected, Reach
from oakum.model.errors import RefusedError, TargetError
from oakum.model.incident import Kept
from oakum.model.ports import ProcessGauge
from oakum.probe.node import NodeProbe
from oakum.probe.node_cost import collection_pause_s
from oakum.probe.node_session import NodeSession

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.progress import Progress

COLLECTION = "a full collection"
LEAST_ANSWER_S = 30.0


def reach(pid: int, machine: Machine) -> Reach | Absent:
    """How it would be asked; nothing is sent to it. Absent: why it must not be, or cannot be."""
    with ExitStack() as stack:
        opening = _probe(pid, machine, stack).look()
        if isinstance(opening, Absent):
            return opening
        pause_s = collection_pause_s(_anon_bytes(_gauge(pid, machine, stack), pid))
    if opening.listener is not None:
        return Reach(f"its inspector is open on {opening.listener}: it is used, and left open", pause_s)
    doubt = f"; {opening.doubt}" if opening.doubt else ""
    how = (
        f"SIGUSR1, sent once, opens its inspector on port {opening.port} of its loopback; until Oakum closes it, who"
        f" can connect there can run code in it{doubt}"
    )
    return Reach(how, pause_s)


def collect(pid: int, machine: Machine, progress: Progress) -> Collected:
    """Raises RefusedError where its inspector must be left alone by now, TargetError where it does not answer."""
    with ExitStack() as stack:
        probe = _probe(pid, machine, stack)
        opening = probe.look()
        if isinstance(opening, Absent):
            raise RefusedError(f"{COLLECTION} was not asked for", why=opening.why, next_step=opening.get)
        session = probe.open(opening)
        if isinstance(session, Absent):
            raise TargetError(f"{COLLECTION} was not asked for", why=session.why, next_step=session.get)
        stack.callback(_close, session, progress)
        gauge = _gauge(pid, machine, stack)
        heap, anon = session.figures().heap_used_bytes, _anon_bytes(gauge, pid)
        pause_s = session.collect(within_s=LEAST_ANSWER_S + 4 * collection_pause_s(anon))
        return Collected(heap, session.figures().heap_used_bytes, anon, _anon_bytes(gauge, pid), pause_s)


def heap_at_first(kept: Sequence[Kept], *, since_s: float) -> int | None:
    """The used heap that was found first, in bytes, by what was kept since ``since_s`` (UTC epoch).

    None: nobody looked.
    """
    figures = [one for one in kept if one.id.partition("-")[0] == "figures" and one.at_s >= since_s]
    told = figures[0].facts.get("heap_used_bytes") if figures else None
    return int(told) if isinstance(told, int | float) else None


def _probe(pid: int, machine: Machine, stack: ExitStack) -> NodeProbe:
    debuggee = machine.debuggees.open(pid)
    stack.callback(debuggee.close)
    return NodeProbe(pid, debuggee, processes=machine.processes, memories=machine.memories, clock=machine.clock)


def _gauge(pid: int, machine: Machine, stack: ExitStack) -> ProcessGauge:
    gauge = machine.processes.open(pid)
    stack.callback(gauge.close)
    return gauge


def _anon_bytes(gauge: ProcessGauge, pid: int) -> int:
    memory = gauge.sample()
    if memory is None:
        raise TargetError(f"pid {pid} has ended", next_step="oakum scan host")
    return memory.anon_bytes


def _close(session: NodeSession, progress: Progress) -> None:
    open_still = session.close()
    if open_still is not None:
        progress.stage(f"{open_still.what}: {open_still.why}; {open_still.get}")
