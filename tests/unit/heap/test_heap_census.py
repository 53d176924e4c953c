"""A census of a real child: its own counts, its own names, and none of its texts."""

from __future__ import annotations

import numpy as np
import pytest
from living_heap import living_heap

from oakum.heap.analysis import report
from oakum.heap.formats.census import read_census, write_census
from oakum.heap.formats.census.dump import CensusDump
from oakum.heap.formats.census.take import Taking, take_census
from oakum.heap.held import held

SECRET = "hunter2-of-the-payment-provider"
PROGRAM = f"""
from collections import deque
SECRET = {SECRET!r}
class Item:
    def __init__(self, number): self.number = number; self.payload = bytearray(2000)
class Slotted:
    __slots__ = ("rows",)
    def __init__(self): self.rows = [bytearray(900) for _ in range(300)]
class Shop:
    registry = {{f"{{SECRET}}-{{number}}": bytearray(900) for number in range(300)}}
    def __init__(self): self.entries = {{number: Item(number) for number in range(300)}}
class Late(Shop):
    def __init__(self):
        super().__init__()
        self.__dict__["made"] = [bytearray(900) for _ in range(300)]
def closing():
    hidden = [bytearray(900) for _ in range(300)]
    def keep(): return hidden
    return keep
shop, slotted, keep, late = Shop(), Slotted(), closing(), Late()
queue = deque(bytearray(900) for _ in range(300))
numbers = {{number * 7919 for number in range(5000)}}
CONFIG = {{"caches": {{"prices": [bytearray(900) for _ in range(300)]}}, SECRET: 1}}
"""
HOLDERS = {
    "__main__.Shop.entries": 300,
    "__main__.Shop.registry": 300,
    "__main__.Late.entries": 300,
    "__main__.Late.made": 300,
    "__main__.Slotted.rows": 300,
    "closure of closing.<locals>.keep(): hidden": 300,
    "module __main__: queue": 300,
    "module __main__: numbers": 5000,
}


def census_of(heap, *, redact=True, hashed=True):
    return take_census(heap, Taking(at_s=1.0, pause_s=0.0, redact=redact, hashed=hashed))


@pytest.fixture(scope="module")
def heap():
    with living_heap(PROGRAM) as living:
        yield living.capture()


@pytest.fixture(scope="module", params=[True, False], ids=["redacted", "with texts"])
def dump(request, heap):
    written = b"".join(write_census(census_of(heap, redact=request.param)))
    return CensusDump(read_census(np.frombuffer(written, np.uint8)))


@pytest.fixture(scope="module")
def found(dump):
    return report(dump, file="x", told=lambda _: None)


@pytest.mark.parametrize("name", HOLDERS)
def test_a_holder_is_named_as_its_developer_wrote_it_with_its_length(found, name):
    suspects = {suspect.holder: suspect for suspect in found.suspects}
    assert name in suspects, list(suspects)
    assert suspects[name].count == HOLDERS[name]
    assert not suspects[name].foreign


def test_what_a_text_leads_to_is_named_by_it_only_where_texts_were_kept(dump, found):
    names = [suspect.holder for suspect in found.suspects if suspect.holder.startswith("module __main__: CONFIG")]
    redacted = dump.graph.names and SECRET not in " ".join(dump.graph.names)
    assert len(names) == 1
    assert names[0] == "module __main__: CONFIG['caches']['prices']" or (redacted and "text of 6" in names[0])


def test_a_redacted_census_holds_no_text_of_the_program_and_one_with_texts_does(heap):
    without, with_texts = (b"".join(write_census(census_of(heap, redact=redact))) for redact in (True, False))
    assert SECRET.encode() not in without
    assert SECRET.encode() in with_texts


def test_hashes_are_left_out_where_their_key_is_no_secret(heap):
    census = census_of(heap, hashed=False)
    assert not census.text_hash.size
    assert not [name for name in census.names if "#" in name]
    assert census_of(heap).text_hash.size > 1000


def test_an_object_weighs_what_its_blocks_weigh_and_nothing_is_lost(heap):
    census = census_of(heap)
    assert int(census.size.sum()) == int(heap.graph.size.sum())
    by_kind = np.bincount(census.kind, minlength=len(census.kinds))
    names = [kind.name for kind in census.kinds]
    assert by_kind[names.index("__main__.Item")] == 600
    assert by_kind[names.index("collections.deque")] >= 1


def test_a_holder_retains_what_its_items_weigh(dump):
    tree = held(dump.graph)
    shop = next(node for node in range(dump.graph.nodes) if dump.graph.kind_name(node) == "__main__.Shop")
    assert 300 * 2000 < tree.retained_by(shop) < 300 * 2500
