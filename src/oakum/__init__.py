"""Oakum finds, explains and stops memory leaks in services on Kubernetes and on plain Linux.

Every command that answers has its twin here: ``oakum.investigate("pid/4242")``, ``oakum.scan("host")``.
Names are loaded when they are first used: ``import oakum`` stays light.
"""

from __future__ import annotations

TYPE_CHECKING = False
"""As typing has it. The command loads this before it can be interrupted: nothing else is loaded here."""

if TYPE_CHECKING:
    from oakum.api import analyze_heap as analyze_heap
    from oakum.api import apply_plan as apply_plan
    from oakum.api import capture_heap as capture_heap
    from oakum.api import close_incident as close_incident
    from oakum.api import diff_heaps as diff_heaps
    from oakum.api import escalate_incident as escalate_incident
    from oakum.api import heap_histogram as heap_histogram
    from oakum.api import heap_paths as heap_paths
    from oakum.api import investigate as investigate
    from oakum.api import list_incidents as list_incidents
    from oakum.api import list_mutes as list_mutes
    from oakum.api import make_plan as make_plan
    from oakum.api import mute as mute
    from oakum.api import note_incident as note_incident
    from oakum.api import redact_heap as redact_heap
    from oakum.api import report_incident as report_incident
    from oakum.api import retain_evidence as retain_evidence
    from oakum.api import scan as scan
    from oakum.api import show_incident as show_incident
    from oakum.api import summarise_incident as summarise_incident
    from oakum.api import undo_plan as undo_plan
    from oakum.api import unmute as unmute
    from oakum.api import verify_fix as verify_fix
    from oakum.api import watch as watch
    from oakum.model.assessment import Investigation as Investigation
    from oakum.model.budget import Budget as Budget
    from oakum.model.capture import Capture as Capture
    from oakum.model.errors import OakumError as OakumError
    from oakum.model.heap import HeapDiff as HeapDiff
    from oakum.model.heap import HeapPaths as HeapPaths
    from oakum.model.heap import HeapReport as HeapReport
    from oakum.model.histogram import ClassHistogram as ClassHistogram
    from oakum.model.incident import Incident as Incident
    from oakum.model.mute import Mute as Mute
    from oakum.model.plan_record import PlanRecord as PlanRecord
    from oakum.model.retention import Retained as Retained
    from oakum.model.scan import Scan as Scan
    from oakum.model.series import Series as Series
    from oakum.model.series import WorkloadSeries as WorkloadSeries
    from oakum.model.standing import Story as Story
    from oakum.model.verdict import Verdict as Verdict
    from oakum.model.verification import Verification as Verification
    from oakum.model.watch import WatchReport as WatchReport


_HOMES = {
    "Budget": "oakum.model.budget",
    "Capture": "oakum.model.capture",
    "ClassHistogram": "oakum.model.histogram",
    "HeapDiff": "oakum.model.heap",
    "HeapPaths": "oakum.model.heap",
    "HeapReport": "oakum.model.heap",
    "Incident": "oakum.model.incident",
    "Investigation": "oakum.model.assessment",
    "Mute": "oakum.model.mute",
    "OakumError": "oakum.model.errors",
    "PlanRecord": "oakum.model.plan_record",
    "Retained": "oakum.model.retention",
    "Scan": "oakum.model.scan",
    "Series": "oakum.model.series",
    "Story": "oakum.model.standing",
    "Verdict": "oakum.model.verdict",
    "Verification": "oakum.model.verification",
    "WatchReport": "oakum.model.watch",
    "WorkloadSeries": "oakum.model.series",
    "analyze_heap": "oakum.api",
    "apply_plan": "oakum.api",
    "capture_heap": "oakum.api",
    "close_incident": "oakum.api",
    "diff_heaps": "oakum.api",
    "escalate_incident": "oakum.api",
    "heap_histogram": "oakum.api",
    "heap_paths": "oakum.api",
    "investigate": "oakum.api",
    "list_incidents": "oakum.api",
    "list_mutes": "oakum.api",
    "make_plan": "oakum.api",
    "mute": "oakum.api",
    "note_incident": "oakum.api",
    "redact_heap": "oakum.api",
    "report_incident": "oakum.api",
    "retain_evidence": "oakum.api",
    "scan": "oakum.api",
    "show_incident": "oakum.api",
    "summarise_incident": "oakum.api",
    "undo_plan": "oakum.api",
    "unmute": "oakum.api",
    "verify_fix": "oakum.api",
    "watch": "oakum.api",
}

__all__ = [
    "Budget",
    "Capture",
    "ClassHistogram",
    "HeapDiff",
    "HeapPaths",
    "HeapReport",
    "Incident",
    "Investigation",
    "Mute",
    "OakumError",
    "PlanRecord",
    "Retained",
    "Scan",
    "Series",
    "Story",
    "Verdict",
    "Verification",
    "WatchReport",
    "WorkloadSeries",
    "analyze_heap",
    "apply_plan",
    "capture_heap",
    "close_incident",
    "diff_heaps",
    "escalate_incident",
    "heap_histogram",
    "heap_paths",
    "investigate",
    "list_incidents",
    "list_mutes",
    "make_plan",
    "mute",
    "note_incident",
    "redact_heap",
    "report_incident",
    "retain_evidence",
    "scan",
    "show_incident",
    "summarise_incident",
    "undo_plan",
    "unmute",
    "verify_fix",
    "watch",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
