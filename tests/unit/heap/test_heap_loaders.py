"""Class loaders that were left behind: all of them count, however many there are."""

from __future__ import annotations

import numpy as np
import pytest
from hprof_files import HprofFile

from oakum.heap.analysis import analyze
from oakum.model.cause import CauseName

OBJECT, LOADER, HOST, ARRAY, LIST = 0x100, 0x108, 0x110, 0x118, 0x120
TABLE_BYTES = 4000


def place(edition, what):
    return 0x10000 + 0x400 * edition + 0x100 * what


def host_of(editions):
    """A host's static array holds an instance of one class of each of so many loaders; each class has a table."""
    file = HprofFile()
    file.class_dump(OBJECT, "java/lang/Object")
    file.class_dump(LOADER, "rules/EditionLoader", above=OBJECT)
    file.class_dump(ARRAY, "[Ljava/lang/Object;", above=OBJECT)
    file.class_dump(HOST, "rules/Host", above=OBJECT, statics=[("EDITIONS", 2, LIST)])
    for class_id in (OBJECT, LOADER, ARRAY, HOST):
        file.root(0x05, class_id)
    for edition in range(editions):
        loader, of, table = (place(edition, what) for what in (0, 1, 2))
        file.instance(loader, LOADER)
        file.class_dump(of, "rules/Discount", above=OBJECT, loader=loader, statics=[("TABLE", 2, table)])
        file.primitives(table, 8, bytes(TABLE_BYTES))
        file.instance(place(edition, 3), of)
    file.objects(LIST, ARRAY, [place(edition, 3) for edition in range(editions)])
    return file.bytes()


@pytest.mark.parametrize("editions", [5, 900])
def test_what_keeps_old_loaders_is_told_with_all_that_they_loaded(editions):
    data = np.frombuffer(host_of(editions), np.uint8)
    first = analyze(data, file="x.hprof", told=lambda _: None).suspects[0]
    assert (first.holder, first.cause, first.count) == ("rules.Host.EDITIONS", CauseName.CLASS_LOADER, editions)
    assert first.retained_bytes >= editions * TABLE_BYTES
