"""Dumps of a real JVM: the same objects and bytes as the JVM's own histogram, whatever its collector and its words."""

from __future__ import annotations

import numpy as np
import pytest
from jvm import HIDDEN_NAME, shop

from oakum.heap.formats.hprof import read_hprof

pytestmark = pytest.mark.lab

NOT_IN_DUMPS = {"java.lang.Class"}
"""Mirrors of classes that the JVM archived and never loaded are in its histogram and in no dump."""


def rows_of(heap):
    rows = {}
    graph = heap.graph
    for kind, name in enumerate(graph.kinds):
        mine = graph.kind == kind
        if mine.any():
            plain = HIDDEN_NAME.sub("", name)
            count, size = rows.get(plain, (0, 0))
            rows[plain] = (count + int(mine.sum()), size + int(graph.size[mine].sum()))
    return rows


@pytest.mark.parametrize(
    "options",
    [("-XX:+UseSerialGC",), ("-XX:+UseG1GC",), ("-XX:+UseParallelGC", "-XX:-UseCompressedOops")],
    ids=["serial", "g1", "wide references"],
)
def test_counts_and_bytes_of_every_class_are_those_of_the_jvm_histogram(tmp_path, options):
    with shop(tmp_path, *options) as running:
        running.serve(2000)
        want = running.histogram("-all")
        path = running.dump(tmp_path / "shop.hprof", "-all")
    have = rows_of(read_hprof(np.fromfile(path, np.uint8)))
    assert want["shop.Session"][0] == 2000
    differing = {name for name in want.keys() | have.keys() if want.get(name) != have.get(name)}
    # What jcmd itself makes between its two commands.
    differing -= {"byte[]", "char[]", "int[]", "java.lang.String", "java.lang.Object[]"} | NOT_IN_DUMPS
    own = {name for name in want if name.startswith("shop.")}
    assert not differing & own
    assert len(differing) <= 0.04 * len(want), differing
    total, told = (sum(size for name, (_, size) in rows.items() if name not in NOT_IN_DUMPS) for rows in (have, want))
    assert abs(total / told - 1) < 0.01
