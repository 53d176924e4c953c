"""Class loaders that were left behind: all of them count, however many there are."""

from __future__ import annotations

import numpy as np
import pytest
from hprof_files import HprofFile

from oakum.heap.accrual import account, grown
from oakum.heap.analysis import analyze
from oakum.heap.formats.detect import read_dump
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


def account_of(editions):
    return account(read_dump(np.frombuffer(host_of(editions), np.uint8)))


def test_two_dumps_tell_how_many_more_loaders_would_go_with_a_holder():
    (holder,) = [each for each in grown(account_of(5), account_of(45), 10.0).holders if "EDITIONS" in each.name]
    assert holder.loaders_more == {"rules.EditionLoader": 40}


EDITION, RULE, DEQUE, RETIRED = 0x128, 0x130, 0x138, 0x140


def manager_of(editions, *, loaders=True):
    """A static deque holds editions; each has a loader in one field, and in another what the loader's class made."""
    file = HprofFile()
    file.class_dump(OBJECT, "java/lang/Object")
    file.class_dump(LOADER, "rules/EditionLoader", above=OBJECT)
    file.class_dump(ARRAY, "[Ljava/lang/Object;", above=OBJECT)
    file.class_dump(DEQUE, "java/util/ArrayDeque", above=OBJECT, fields=[("elements", 2)])
    file.class_dump(EDITION, "rules/Edition", above=OBJECT, fields=[("loader", 2), ("rule", 2)])
    file.class_dump(HOST, "rules/Manager", above=OBJECT, statics=[("retired", 2, RETIRED)])
    for class_id in (OBJECT, LOADER, ARRAY, DEQUE, EDITION, HOST):
        file.root(0x05, class_id)
    for edition in range(editions):
        loader, of, table, rule = (place(edition, what) for what in range(4))
        if loaders:
            file.instance(loader, LOADER)
            file.class_dump(of, "rules/Discount", above=OBJECT, loader=loader, statics=[("TABLE", 2, table)])
        file.primitives(table, 8, bytes(TABLE_BYTES))
        if loaders:
            file.instance(rule, of)
        values = (loader, rule) if loaders else (0, table)
        file.instance(0x8000 + 0x10 * edition, EDITION, b"".join(map(file.id, values)))
    file.instance(RETIRED, DEQUE, file.id(LIST))
    file.objects(LIST, ARRAY, [0x8000 + 0x10 * edition for edition in range(editions)])
    return account(read_dump(np.frombuffer(file.bytes(), np.uint8)))


@pytest.mark.parametrize("loaders", [True, False])
def test_what_holds_items_with_a_loader_each_says_how_many_it_would_take_with_it(loaders):
    found = grown(manager_of(25, loaders=loaders), manager_of(65, loaders=loaders), 10.0)
    (holder,) = [each for each in found.holders if each.name == "rules.Manager.retired"]
    assert holder.loaders_more == ({"rules.EditionLoader": 40} if loaders else {})
