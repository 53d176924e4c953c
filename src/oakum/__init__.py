"""Oakum finds, explains and stops memory leaks in services on Kubernetes and on plain Linux.

Every command that answers has its twin here: ``oakum.investigate("pid/4242")``, ``oakum.scan("host")``.
Names are loaded when they are first used: ``import oakum`` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oakum.api import analyze_heap as analyze_heap
    from oakum.api import diff_heaps as diff_heaps
    from oakum.api import heap_paths as heap_paths
    from oakum.api import investigate as investigate
    from oakum.api import scan as scan
    from oakum.model.assessment import Investigation as Investigation
    from oakum.model.errors import OakumError as OakumError
    from oakum.model.heap import HeapDiff as HeapDiff
    from oakum.model.heap import HeapPaths as HeapPaths
    from oakum.model.heap import HeapReport as HeapReport
    from oakum.model.scan import Scan as Scan
    from oakum.model.series import Series as Series
    from oakum.model.series import WorkloadSeries as WorkloadSeries
    from oakum.model.verdict import Verdict as Verdict

_HOMES = {
    "HeapDiff": "oakum.model.heap",
    "HeapPaths": "oakum.model.heap",
    "HeapReport": "oakum.model.heap",
    "Investigation": "oakum.model.assessment",
    "OakumError": "oakum.model.errors",
    "Scan": "oakum.model.scan",
    "Series": "oakum.model.series",
    "Verdict": "oakum.model.verdict",
    "WorkloadSeries": "oakum.model.series",
    "analyze_heap": "oakum.api",
    "diff_heaps": "oakum.api",
    "heap_paths": "oakum.api",
    "investigate": "oakum.api",
    "scan": "oakum.api",
}

__all__ = [
    "HeapDiff",
    "HeapPaths",
    "HeapReport",
    "Investigation",
    "OakumError",
    "Scan",
    "Series",
    "Verdict",
    "WorkloadSeries",
    "analyze_heap",
    "diff_heaps",
    "heap_paths",
    "investigate",
    "scan",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
