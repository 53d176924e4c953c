"""Objects of a real CPython process, read from outside: each has the size that the process itself tells."""

from __future__ import annotations

import numpy as np
import pytest
from living_heap import living_heap

PROGRAM = r"""
from collections import deque
class Plain: pass
class Slotted: __slots__ = ("held",)
class Names(dict): pass
plain, slotted = Plain(), Slotted()
plain.held = slotted.held = b"held" * 300
kept = {
    "ascii": "a" * 5000, "latin": "\xe9" * 5000, "two bytes": "\u20ac" * 5000, "four bytes": "\U0001F40D" * 5000,
    "bytes": b"b" * 5000, "bytearray": bytearray(5000), "list": [None] * 900, "tuple": (None,) * 900,
    "dict": {number: None for number in range(900)}, "set": set(range(900)), "frozenset": frozenset(range(900)),
    "int": 1 << 9000, "small list": [1, 2], "small dict": {"a": 1}, "small tuple": (1, 2), "float": 2.5,
    "deque": deque(range(900)), "subclass": Names((number, None) for number in range(900)),
    "plain": plain, "slotted": slotted,
}
def told():
    return {name: [id(value), sys.getsizeof(value), type(value).__name__] for name, value in kept.items()}
def slack():
    return sum(sys.getsizeof(value) for value in kept.values())
"""


@pytest.fixture(scope="module")
def found():
    """(what the child tells, its heap)."""
    with living_heap(PROGRAM) as living:
        return living.ask("told()"), living.capture()


def whole_bytes(heap, node):
    """The object's own block and the tables that it owns."""
    targets = np.unique(heap.graph.targets(node))
    raw = targets[heap.graph.kind[targets] < 0]
    return int(heap.graph.size[node]) + int(heap.graph.size[raw].sum())


@pytest.mark.parametrize(
    "name",
    [
        *("ascii", "latin", "two bytes", "four bytes", "bytes", "bytearray", "list", "tuple", "dict", "set"),
        *("frozenset", "int", "small list", "small dict", "small tuple", "float", "subclass"),
    ],
)
def test_an_object_has_the_size_that_the_process_tells(found, name):
    told, heap = found
    at, size, kind = told[name]
    (node,) = heap.node_of(np.array([at], np.int64)).tolist()
    assert heap.graph.kind_name(node).rpartition(".")[2] == kind
    # Blocks are of 16 bytes, and a table's room is as it was allocated.
    assert size - 16 <= whole_bytes(heap, node) <= size * 1.02 + 64


def test_a_deques_blocks_hang_one_on_the_other(found):
    told, heap = found
    (node,) = heap.node_of(np.array([told["deque"][0]], np.int64)).tolist()
    seen, todo = set(), [node]
    while todo:
        for target in heap.graph.targets(todo.pop()).tolist():
            if heap.graph.kind[target] < 0 and target not in seen:
                seen.add(target)
                todo.append(target)
    assert sum(int(heap.graph.size[block]) for block in seen) >= told["deque"][1] * 0.9


@pytest.mark.parametrize("name", ["plain", "slotted"])
def test_an_instance_leads_to_what_it_holds(found, name):
    told, heap = found
    (node,) = heap.node_of(np.array([told[name][0]], np.int64)).tolist()
    near = set(heap.graph.targets(node).tolist())
    near |= {far for middle in near if heap.graph.kind[middle] < 0 for far in heap.graph.targets(middle).tolist()}
    assert "bytes" in {heap.graph.kind_name(target) for target in near}


def test_text_and_numbers_refer_to_nothing(found):
    told, heap = found
    for name in ("ascii", "four bytes", "bytes", "int"):
        (node,) = heap.node_of(np.array([told[name][0]], np.int64)).tolist()
        assert heap.graph.targets(node).size == 0


def test_the_graph_is_well_formed(found):
    _, heap = found
    graph = heap.graph
    assert (np.diff(graph.edge_offsets) >= 0).all()
    assert graph.edge_offsets[0] == 0
    assert graph.edge_offsets[-1] == graph.edge_targets.size
    assert graph.edge_targets.min() >= 0
    assert graph.edge_targets.max() < graph.nodes
    assert (graph.size >= 0).all()
    assert np.unique(graph.address).size == graph.nodes
    assert heap.objects == int((graph.kind >= 0).sum()) > 1000


def test_the_table_of_a_list_is_no_number_that_stood_in_its_block_before():
    """Four items take the block of a small number: behind the first pointer its type still stands."""
    program = r"""
class Item: pass
numbers = [1000 + number for number in range(4000)]
del numbers
lists = []
for number in range(2000):
    lists.append([])
    lists[-1].append(Item())
def told(): return [[id(one), id(one[0])] for one in lists]
def slack(): return 0
"""
    with living_heap(program) as living:
        told, heap = np.array(living.ask("told()"), np.int64), living.capture()
    lists, items = heap.node_of(told[:, 0]), heap.node_of(told[:, 1])
    assert (items >= 0).all()
    for one, item in zip(lists.tolist(), items.tolist(), strict=True):
        (table,) = heap.graph.targets(one).tolist()
        assert item in heap.graph.targets(table).tolist()
