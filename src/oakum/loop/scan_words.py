"""What a scan of a Prometheus says of itself: what it asked for, what it could not read, and that nothing came."""

from __future__ import annotations

from collections.abc import Sequence

from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import OakumError, SpentError, TargetError, TooMuchError
from oakum.model.metrics import About, Asked
from oakum.model.units import format_count, format_duration, format_size
from oakum.sense.prometheus.shards import Shard
from oakum.sense.prometheus.stock import Inventory

EXPORTS = "VictoriaMetrics"
"""The product that has an export in the place of remote read."""


def nothing(place: str, stock: Inventory) -> TargetError:
    """Labels are told of what has no sample: of numbers that are none, and of what ended just before."""
    window = format_duration(stock.span.end_s - stock.span.start_s)
    return TargetError(
        f"no sample of {stock.choice.leak.metric} came from {place}",
        why=f"it lists {format_count(stock.containers)} containers, and within {window} has no number of them",
        next_step="look at one: is it NaN, or has it ended? Or look further back: --window 7d",
    )


def unread(missed: Sequence[tuple[Shard, OakumError]], stock: Inventory, read: int) -> list[Absent]:
    """What was not read, once for each reason; what was not even asked for goes with the last of them."""
    found: dict[str, tuple[int, set[str], OakumError]] = {}
    for shard, exc in missed:
        count, names, first = found.get(exc.brief, (0, set(), exc))
        found[exc.brief] = count + shard.series, names | {group.namespace for group in shard.groups}, first
    absent = []
    rest = stock.series - read - sum(shard.series for shard, _ in missed)
    for number, (count, names, exc) in enumerate(found.values()):
        last = number + 1 == len(found)
        shown = ", ".join(sorted(names)[:3]) + (" and more" if len(names) > 3 or (last and rest) else "")
        kind = AbsentKind.TOO_DEAR if isinstance(exc, SpentError | TooMuchError) else AbsentKind.UNREADABLE
        what = f"{format_count(count + rest * last)} series of {shown}"
        absent.append(Absent(what, kind, exc.brief, exc.next_step))
    return absent


def share(asked: Asked) -> str:
    """Of the samples, which the server evaluated."""
    return "the rest of the samples" if asked.chunks else "all samples"


def asked_for(about: About, stock: Inventory, asked: Asked) -> str:
    """The last line of an answer."""
    every = f", scraped every {format_duration(stock.every_s)}" if stock.every_s else ""
    way = "export" if about.product == EXPORTS else "remote read"
    chunks = f", {format_count(asked.chunks)} of them by {way}," if asked.chunks else ""
    beside = f", and where it grows for {', '.join(stock.beside.used)}" if stock.beside.used else ""
    return (
        f"{about} was asked {format_count(asked.requests)} times{chunks} for {', '.join(stock.choice.used)}{every}"
        f"{beside}; it sent {format_size(asked.bytes)}"
    )
