"""Oakum finds, explains and stops memory leaks in services on Kubernetes and on plain Linux.

Every command that answers has its twin here: ``oakum.investigate("pid/4242")``, ``oakum.scan("host")``.
Names are loaded when they are first used: ``import oakum`` stays light.
"""

from __future__ import annotations

TYPE_CHECKING = False
"""As typing has it. The command loads this before it can be interrupted: nothing else is loaded here."""

if TYPE_CHECKING:
    from oakum.api import investigate as investigate
    from oakum.api import scan as scan
    from oakum.api import watch as watch
    from oakum.api.heaps import analyze_heap as analyze_heap
    from oakum.api.heaps import capture_heap as capture_heap
    from oakum.api.heaps import diff_heaps as diff_heaps
    from oakum.api.heaps import heap_histogram as heap_histogram
    from oakum.api.heaps import heap_paths as heap_paths
    from oakum.api.heaps import redact_heap as redact_heap
    from oakum.api.incidents import close_incident as close_incident
    from oakum.api.incidents import escalate_incident as escalate_incident
    from oakum.api.incidents import list_incidents as list_incidents
    from oakum.api.incidents import list_mutes as list_mutes
    from oakum.api.incidents import mute as mute
    from oakum.api.incidents import note_incident as note_incident
    from oakum.api.incidents import report_incident as report_incident
    from oakum.api.incidents import retain_evidence as retain_evidence
    from oakum.api.incidents import show_incident as show_incident
    from oakum.api.incidents import summarise_incident as summarise_incident
    from oakum.api.incidents import unmute as unmute
    from oakum.api.plans import apply_plan as apply_plan
    from oakum.api.plans import make_plan as make_plan
    from oakum.api.plans import undo_plan as undo_plan
    from oakum.api.plans import verify_fix as verify_fix
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
    "analyze_heap": "oakum.api.heaps",
    "apply_plan": "oakum.api.plans",
    "capture_heap": "oakum.api.heaps",
    "close_incident": "oakum.api.incidents",
    "diff_heaps": "oakum.api.heaps",
    "escalate_incident": "oakum.api.incidents",
    "heap_histogram": "oakum.api.heaps",
    "heap_paths": "oakum.api.heaps",
    "investigate": "oakum.api",
    "list_incidents": "oakum.api.incidents",
    "list_mutes": "oakum.api.incidents",
    "make_plan": "oakum.api.plans",
    "mute": "oakum.api.incidents",
    "note_incident": "oakum.api.incidents",
    "redact_heap": "oakum.api.heaps",
    "report_incident": "oakum.api.incidents",
    "retain_evidence": "oakum.api.incidents",
    "scan": "oakum.api",
    "show_incident": "oakum.api.incidents",
    "summarise_incident": "oakum.api.incidents",
    "undo_plan": "oakum.api.plans",
    "unmute": "oakum.api.incidents",
    "verify_fix": "oakum.api.plans",
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
