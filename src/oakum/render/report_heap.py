"""Dumps as pages: suspects, the dominator tree as a picture, classes, large objects, waste; what grew; ways."""

from __future__ import annotations

from oakum.model.heap import HeapDiff, HeapPaths, HeapReport
from oakum.render.icicle import icicle_svg
from oakum.render.report_html import page

MOST_CLASSES = 40


def heap_html(report: HeapReport) -> str:
    most = max((row.retained_bytes for row in report.classes), default=1) or 1
    return page(
        "heap.html", report=report, picture=icicle_svg(report.tree), classes=report.classes[:MOST_CLASSES], most=most
    )


def heap_diff_html(diff: HeapDiff) -> str:
    most = max((row.retained_bytes[-1] for row in diff.grown), default=1) or 1
    return page("heapdiff.html", diff=diff, classes=diff.grown[:MOST_CLASSES], most=most)


def heap_paths_html(paths: HeapPaths) -> str:
    most = max((row.retained_bytes for row in paths.held_by), default=1) or 1
    return page("heappaths.html", paths=paths, holders=paths.held_by[:MOST_CLASSES], most=most)
