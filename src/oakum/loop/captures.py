"""Two captures of one heap, apart in time; each is decoded beside the watch that goes on."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, replace
from types import TracebackType
from typing import Self

from oakum import heap
from oakum.heap.formats.python.objects import PythonHeap
from oakum.loop.division import division_told
from oakum.loop.facts import Facts
from oakum.loop.progress import Progress
from oakum.model.absent import Absent, AbsentKind
from oakum.model.allocation import AllocationProfile
from oakum.model.budget import Budget
from oakum.model.errors import RefusedError, TargetError
from oakum.model.growth import HeapGrowth
from oakum.model.ruby import RubyDeeper
from oakum.model.runtime import Preflight
from oakum.model.units import format_count, format_duration, format_size
from oakum.model.verdict import Verdict
from oakum.probe.python import HEAP, HeapCapture, PythonProbe
from oakum.probe.room import carried_refusal
from oakum.sense.watch import ProcessWatch

MARGIN_S = 2.0
"""A capture is taken this long before the forecast's early case, in seconds, beside what it takes itself."""

UNATTRIBUTED_BYTES = 1 << 20
"""Growth of the heap above this many bytes wants a holder."""


class Captures:
    """Takes a capture when told to, decodes it on a thread of its own, and compares the first with the last.

    Looking of a CPython process.
    """

    profile: AllocationProfile | None = None
    deeper: RubyDeeper | None = None

    def __init__(self, probe: PythonProbe | None, pid: int, *, stop: bool, budget: Budget) -> None:
        """``budget``: bounds copies that cross a network."""
        self._probe, self._pid, self._stop, self._budget = probe, pid, stop, budget
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="oakum-heap")
        if probe is not None:
            self._worker.submit(heap.warm_up)
        self._taken: list[tuple[HeapCapture, Future[PythonHeap | Absent]]] = []
        self._begun = self._carried = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._worker.shutdown(wait=kind is None, cancel_futures=True)

    def prepare(self, facts: Facts, progress: Progress) -> None:
        """Say what a capture would cost, then take the first: a fast leak may not leave time for two otherwise."""
        preflight = self._preflight()
        if preflight is None:
            return
        if isinstance(preflight, Absent):
            facts.miss(preflight)
            return
        self._carried = preflight.carried_bytes_per_s is not None
        pause = format_duration(preflight.pause_s) if preflight.pause_s else "none"
        crosses = _crosses(preflight)
        progress.stage(
            f"a capture reads {format_size(preflight.bytes_to_read)}{crosses}; pause {pause};"
            f" Oakum needs {format_size(preflight.own_memory_bytes)}. {preflight.risk}"
        )
        facts.add(
            "preflight",
            f"a capture would read {format_size(preflight.bytes_to_read)}{crosses}, pause: {pause}",
            "mappings",
            facts=asdict(preflight),
        )
        self._take(facts, checked=True)

    def _preflight(self) -> Preflight | Absent | None:
        """None: there is nothing to capture with. A refusal is an Absent."""
        if self._probe is None:
            return None
        found = self._probe.preflight(self._pid, stop=self._stop)
        if isinstance(found, Absent):
            return found
        if found.refusal:
            cheaper = f"{self._command} --no-capture; or a larger machine"
            return Absent(HEAP, AbsentKind.TOO_DEAR, found.refusal, cheaper)
        return carried_refusal(HEAP, found, self._budget, self._command) or found

    @property
    def _command(self) -> str:
        return f"oakum investigate pid/{self._pid}"

    def ends_watch(self, verdict: Verdict) -> bool:
        """Whether the last capture must be taken now, before the forecast's early case."""
        needs_s = MARGIN_S + 3 * max((capture.cost.seconds for capture, _ in self._taken), default=0.0)
        return bool(self._taken) and any(forecast.p10_s < needs_s for forecast in verdict.forecasts)

    def conclude(self, watch: ProcessWatch, verdict: Verdict, facts: Facts, progress: Progress) -> HeapGrowth | None:
        """Memory is copied while the target runs: a table that moved meanwhile leaves growth that nobody holds.

        Then it is copied once more.
        """
        del verdict
        if not watch.ended and self._taken:
            self._take(facts)
        if len(self._taken) > 1:
            progress.stage("comparing the two captures, naming what holds the growth")
        growth = self._compare(facts)
        if growth is not None and _unattributed(growth) and watch.tick():
            self._take(facts)
            growth = self._compare(facts)
        return growth

    def _take(self, facts: Facts, *, checked: bool = False) -> None:
        """A target that ends meanwhile leaves the captures that were taken. ``checked``: its price was, just now."""
        if self._probe is None:
            return
        self._begun = True
        try:
            if self._carried and not checked:
                refused = self._preflight()
                if isinstance(refused, Absent):
                    facts.miss(refused)
                    return
            within_s = self._budget.max_copy_s if self._carried else None
            capture = self._probe.capture(self._pid, stop=self._stop, within_s=within_s)
        except RefusedError as exc:
            longer = replace(self._budget, max_copy_s=2 * self._budget.max_copy_s)
            facts.miss(Absent(HEAP, AbsentKind.TOO_DEAR, exc.brief, longer.asked(self._command)))
            return
        except TargetError as exc:
            facts.miss(Absent(HEAP, AbsentKind.NOT_YET, f"the target ended: {exc.what}", "investigate its next life"))
            return
        if isinstance(capture, Absent):
            facts.miss(capture)
            return
        self._taken.append((capture, self._worker.submit(capture.decode)))
        pause = format_duration(capture.cost.pause_s) if capture.cost.pause_s else "none"
        facts.add(
            "capture",
            f"copied {format_size(capture.cost.bytes_read)} of its memory in {format_duration(capture.cost.seconds)},"
            f" pause: {pause}",
            "process memory",
            cost=capture.cost,
            facts={"skipped_bytes": capture.image.skipped_bytes},
        )

    def follow(self, pid: int, facts: Facts, progress: Progress) -> None:
        """Another process took the target's place: its heap is another one, so what was captured is put aside."""
        del progress
        self._pid = pid
        self._taken.clear()
        if self._begun:
            self._take(facts)

    def _compare(self, facts: Facts) -> HeapGrowth | None:
        """None where two captures could not be had or read; then ``facts`` says why."""
        if len(self._taken) < 2:
            if self._taken:
                facts.miss(Absent(HEAP, AbsentKind.NOT_YET, "only one capture could be taken", "investigate again"))
            return None
        (first, decoding), (last, decoding_last) = self._taken[0], self._taken[-1]
        before, after = decoding.result(), decoding_last.result()
        for found in (before, after):
            if isinstance(found, Absent):
                facts.miss(found)
                return None
        if isinstance(before, Absent) or isinstance(after, Absent):
            return None
        growth = heap.compare(before, after, last.taken_s - first.taken_s)
        facts.add(
            "growth",
            f"{format_count(growth.objects_before)} → {format_count(growth.objects_after)} objects"
            f" in {format_duration(growth.seconds)}",
            "the two captures",
            facts={
                "objects": [growth.objects_before, growth.objects_after],
                "heap_bytes": [growth.heap_bytes_before, growth.heap_bytes_after],
            },
        )
        if growth.divided is not None:
            title, told = division_told(growth.divided)
            facts.add("memory", title, "the two captures", facts=told)
        return growth


def _crosses(preflight: Preflight) -> str:
    """What it costs beside what is read; "" where the target is near."""
    rate = preflight.carried_bytes_per_s
    if rate is None:
        return ""
    takes = format_duration(preflight.takes_s)
    return (
        f", which cross the network in about {takes} ({format_size(rate)}/s measured), now and at the end of the watch"
    )


def _unattributed(growth: HeapGrowth) -> bool:
    gained = growth.heap_bytes_after - growth.heap_bytes_before
    held = sum(holder.bytes_grown for holder in growth.holders)
    return gained > UNATTRIBUTED_BYTES and held < 0.5 * gained
