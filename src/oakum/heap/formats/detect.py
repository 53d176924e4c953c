"""Which format a file is of, by what it holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oakum.heap.dump import Dump
from oakum.heap.formats.census.file import is_census
from oakum.heap.formats.core import is_core
from oakum.heap.formats.hprof.header import is_hprof
from oakum.heap.formats.jeprof import is_jeprof
from oakum.heap.formats.pprof import is_pprof
from oakum.heap.formats.ruby.reader import is_ruby
from oakum.heap.formats.v8.sections import is_v8
from oakum.heap.means import ALL, Means
from oakum.model.errors import CallerError, DataError

KNOWN = (
    "HPROF (JVM, Android), V8 snapshots (Node.js, Chrome), Oakum's census of CPython, Ruby's dump_all, pprof (heap,"
    " goroutine), jeprof, ELF cores"
)
FOREIGN = (
    (b"", "it is empty"),
    (b"PK\x03\x04", "it is a ZIP archive: unpack it first"),
    (b"\x7fELF", "it is an ELF file, but no core: a program or a library"),
    (b"<", "it is HTML or XML, perhaps an error page that was saved as the dump"),
)


def read_dump(data: NDArray[np.uint8], means: Means = ALL) -> Dump:
    """Raises DataError for what no reader knows, and for what its reader cannot read."""
    begin = data[:4096].tobytes()
    if is_hprof(begin):
        from oakum.heap.formats.hprof.dump import HprofDump  # noqa: PLC0415  (readers load their kernels)
        from oakum.heap.formats.hprof.reader import read_hprof  # noqa: PLC0415

        return HprofDump(read_hprof(data, means))
    if is_v8(begin):
        from oakum.heap.formats.v8.dump import V8Dump  # noqa: PLC0415
        from oakum.heap.formats.v8.reader import read_v8  # noqa: PLC0415

        return V8Dump(read_v8(data, means))
    if is_census(begin):
        from oakum.heap.formats.census.dump import CensusDump  # noqa: PLC0415
        from oakum.heap.formats.census.file import read_census  # noqa: PLC0415

        return CensusDump(read_census(data))
    if is_ruby(begin):
        from oakum.heap.formats.ruby.dump import RubyDump  # noqa: PLC0415
        from oakum.heap.formats.ruby.reader import read_ruby  # noqa: PLC0415

        return RubyDump(read_ruby(data))
    if is_core(begin):
        raise CallerError(
            "a core has no objects with fields",
            why="blocks of malloc have sizes, C++ classes and what leads to them, no names of fields",
            next_step="oakum heap analyze FILE",
        )
    if is_pprof(begin) or is_jeprof(begin):
        raise CallerError(
            "a heap profile holds no objects",
            why="it counts bytes by call path; only a dump knows who holds what",
            next_step="oakum heap analyze FILE",
        )
    head = begin.lstrip()
    why = next((why for magic, why in FOREIGN if (head.startswith(magic) if magic else not begin)), "")
    raise DataError(
        "this is no heap dump that can be read",
        why=why or f"it begins with {begin[:16]!r}; read are {KNOWN}",
        next_step="file FILE",
    )
