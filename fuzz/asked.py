"""All that is asked of a dump: read, analysed, compared with itself, searched for a class, redacted, printed, encoded,
drawn.
"""

from __future__ import annotations

import hashlib
import json
import warnings
import zlib
from collections.abc import Sequence
from io import StringIO

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, RenderableType

from oakum import render
from oakum.heap.analysis import analyze, report
from oakum.heap.difference import Sketch, difference, sketch, sketch_of
from oakum.heap.dump import Dump
from oakum.heap.formats.core import is_core
from oakum.heap.formats.detect import read_dump
from oakum.heap.formats.pprof import HEAD_BYTES, is_pprof
from oakum.heap.held import held
from oakum.heap.redact import KEY_BYTES, redactor
from oakum.heap.ways import ways
from oakum.model.errors import CallerError, DataError
from oakum.model.heap import HeapReport
from oakum.render.codec_heap import heap_paths_to_json
from oakum.render.table_heap import heap_paths_view

# What wraps round says so in plain Python, and nowhere in compiled code.
warnings.simplefilter("error", RuntimeWarning)

DRAWN_ONE_IN = 8
"""Tables and pages take longer than all the rest: they are made of some inputs only."""


def ask(data: bytes) -> str:
    """The answer as text, or what the error says. Anything but a DataError is raised: it is a finding."""
    array = np.frombuffer(data, np.uint8)
    drawn = zlib.crc32(data) % DRAWN_ONE_IN == 0
    try:
        if is_pprof(data[:HEAD_BYTES]) or is_core(data[:HEAD_BYTES]):
            sketches = [sketch(array, file=name, told=_quiet) for name in ("old", "new")]
            return "\n".join(_told(analyze(array, file="dump", told=_quiet), sketches, drawn=drawn))
        dump = read_dump(array)
        return f"{_answer(dump, drawn=drawn)}\n{_redacted(array, dump)}"
    except DataError as exc:
        return f"{exc.what}: {exc.why}"


def _redacted(array: NDArray[np.uint8], dump: Dump) -> str:
    """As long as it was, with as many objects; what cannot be redacted is told before the first piece."""
    if dump.format not in {"hprof", "v8"}:
        return ""
    pieces = redactor(array, bytes(KEY_BYTES), _passed).pieces()
    try:
        first = next(pieces)
    except DataError as exc:
        return f"{exc.what}: {exc.why}"
    made = first
    try:
        made += b"".join(pieces)
    except DataError as exc:
        raise AssertionError("broken after the first piece") from exc
    assert len(made) == array.size, "another length"
    assert read_dump(np.frombuffer(made, np.uint8)).graph.nodes == dump.graph.nodes, "other objects"
    return hashlib.sha256(made).hexdigest()


def _passed(_: int) -> None: ...


def _answer(dump: Dump, *, drawn: bool) -> str:
    found = report(dump, file="dump", told=_quiet)
    told = _told(found, [sketch_of(dump, file=name, told=_quiet) for name in ("old", "new")], drawn=drawn)
    if found.classes:
        told.append(_paths(dump, found.classes[-1].name, drawn=drawn))
    return "\n".join(told)


def _told(found: HeapReport, sketches: Sequence[Sketch], *, drawn: bool) -> list[str]:
    assert found.reachable.bytes + found.unreachable.bytes == found.total.bytes, "bytes do not add up"
    assert found.reachable.objects + found.unreachable.objects == found.total.objects, "objects do not add up"
    assert 0 <= found.reachable.bytes <= found.total.bytes, "more bytes than there are"
    compared = difference(sketches)
    if drawn:
        # A page may hold any character that a name had.
        render.heap_html(found).encode()
        _draw(render.heap_view(found, top=5))
        _draw(render.heap_diff_view(compared, top=5))
    return [_json(render.heap_to_json(found)), _json(render.heap_diff_to_json(compared))]


def _paths(dump: Dump, name: str, *, drawn: bool) -> str:
    try:
        found = ways(dump, held(dump.graph), name, file="dump", most=2)
    except CallerError as exc:
        return exc.what
    if drawn:
        _draw(heap_paths_view(found))
    return _json(heap_paths_to_json(found))


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    text.encode()
    return text


def _draw(view: RenderableType) -> None:
    console = Console(width=120, file=StringIO(), force_terminal=False)
    with console.capture() as drawn:
        console.print(view)
    # Terminals take UTF-8.
    drawn.get().encode()


def _quiet(_: str) -> None: ...
