"""The heaps of a Node.js process, one for each thread: how large they are, which one grew, what is told of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from oakum.loop.facts import Facts
from oakum.model.absent import Absent, AbsentKind
from oakum.model.allocation import AllocationProfile
from oakum.model.errors import TargetError
from oakum.model.evidence import Cost
from oakum.model.growth import HeapGrowth
from oakum.model.units import format_count, format_duration, format_size
from oakum.probe.node_figures import FIGURES
from oakum.probe.node_limit import ending
from oakum.probe.node_session import Heaps, Profiles
from oakum.probe.node_workers import Worker

GROWN_BYTES = 1 << 20
"""Memory outside the heap that gained less is not told of."""

PAGES_SHARE = 0.6
"""V8's pages are so much of what the process gained, or it is not they."""

LIVED_SHARE = 0.25
"""Of the rate at which V8 took pages: what lives grows no faster than that."""


@dataclass(frozen=True, slots=True)
class Grown:
    """The heap that grew most. ``worker``: None is the main thread. ``bytes``: what it gained in the watch."""

    worker: Worker | None
    bytes: int
    profile: AllocationProfile | None


def tell_heaps(heaps: Heaps, facts: Facts) -> None:
    main = heaps.main
    facts.add(
        "figures",
        f"JavaScript heap {format_size(main.heap_used_bytes)}, outside it"
        f" {format_size(main.external_bytes)} (ArrayBuffers {format_size(main.array_buffers_bytes)}),"
        f" resident {format_size(main.rss_bytes)}",
        FIGURES,
        facts=asdict(main),
    )
    if heaps.workers:
        total = sum(worker.heap_used_bytes or 0 for worker in heaps.workers)
        facts.add(
            "workers",
            f"{format_count(len(heaps.workers))} worker threads with {format_size(total)} in heaps of their own",
            f"{FIGURES} in each",
            facts={"workers": [told(worker) for worker in heaps.workers]},
        )


def told(worker: Worker) -> dict[str, object]:
    outside = None if worker.figures is None else worker.figures.external_bytes
    return {
        "name": worker.name,
        "file": worker.file,
        "heap_used_bytes": worker.heap_used_bytes,
        "external_bytes": outside,
    }


def grown_most(before: Heaps, after: Heaps, profiles: Profiles | None) -> Grown:
    """By what was allocated in the watch and is alive; where nothing was sampled, by what is in use. With its Buffers.

    A heap in use holds garbage too: the main thread is chosen unless a worker gained more.
    """
    found = [
        Grown(worker, _gained(worker, before, after, profiles), profiles.of(worker) if profiles is not None else None)
        for worker in (None, *after.workers)
    ]
    return max(found, key=lambda grown: grown.bytes)


def _gained(worker: Worker | None, before: Heaps, after: Heaps, profiles: Profiles | None) -> int:
    profile = profiles.of(worker) if profiles is not None else None
    outside = max(0, _more(before.external_bytes(worker), after.external_bytes(worker)))
    if profile is not None:
        return profile.total_bytes + outside
    return _more(before.used_bytes(worker), after.used_bytes(worker)) + outside


def _more(before_bytes: int | None, after_bytes: int | None) -> int:
    """Nothing is claimed where one of them is not known."""
    return 0 if before_bytes is None or after_bytes is None else after_bytes - before_bytes


def unknown(worker: Worker | None) -> TargetError:
    """Whose heap is of an unknown size is not asked for a snapshot."""
    return TargetError(
        f"{'the main thread' if worker is None else title(worker)} does not answer",
        why="how large its heap is, and so what a snapshot would cost, is not known",
        next_step="the same command again, when it is less busy",
    )


def tell_parts(worker: Worker | None, before: Heaps, after: Heaps, facts: Facts) -> str:
    """Which part grew. What is to be said of it where that is not the heap, "" where it is."""
    then, now = before.of(worker), after.of(worker)
    if then is None or now is None:
        return ""
    heap = now.heap_used_bytes - then.heap_used_bytes
    outside = now.external_bytes - then.external_bytes
    buffers = now.array_buffers_bytes - then.array_buffers_bytes
    facts.add(
        "parts",
        f"meanwhile the heap in use changed by {format_size(heap, signed=True)}, memory outside it by"
        f" {format_size(outside, signed=True)} (ArrayBuffers {format_size(buffers, signed=True)})",
        f"{FIGURES} again",
        facts={"heap_used_bytes": heap, "external_bytes": outside, "array_buffers_bytes": buffers},
    )
    if outside < GROWN_BYTES or outside <= heap:
        return ""
    what = "Buffers and ArrayBuffers" if 2 * buffers >= outside else "what addons tell of"
    return (
        f"it is not the JavaScript heap that grows: memory outside it ({what}) gained {format_size(outside)}, the heap"
        f" {format_size(heap, signed=True)}; V8's limit of the heap does not bound that"
    )


