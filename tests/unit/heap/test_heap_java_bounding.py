"""Java caches that may bound themselves are known by their class, whatever it is called."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hprof_files import HprofFile

from oakum.heap.accrual import account, grown
from oakum.heap.formats.detect import read_dump

OBJECT, HASH_MAP, LINKED, OWN, TABLE, CACHE = range(0x10_0000, 0x10_0000 + 6 * 512, 512)


def heap_of(lineage, entries):
    """``static shop.Cache.recent`` is a map of the first class of ``lineage``, each extending the next."""
    file = HprofFile()
    ids = dict(zip(("java/util/HashMap", "java/util/LinkedHashMap"), (HASH_MAP, LINKED), strict=True))
    file.class_dump(OBJECT, "java/lang/Object")
    file.class_dump(HASH_MAP, "java/util/HashMap", above=OBJECT, fields=[("size", 10), ("table", 2)])
    file.class_dump(LINKED, "java/util/LinkedHashMap", above=HASH_MAP)
    if lineage[0] not in ids:
        ids[lineage[0]] = OWN
        file.class_dump(OWN, lineage[0], above=ids[lineage[1]])
    the_map, table = 0x20_0000, 0x20_4000
    file.class_dump(TABLE, "[Ljava/lang/Object;", above=OBJECT)
    file.class_dump(CACHE, "shop/Cache", above=OBJECT, statics=[("recent", 2, the_map)])
    items = [0x30_0000 + number * 0x4000 for number in range(entries)]
    for item in items:
        file.primitives(item, 8, bytes(4000))
    file.objects(table, TABLE, items)
    file.instance(the_map, ids[lineage[0]], struct.pack(">I", entries) + file.id(table))
    for known in (OBJECT, HASH_MAP, LINKED, TABLE, CACHE):
        file.root(0x05, known)
    return account(read_dump(np.frombuffer(file.bytes(), np.uint8)))


def holder(*lineage):
    (found,) = grown(heap_of(lineage, 200), heap_of(lineage, 400), 20.0).holders
    # Whoever extends a collection, what the collection declares is not its own field.
    assert found.name == "shop.Cache.recent"
    return found


@pytest.mark.parametrize(
    ("lineage", "told"),
    [
        (("shop/Lru$1", "java/util/LinkedHashMap"), "shop.Lru$1, a java.util.LinkedHashMap"),
        (("com/google/common/cache/LocalCache", "java/util/HashMap"), "com.google.common.cache.LocalCache"),
        (("shade/org/ehcache/core/Store", "java/util/HashMap"), "shade.org.ehcache.core.Store"),
        (("java/util/LinkedHashMap",), ""),
        (("java/util/HashMap",), ""),
        (("shop/OwnMap", "java/util/HashMap"), ""),
    ],
)
def test_what_may_bound_itself_is_named_by_its_class(lineage, told):
    assert holder(*lineage).may_bound == told
