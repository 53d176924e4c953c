"""All that is asked of a dump: read, analysed, compared with itself, searched for a class, printed, encoded, drawn."""

from __future__ import annotations

import json
import warnings
import zlib
from io import StringIO

import numpy as np
from rich.console import Console, RenderableType

from oakum import render
from oakum.heap.analysis import report
from oakum.heap.difference import difference, sketch_of
from oakum.heap.dump import Dump
from oakum.heap.formats.detect import read_dump
from oakum.heap.held import held
from oakum.heap.ways import ways
from oakum.model.errors import CallerError, DataError
from oakum.render.codec_heap import heap_paths_to_json
from oakum.render.table_heap import heap_paths_view

# What wraps round says so in plain Python, and nowhere in compiled code.
warnings.simplefilter("error", RuntimeWarning)

DRAWN_ONE_IN = 8
"""Tables and pages take longer than all the rest: they are made of some inputs only."""


def ask(data: bytes) -> str:
    """The answer as text, or what the error says. Anything but a DataError is raised: it is a finding."""
    try:
        dump = read_dump(np.frombuffer(data, np.uint8))
        return _answer(dump, drawn=zlib.crc32(data) % DRAWN_ONE_IN == 0)
    except DataError as exc:
        return f"{exc.what}: {exc.why}"


def _answer(dump: Dump, *, drawn: bool) -> str:
    found = report(dump, file="dump", told=_quiet)
    assert found.reachable.bytes + found.unreachable.bytes == found.total.bytes, "bytes do not add up"
    assert found.reachable.objects + found.unreachable.objects == found.total.objects, "objects do not add up"
    assert 0 <= found.reachable.bytes <= found.total.bytes, "more bytes than there are"
    sketches = [sketch_of(dump, file=name, told=_quiet) for name in ("old", "new")]
    compared = difference(sketches)
    if drawn:
        # A page may hold any character that a name had.
        render.heap_html(found).encode()
        _draw(render.heap_view(found, top=5))
        _draw(render.heap_diff_view(compared, top=5))
    told = [_json(render.heap_to_json(found)), _json(render.heap_diff_to_json(compared))]
    if found.classes:
        told.append(_paths(dump, found.classes[-1].name, drawn=drawn))
    return "\n".join(told)


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
