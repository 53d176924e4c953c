"""What open incidents keep of a workload's containers: samples of earlier looks, by container."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from oakum.incident import within
from oakum.loop.record import WATCHED
from oakum.model.errors import OakumError
from oakum.model.incident import Record
from oakum.model.ports import Blobs, Store
from oakum.model.series import Series, WorkloadSeries
from oakum.render.codec_samples import samples_from_bytes
from oakum.sense.joined import joined

Whose: TypeAlias = tuple[str, str, str]
"""Pod uid, container, who told the samples: what another source tells is not compared with it."""

SeenBefore: TypeAlias = Callable[[str, str], Mapping[Whose, tuple[Series, ...]]]
"""Asked for an API server and a workload as it is printed; the lifetimes of each container, oldest first."""


def nothing(server: str, workload: str) -> Mapping[Whose, tuple[Series, ...]]:
    """Where nothing is on record."""
    del server, workload
    return {}


def whose(series: WorkloadSeries) -> Whose:
    labels = series.labels
    return labels.get("pod_uid", ""), labels.get("container", ""), labels.get("source", "")


def on_record(store: Store) -> SeenBefore:
    """Of ``store``. Samples that expired or cannot be read are left out: the incident itself says so."""

    def asked(server: str, workload: str) -> Mapping[Whose, tuple[Series, ...]]:
        found: dict[Whose, tuple[Series, ...]] = {}
        for incident in reversed(store.incidents.list()):
            if incident.identity.startswith(within(server, workload)):
                for series in watched(store.incidents.record(incident.number), store.blobs):
                    found[whose(series)] = (*found.get(whose(series), ()), *series.lifetimes)
        for key, lives in found.items():
            found[key] = tuple(sorted(lives, key=lambda life: float(life.at_s[0])))
        return found

    return asked


def in_a_story(record: Record, blobs: Blobs) -> tuple[WorkloadSeries, ...]:
    """One for each container, over all looks of the incident."""
    found: dict[Whose, WorkloadSeries] = {}
    for series in watched(record, blobs):
        before = found.get(whose(series))
        found[whose(series)] = series if before is None else joined(before.lifetimes, series)
    return tuple(found.values())


def watched(record: Record, blobs: Blobs) -> Iterator[WorkloadSeries]:
    """The containers' samples that are kept, oldest first."""
    for kept in record.kept:
        if not kept.id.startswith(WATCHED) or not kept.digest:
            continue
        try:
            series, _ = samples_from_bytes(blobs.get(kept.digest))
        except OakumError:
            continue
        if series.samples:
            yield series
