"""One dump, seen against an older one that is taken to be as it should be: what was there already is no suspect."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from oakum.heap.analysis import Told, dominating, reading, report_of
from oakum.heap.difference import Sketch, difference, sketch_of_held, sketch_of_profile
from oakum.heap.formats.detect import read_dump
from oakum.heap.formats.pprof import is_pprof, read_profile
from oakum.heap.formats.pprof.views import profile_report
from oakum.heap.held import held
from oakum.heap.means import ALL, Means
from oakum.model.heap import HeapReport


def analyze_since(
    data: NDArray[np.uint8], baseline: Sketch, *, file: str, told: Told, means: Means = ALL
) -> HeapReport:
    """As ``analyze``; suspects are those whose holder grew, ranked by how much.

    ``data``: uint8[b], the whole file. Raises DataError for what cannot be read, CallerError for another format.
    """
    told(reading(data, of=file))
    if is_pprof(data[:256].tobytes()):
        profile = read_profile(data)
        return _against(baseline, profile_report(profile, file=file), sketch_of_profile(profile, file=file))
    dump = read_dump(data, means)
    told(dominating(dump.graph))
    found = held(dump.graph, means)
    whole = report_of(dump, found, file=file, told=told)
    return _against(baseline, whole, sketch_of_held(dump, found, file=file, told=told))


def _against(baseline: Sketch, whole: HeapReport, now: Sketch) -> HeapReport:
    compared = difference([baseline, now])
    said = tuple(text for text in compared.warnings if not text.startswith(f"{whole.file}: "))
    return replace(
        whole,
        baseline=baseline.file,
        baseline_reachable=baseline.reachable,
        suspects=compared.suspects,
        partial=compared.partial,
        warnings=(*whole.warnings, *said),
    )
