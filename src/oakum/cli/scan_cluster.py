"""How ``oakum scan`` scans a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from oakum import wiring
from oakum.model.source import ClusterSource

if TYPE_CHECKING:
    from oakum.loop.progress import Progress
    from oakum.model.scan import Scan


def scanned(source: ClusterSource, *, watch_s: float, namespaces: Sequence[str], progress: Progress) -> Scan:
    from oakum.loop.scan_cluster import ClusterScan, scan_cluster  # noqa: PLC0415

    settings = ClusterScan.of(watch_s=watch_s, namespaces=namespaces, source=source)
    cluster, clock = wiring.cluster(source.context), wiring.machine().clock
    return scan_cluster(source, cluster=cluster, clock=clock, settings=settings, progress=progress)
