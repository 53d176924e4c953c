"""A Node.js process in memory behind the port Debuggees: what it handles, where it listens, what its inspector says."""

from __future__ import annotations

import json
import signal
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fake_clock import FakeClock
from fake_node_census import FakeCensus

from oakum.model.absent import Absent, AbsentKind
from oakum.model.debugger import Dispositions, Listener
from oakum.model.errors import RefusedError, TargetError

MIB = 1 << 20
DEFAULT = Listener("127.0.0.1", 9229)
COUNTED = {"Runtime.getProperties", "Runtime.callFunctionOn", "Runtime.releaseObjectGroup"}


@dataclass
class FakeWorker:
    """A worker thread. ``says``: in place of every answer. ``ends_when``: asked this, it ends.

    ``sizes_told``: after so many answers of how large its heap is, it is too busy for that.
    """

    heap_bytes: int = 5 * MIB
    profile: Mapping[str, object] = field(default_factory=dict)
    snapshots: list[bytes] = field(default_factory=list)
    says: str | None = None
    ends_when: str = ""
    sizes_told: int = 1000
    asked: list[str] = field(default_factory=list)


@dataclass
class FakeNode:
    """``opens_after_s`` None: the signal opens nothing. ``snapshots``: what each in turn streams out.

    ``workers``: its worker threads by name. ``objects``: in its heap, as it tells; 0: it does not.
    """

    clock: FakeClock
    caught: set[int] = field(default_factory=lambda: {signal.SIGUSR1})
    ignored: set[int] = field(default_factory=set)
    listens: list[Listener] = field(default_factory=list)
    inspectors: set[Listener] = field(default_factory=set)
    neighbours: list[Listener] = field(default_factory=list)
    opens_after_s: float | None = 0.05
    opens_at: Listener = DEFAULT
    heap_bytes: int = 20 * MIB
    snapshots: list[bytes] = field(default_factory=list)
    pause_s: float = 1.0
    profile: Mapping[str, object] = field(default_factory=dict)
    signals: int = 0
    asked: list[str] = field(default_factory=list)
    held: bool = False
    stubborn: bool = False
    ended: bool = False
    workers: dict[str, FakeWorker] = field(default_factory=dict)
    garbage_bytes: int = 0
    external_bytes: int = MIB
    heap_limit_bytes: int = 0
    census: FakeCensus | None = None
    objects: int = 0

    def open_inspector(self) -> None:
        self.listens.append(self.opens_at)
        self.inspectors.add(self.opens_at)

    def close_inspector(self) -> None:
        if not self.stubborn:
            self.listens.remove(self.opens_at)
            self.inspectors.discard(self.opens_at)

    # Port Debuggees, and the one Debuggee that it gives.
    def open(self, pid: int) -> FakeNode:
        if self.ended:
            raise TargetError(f"there is no process {pid}", why="it has ended")
        return self

    def listeners(self) -> list[Listener]:
        return list(self.listens)

    def taken(self) -> list[Listener]:
        return [*self.listens, *self.neighbours]

    def dispositions(self) -> Dispositions:
        return Dispositions(frozenset(self.caught), frozenset(self.ignored), frozenset())

    def wake(self) -> None:
        self.signals += 1
        if self.opens_after_s is not None:
            self.clock.after(self.opens_after_s, self.open_inspector)

    def inspector(self, listener: Listener) -> str | Absent:
        if listener in self.inspectors:
            return "20.20.2"
        return Absent(f"an inspector on {listener}", AbsentKind.NOT_APPLICABLE, "something else answers there")

    def connect(self, listener: Listener) -> FakeInspection | Absent:
        if listener not in self.inspectors:
            return Absent(f"the inspector on {listener}", AbsentKind.UNREADABLE, "Connection refused")
        return FakeInspection(self)

    def close(self) -> None:
        """Nothing is held."""


def usage(heap_bytes: int, external_bytes: int = MIB) -> dict[str, int]:
    names = ("rss", "heapTotal", "heapUsed", "external", "arrayBuffers")
    return dict(zip(names, (3 * heap_bytes, 2 * heap_bytes, heap_bytes, external_bytes, external_bytes), strict=True))


