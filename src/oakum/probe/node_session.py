"""What a Node.js inspector is asked, and how its replies are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from oakum.model.absent import Absent, AbsentKind
from oakum.model.allocation import AllocationProfile
from oakum.model.debugger import Listener
from oakum.model.errors import OakumError, TargetError
from oakum.model.ports import Clock, Debuggee, Heard, Inspection, Spool
from oakum.probe.node_closing import closes_in
from oakum.probe.node_figures import FIGURES, Figures, read_figures
from oakum.probe.node_limit import HEAP_LIMIT
from oakum.probe.node_profile import Frame, read_frames, read_profile
from oakum.probe.node_workers import Worker, Workers

ANSWER_S = 15.0
"""How long a question that costs nothing may take, in seconds: a busy program answers between two pieces of work."""

CLOSES_WITHIN_S = 10.0
"""It closes right after we have left, in seconds, where the program is not busy with something else."""

HOLDS_S = 30.0
"""An inspector that we opened closes itself so long after our last word, in seconds, should we die."""

LEAVES_S = 0.05
"""So soon after our last word it looks whether we are gone, in seconds."""

SAMPLED_EVERY_BYTES = 32768


@dataclass(frozen=True, slots=True)
class Heaps:
    """One heap for each thread, at about one time."""

    main: Figures
    workers: tuple[Worker, ...]

    def of(self, worker: Worker | None) -> Figures | None:
        """``worker``: None is the main thread. None for one that was not there, or did not answer."""
        if worker is None:
            return self.main
        return next((row.figures for row in self.workers if row.session == worker.session), None)

    def used_bytes(self, worker: Worker | None) -> int | None:
        """None where that is not known."""
        figures = self.of(worker)
        return None if figures is None else figures.heap_used_bytes

    def external_bytes(self, worker: Worker | None) -> int | None:
        """Outside the heap: Buffers, and what addons tell of. None where that is not known."""
        figures = self.of(worker)
        return None if figures is None else figures.external_bytes


@dataclass(frozen=True, slots=True)
class Profiles:
    """``workers``: by session, of those that answered."""

    main: AllocationProfile
    workers: Mapping[str, AllocationProfile]
    frames: Mapping[str, tuple[Frame, ...]] = field(default_factory=dict)
    """The application's functions, by session; the main thread's is ""."""

    def of(self, worker: Worker | None) -> AllocationProfile | None:
        return self.main if worker is None else self.workers.get(worker.session)

    def frames_of(self, worker: Worker | None) -> tuple[Frame, ...]:
        return self.frames.get("" if worker is None else worker.session, ())


@dataclass(frozen=True, slots=True)
class SnapshotCost:
    """``pause_s``: from the question to the answer, all of which the thread spends on it.

    ``begun_s``, ``ended_s``: on the monotonic clock. ``bytes``: of the file.
    """

    begun_s: float
    ended_s: float
    bytes: int

    @property
    def pause_s(self) -> float:
        return self.ended_s - self.begun_s


class NodeSession:
    """An open inspector. Leaving it closes the inspector again, where it was us who opened it."""

    def __init__(
        self,
        inspection: Inspection,
        debuggee: Debuggee,
        listener: Listener,
        clock: Clock,
        *,
        ours: bool,
        version: str = "",
    ) -> None:
        self._inspection, self._debuggee, self.clock = inspection, debuggee, clock
        self.listener, self.ours, self.version = listener, ours, version
        self._workers: Workers | None = None
        self._sampling_s: float | None = None
        self._busy_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def hold(self, seconds: float) -> None:
        """Should nothing come from us for ``seconds`` and HOLDS_S more, the program closes its inspector itself."""
        if self.ours:
            self._run(closes_in(seconds + HOLDS_S, port=self.listener.port, unseen=False))

    def figures(self) -> Figures:
        """Of the main thread. Raises TargetError, or DataError for a reply that is none."""
        return read_figures(self._run(FIGURES))

    def heap_limit_bytes(self) -> int | None:
        """V8's own limit of the main thread's heap; None where this version does not tell. Raises TargetError."""
        told = self._run(HEAP_LIMIT)
        return int(told) if isinstance(told, int | float) and 0 < told < 2**53 else None

    def heaps(self) -> Heaps:
        """Worker threads are attached to from here on, with whom comes later. Raises as ``figures`` does."""
        if self._workers is None:
            self._workers = Workers(self._inspection)
            self._workers.join()
        return Heaps(self.figures(), self._workers.figures())

    def begin_sampling(self) -> None:
        """In the main thread, and in every worker that ``heaps`` has met."""
        interval = {"samplingInterval": SAMPLED_EVERY_BYTES}
        self._ask("HeapProfiler.startSampling", interval)
        self._sampling_s = self.clock.monotonic_s()
        if self._workers is not None:
            self._workers.each("HeapProfiler.startSampling", interval, within_s=ANSWER_S)

    def end_sampling(self) -> Profiles | None:
        """None where none was begun."""
        if self._sampling_s is None:
            return None
        seconds, self._sampling_s = self.clock.monotonic_s() - self._sampling_s, None
        main = self._ask("HeapProfiler.stopSampling")
        told = self._workers.each("HeapProfiler.stopSampling", within_s=ANSWER_S) if self._workers is not None else {}
        workers = {session: read_profile(reply, seconds) for session, reply in told.items()}
        frames = {session: read_frames(reply) for session, reply in {"": main, **told}.items()}
        return Profiles(read_profile(main, seconds), workers, frames)

    def snapshot(self, spool: Spool, *, within_s: float, worker: Worker | None = None) -> SnapshotCost:
        """Of the main thread's heap, or a worker's; streamed into ``spool``.

        Raises TargetError, RefusedError when it is larger than the spool takes.
        """
        self.hold(within_s)
        self._busy_s = within_s
        begun_s = self.clock.monotonic_s()

        def heard(event: str, values: Mapping[str, object]) -> None:
            if event == "HeapProfiler.addHeapSnapshotChunk":
                spool.write(str(values.get("chunk", "")).encode("utf-8", "surrogatepass"))
            else:
                self._hear(event, values)

        asked = {"reportProgress": False}
        if worker is None or self._workers is None:
            self._inspection.ask("HeapProfiler.takeHeapSnapshot", asked, within_s=within_s, heard=heard)
        else:
            self._workers.ask(worker, "HeapProfiler.takeHeapSnapshot", asked, within_s=within_s, heard=heard)
        self._busy_s = 0.0
        return SnapshotCost(begun_s, self.clock.monotonic_s(), spool.size_bytes)

    def collect(self, *, within_s: float, worker: Worker | None = None) -> float:
        """A full collection. How long it took from the question to the answer, in seconds. Raises TargetError."""
        self.hold(within_s)
        begun_s = self.clock.monotonic_s()
        self.ask("HeapProfiler.collectGarbage", within_s=within_s, worker=worker)
        return self.clock.monotonic_s() - begun_s

    def ask(
        self,
        method: str,
        parameters: Mapping[str, object] | None = None,
        *,
        within_s: float,
        worker: Worker | None = None,
        heard: Heard | None = None,
    ) -> Mapping[str, object]:
        """Of the main thread, or of a worker; ``heard``: what it tells meanwhile. Raises TargetError."""
        self._busy_s = within_s

        def both(event: str, values: Mapping[str, object]) -> None:
            self._hear(event, values)
            if heard is not None:
                heard(event, values)

        if worker is None or self._workers is None:
            told = self._inspection.ask(method, parameters, within_s=within_s, heard=both)
        else:
            told = self._workers.ask(worker, method, parameters, within_s=within_s, heard=heard)
        self._busy_s = 0.0
        return told

    def listen(
        self, is_done: Callable[[], bool], *, within_s: float, heard: Heard, worker: Worker | None = None
    ) -> None:
        """Hear what the main thread tells, or a worker, until ``is_done`` or the time is up. Raises TargetError."""

        def both(event: str, values: Mapping[str, object]) -> None:
            self._hear(event, values)
            heard(event, values)

        if worker is None or self._workers is None:
            self._inspection.listen(is_done, within_s=within_s, heard=both)
        else:
            self._workers.listen(worker, is_done, within_s=within_s, heard=heard)

    def _ask(self, method: str, parameters: Mapping[str, object] | None = None) -> Mapping[str, object]:
        return self._inspection.ask(method, parameters, within_s=ANSWER_S, heard=self._hear)

    def _hear(self, event: str, values: Mapping[str, object]) -> None:
        if self._workers is not None:
            self._workers.hear(event, values)

    def _run(self, expression: str) -> object:
        """The value of an expression, evaluated in the program."""
        told = self._ask("Runtime.evaluate", {"expression": expression, "returnByValue": True, "silent": True})
        result = told.get("result")
        if "exceptionDetails" in told or not isinstance(result, dict):
            raise TargetError(
                "the target cannot evaluate what Oakum asks", why=repr(told)[:200], next_step="oakum doctor"
            )
        return result.get("value")

    def close(self) -> Absent | None:
        """Absent: it was ours to close, and it is open still."""
        try:
            self._leave_workers()
            self._let_go()
        finally:
            self._inspection.close()
        return self._closed() if self.ours else None

    def _leave_workers(self) -> None:
        """Who closes the connection leaves them too; this only does so in order."""
        if self._workers is not None and not self._busy_s:
            with suppress(OakumError):
                self._workers.leave()

    def _let_go(self) -> None:
        """It closes once we have left."""
        if self.ours:
            expression = {"expression": closes_in(LEAVES_S, port=self.listener.port, unseen=True), "silent": True}
            with suppress(OakumError):
                self._inspection.ask("Runtime.evaluate", expression, within_s=ANSWER_S + self._busy_s)

    def _closed(self) -> Absent | None:
        end_s = self.clock.monotonic_s() + CLOSES_WITHIN_S
        while self._is_open():
            if self.clock.monotonic_s() > end_s:
                return Absent(
                    "the closing of its inspector",
                    AbsentKind.NOT_YET,
                    f"it is open still on {self.listener}; it closes itself once nobody is connected, within"
                    f" {HOLDS_S:.0f} s of our last word",
                    "ss -atnp | grep " + str(self.listener.port),
                )
            self.clock.sleep_until(self.clock.monotonic_s() + 0.02)
        return None

    def _is_open(self) -> bool:
        found = self._debuggee.listeners()
        return not isinstance(found, Absent) and self.listener in found