def uncollected(before: Heaps, after: Heaps, watch_s: float, growth: HeapGrowth) -> str:
    """What is to be said where V8 took pages for what does not live, "" where that is not known.

    ``before``, ``after``: at both ends of the watch. A snapshot collects first and so tells what lives: ``growth`` is
    of two, taken later. What lives then must also be no more than what was in use as the watch began: a program that
    pauses does not grow either. Worker threads have pages that the main thread does not tell: beside them nothing is
    claimed.
    """
    gained = after.main.rss_bytes - before.main.rss_bytes
    pages = after.main.heap_total_bytes - before.main.heap_total_bytes
    lived_per_s = (growth.heap_bytes_after - growth.heap_bytes_before) / max(growth.seconds, 1e-9)
    if after.workers or gained <= 0 or pages < PAGES_SHARE * gained:
        return ""
    if growth.heap_bytes_after > before.main.heap_used_bytes:
        return ""
    if lived_per_s > LIVED_SHARE * pages / max(watch_s, 1e-9):
        return ""
    return (
        f"what lives in its heap does not grow: {format_size(growth.heap_bytes_before)}, and"
        f" {format_duration(growth.seconds)} later {format_size(growth.heap_bytes_after)}, each after a collection; the"
        f" {format_size(pages)} that V8 took meanwhile are room for garbage"
    )


def room_per_s(before: Heaps | None, after: Heaps | None, watch_s: float) -> float:
    """Bytes per second that V8 took between both ends of the watch."""
    if before is None or after is None:
        return 0.0
    return (after.main.heap_total_bytes - before.main.heap_total_bytes) / max(watch_s, 1e-9)


def tell_limit(limit_bytes: int | None, heaps: Heaps, own: int | None, words: list[str], facts: Facts) -> None:
    """Who would end it, V8 or the kernel. ``own``: the limit of its cgroup, in bytes. ``words``: its options."""
    if limit_bytes is None:
        return
    found = ending(limit_bytes, own, max(0, heaps.main.rss_bytes - heaps.main.heap_total_bytes), words)
    workers = "; each worker thread has a heap with a limit of its own" if heaps.workers else ""
    better = f"; better: {found.better}" if found.better else ""
    facts.add(
        "limit",
        f"{found.told}{workers}{better}",
        "v8.getHeapStatistics() and cgroup",
        facts={"heap_limit_bytes": limit_bytes, "limit_bytes": own, "kernel_first": found.by_kernel},
    )


def tell_grown(grown: Grown, after: Heaps, main_profile: AllocationProfile | None, facts: Facts, *, pid: int) -> None:
    """Which of several heaps is looked into, and that the others are not."""
    if not after.workers:
        return
    if grown.worker is not None:
        main = f"; the main thread {format_size(main_profile.total_bytes)}" if main_profile is not None else ""
        facts.add(
            "thread",
            f"the heap of {title(grown.worker)} is looked into: it gained most, {format_size(grown.bytes)}{main}",
            "sampling heap profile of each thread",
            facts=told(grown.worker),
        )
    others = [worker for worker in after.workers if worker != grown.worker]
    if others:
        which = ", ".join(worker.name for worker in others[:3]) + (" and more" if len(others) > 3 else "")
        facts.miss(
            Absent(
                f"what the heaps of {format_count(len(others))} other worker threads hold",
                AbsentKind.NOT_APPLICABLE,
                f"they gained less than the heap that is looked into: {which}",
                f"oakum heap capture pid/{pid} -f worker.heapsnapshot.zst --inspect --worker {_number(others)}",
            )
        )


def tell_profile(profile: AllocationProfile | None, facts: Facts) -> None:
    if profile is None:
        return
    first = profile.sites[0] if profile.sites else None
    most = f", most of it by {first.place} ({format_size(first.bytes)})" if first else ""
    facts.add(
        "profile",
        f"of what was allocated in {format_duration(profile.seconds)}, {format_size(profile.total_bytes)}"
        f" are alive{most}",
        "sampling heap profile",
        cost=Cost(seconds=profile.seconds),
        facts={
            "total_bytes": profile.total_bytes,
            "sites": [{"where": str(site.place), "bytes": site.bytes} for site in profile.sites[:10]],
        },
    )


def title(worker: Worker) -> str:
    """As a person would call it."""
    file = worker.file.rpartition("/")[2]
    return f"worker thread {worker.name}" + (f" ({file})" if file else "")


def _number(workers: list[Worker]) -> str:
    """Of the largest, as an argument of a command."""
    largest = max(workers, key=lambda worker: worker.heap_used_bytes or 0)
    number = largest.name.removeprefix("[worker ").partition("]")[0]
    return number if number.isdigit() else "largest"