class FakeInspection:
    """Port Inspection."""

    def __init__(self, node: FakeNode) -> None:
        self._node = node
        self._waiting = deque()
        self._leaves = False

    def _asked_worker(self, name: str, question: Mapping[str, object]) -> None:
        """What it answers waits until somebody listens."""
        worker, method = self._node.workers[name], str(question["method"])
        worker.asked.append(method)
        result: Mapping[str, object] = {}
        if method == worker.ends_when:
            self._waiting.append(("NodeWorker.detachedFromWorker", {"sessionId": name}))
            return
        if method == "Runtime.evaluate":
            if worker.asked.count(method) > worker.sizes_told:
                return
            result = {"result": {"value": usage(worker.heap_bytes)}}
        if method == "HeapProfiler.stopSampling":
            result = {"profile": worker.profile}
        if method == "HeapProfiler.takeHeapSnapshot":
            self._node.clock.pass_by(self._node.pause_s)
            chunk = {
                "method": "HeapProfiler.addHeapSnapshotChunk",
                "params": {"chunk": worker.snapshots.pop(0).decode()},
            }
            self._says(name, json.dumps(chunk))
        self._says(name, json.dumps({"id": question["id"], "result": result}) if worker.says is None else worker.says)

    def _says(self, name: str, message: str) -> None:
        self._waiting.append(("NodeWorker.receivedMessageFromWorker", {"sessionId": name, "message": message}))

    def listen(
        self,
        is_done: Callable[[], bool],
        *,
        within_s: float,
        heard: Callable[[str, Mapping[str, object]], None],
    ) -> None:
        while not is_done():
            if not self._waiting:
                self._node.clock.pass_by(within_s)
                return
            heard(*self._waiting.popleft())

    def ask(
        self,
        method: str,
        parameters: Mapping[str, object] | None = None,
        *,
        within_s: float,
        heard: Callable[[str, Mapping[str, object]], None] | None = None,
    ) -> Mapping[str, object]:
        del within_s
        node = self._node
        node.asked.append(method)
        if node.ended:
            raise TargetError("the inspector closed the connection")
        if method == "NodeWorker.enable":
            for name in node.workers:
                heard(
                    "NodeWorker.attachedToWorker",
                    {"sessionId": name, "workerInfo": {"title": name, "url": "file:///w.js"}},
                )
        if method == "NodeWorker.sendMessageToWorker":
            self._asked_worker(str(parameters["sessionId"]), json.loads(str(parameters["message"])))
        if method in COUNTED or "objectGroup" in (parameters or {}):
            return {} if node.census is None else node.census.ask(method, parameters)
        return self._said(method, parameters or {}, heard)

    def _said(
        self,
        method: str,
        parameters: Mapping[str, object],
        heard: Callable[[str, Mapping[str, object]], None] | None,
    ) -> Mapping[str, object]:
        node = self._node
        if method == "Runtime.evaluate":
            return self._evaluated(str(parameters["expression"]))
        if method == "HeapProfiler.stopSampling":
            return {"profile": node.profile}
        if method == "HeapProfiler.collectGarbage":
            node.clock.pass_by(node.pause_s)
            node.heap_bytes -= node.garbage_bytes
            node.garbage_bytes = 0
        if method == "HeapProfiler.startTrackingHeapObjects" and node.objects:
            node.clock.pass_by(node.pause_s)
            # A timer tells it, later.
            row = {"statsUpdate": [0, node.objects, node.heap_bytes]}
            self._waiting.append(("HeapProfiler.heapStatsUpdate", row))
        if method == "HeapProfiler.takeHeapSnapshot":
            node.clock.pass_by(node.pause_s)
            for at in range(0, len(whole := node.snapshots.pop(0)), 1000):
                heard("HeapProfiler.addHeapSnapshotChunk", {"chunk": whole[at : at + 1000].decode()})
        return {}

    def _evaluated(self, expression: str) -> Mapping[str, object]:
        node = self._node
        if "memoryUsage" in expression:
            return {"result": {"value": usage(node.heap_bytes, node.external_bytes)}}
        if "heap_size_limit" in expression:
            return {"result": {"value": node.heap_limit_bytes}}
        if "setTimeout" in expression:
            # As soon as nobody is connected; or, should nothing more come, much later.
            after_ms = int(expression.rpartition(",")[2].rstrip(")"))
            self._leaves, node.held = after_ms < 1000, True
        return {"result": {}}

    def close(self) -> None:
        """The inspector stays open, where it was not told to close."""
        if self._leaves:
            self._node.held = False
            self._node.close_inspector()


class FakeSpools:
    """Port Spools. ``free_bytes``: of the disk."""

    def __init__(self, free_bytes: int = 1 << 40) -> None:
        self.free_bytes, self.made = free_bytes, []

    def create(self, limit_bytes: int) -> FakeSpool | Absent:
        if limit_bytes > self.free_bytes:
            return Absent("room on the disk", AbsentKind.TOO_DEAR, "too little is free")
        self.made.append(FakeSpool(limit_bytes, f"spool-{len(self.made)}"))
        return self.made[-1]


class FakeSpool:
    """Port Spool."""

    def __init__(self, limit_bytes: int, name: str) -> None:
        self.limit_bytes, self.name, self.content, self.closed = limit_bytes, name, b"", False

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    def write(self, piece: bytes) -> None:
        self.content += piece
        if len(self.content) > self.limit_bytes:
            raise RefusedError("more came")

    def path(self) -> str:
        return self.name

    def close(self) -> None:
        self.closed = True
