"""Each loop over memory equals its slow twin in plain Python, on any memory."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.heap import kernels
from oakum.heap.tree import shortest_paths
from oakum.heap.tree.kernels import sum_upwards

PAGE, POOL = 4096, 4096
FEW = settings(max_examples=80, deadline=None)


class Memory:
    """Pieces of pages with gaps between them; words are read from a dict."""

    def __init__(self, pages, words):
        """``pages``: numbers of the pages that are there. ``words``: {index of word: value}, counted over the pages."""
        runs = []
        for page in sorted(pages):
            if runs and runs[-1][1] == page:
                runs[-1][1] = page + 1
            else:
                runs.append([page, page + 1])
        self.start = np.array([first * PAGE for first, _ in runs], np.int64)
        self.end = np.array([last * PAGE for _, last in runs], np.int64)
        length = self.end - self.start
        self.offset = np.concatenate(([0], np.cumsum(length)[:-1])).astype(np.int64)
        self.words = np.zeros(int(length.sum()) // 8, np.int64)
        for at, value in words.items():
            self.words[at % self.words.size] = value
        self.slot_base = self.offset >> 4
        self.slots = np.full(int(length.sum()) >> 4, -1, np.int32)
        self.at = {}
        for start, end, offset in zip(self.start.tolist(), self.end.tolist(), self.offset.tolist(), strict=True):
            for address in range(start, end, 8):
                self.at[address] = int(self.words[(offset + address - start) >> 3])

    @property
    def image(self):
        return self.words, self.start, self.end, self.offset

    @property
    def place(self):
        return self.start, self.end, self.slot_base, self.slots

    def put(self, address, value):
        """A word where one is."""
        piece = piece_of(self, address) - 1
        self.words[(int(self.offset[piece]) + address - int(self.start[piece])) >> 3] = value
        self.at[address] = value

    def mark(self, addresses):
        """Enters nodes and returns them: {address: number}, the first come where two claim one place."""
        known = {}
        for number, address in enumerate(addresses):
            if address % 16 == 0 and address in self.at and address not in known:
                known[address] = number
        kernels.mark(*self.place, np.array(addresses, np.int64), 0)
        return known


PAGES = st.sets(st.integers(1, 8), min_size=1, max_size=5)
ADDRESSES = st.integers(0, 10 * PAGE)
ALIGNED = ADDRESSES.map(lambda address: address & ~15)
WORDS = st.dictionaries(
    st.integers(0, 5 * PAGE // 8), ADDRESSES | ALIGNED | st.integers(-(2**63), 2**63 - 1), max_size=30
)
MEMORY = st.builds(Memory, PAGES, WORDS)


@FEW
@given(MEMORY, st.lists(ADDRESSES | st.integers(-(2**63), 2**63 - 1), max_size=40))
def test_a_word_is_fetched_where_one_is_and_is_nought_elsewhere(memory, addresses):
    found = kernels.fetch(*memory.image, np.array(addresses, np.int64))
    assert found.tolist() == [memory.at.get(address, 0) for address in addresses]


@FEW
@given(MEMORY, st.lists(ADDRESSES | ALIGNED, max_size=40), st.lists(ADDRESSES | ALIGNED, max_size=40))
def test_a_node_is_found_at_its_own_begin_and_nowhere_else(memory, nodes, asked):
    known = memory.mark(nodes)
    found = kernels.look_up(*memory.place, np.array(asked, np.int64))
    assert found.tolist() == [known.get(address, -1) for address in asked]


SIZES = (16, 32, 64, 528, 1024)


@st.composite
def linked(draw):
    """(memory, nodes): blocks one behind the other in two pieces, whose words mostly lead to the begin of a block.

    A node is (begin, size, kind, addresses of the two words that own nothing).
    """
    memory = Memory({1, 2, 4}, {})
    begins, sizes = [], []
    for start, end in zip(memory.start.tolist(), memory.end.tolist(), strict=True):
        at = start
        for size in draw(st.lists(st.sampled_from(SIZES), min_size=1, max_size=4)):
            begins.append(at)
            sizes.append(min(size, end - at))
            at += sizes[-1]
    target = st.sampled_from(begins) | st.sampled_from([begins[0] + 8, 0, 3 * PAGE, -16])
    nodes = []
    for begin, size in zip(begins, sizes, strict=True):
        places = [0, 1, 65] if size == 528 else [0, 1]
        for word in places:
            memory.put(begin + 8 * word, draw(target))
        skipped = [draw(st.sampled_from([0, begin, begin + 8, begin + 16])) for _ in range(2)]
        nodes.append((begin, size, draw(st.sampled_from([-1, -1, 0, 2])), skipped))
    return memory, nodes


@settings(max_examples=200, deadline=None)
@given(linked())
def test_edges_are_the_words_that_lead_to_another_node(case):
    memory, nodes = case
    known = memory.mark([begin for begin, *_ in nodes])
    # One extent leads out of what was copied: it is not read at all.
    nodes[-1] = (nodes[-1][0], 1 << 20, *nodes[-1][2:])

    def edges(node):
        begin, size, kind, skipped = nodes[node]
        found = []
        for number in range(size // 8 if size < 1 << 20 else 0):
            target = known.get(memory.at[begin + 8 * number], -1)
            if begin + 8 * number in skipped or target in {-1, node}:
                continue
            # Of two raw blocks: a free list's link, and a table that is another object's.
            raw = kind < 0 and nodes[target][2] < 0
            if raw and (number == 0 or (nodes[target][1] > 512 and (size, number) != (528, 65))):
                continue
            found.append(target)
        return found

    expected = [edges(node) for node in range(len(nodes))]
    begin, size, kind, skipped = zip(*nodes, strict=True)
    arrays = (
        np.array(begin, np.int64),
        np.array(size, np.int64),
        np.array(kind, np.int32),
        np.array(skipped, np.int64),
    )
    degree = kernels.count_edges(*memory.image, memory.slot_base, memory.slots, *arrays)
    assert degree.tolist() == [len(found) for found in expected]
    offsets = np.concatenate(([0], np.cumsum(degree))).astype(np.int64)
    targets = kernels.fill_edges(*memory.image, memory.slot_base, memory.slots, *arrays, offsets)
    assert targets.tolist() == [target for found in expected for target in found]


def piece_of(memory, address):
    return int(np.searchsorted(memory.start, address, side="right"))


@st.composite
def pools(draw):
    """(memory, {address of block: size}, pools): whole pools with some blocks free, torn ones and strangers."""
    count = draw(st.integers(1, 4))
    memory = Memory(set(range(1, count + 1)), {})
    blocks, heads = {}, []
    for number in range(count):
        at, base = memory.offset[0] // 8 + number * POOL // 8, (1 + number) * POOL
        index = draw(st.integers(0, 31))
        size = (index + 1) * 16
        room = (POOL - 48) // size
        handed = draw(st.integers(1, room))
        free = draw(st.lists(st.integers(0, handed - 1), unique=True, max_size=handed - 1))
        damage = draw(st.sampled_from(["", "", "size", "count", "last", "next", "free"]))
        head = {
            "count": handed - len(free) if damage != "count" else 0,
            "index": index if damage != "size" else 77,
            "next": 48 + handed * size if damage != "next" else 48 + handed * size + 8,
            "last": POOL - size if damage != "last" else POOL,
        }
        links = [base + 48 + place * size for place in free] + [0]
        first = links[0] if damage != "free" else base + 3 * POOL
        memory.words[at] = head["count"]
        memory.words[at + 1] = first
        memory.words[at + 4] = head["index"] << 32
        memory.words[at + 5] = head["next"] | head["last"] << 32
        for link, after in zip(links, links[1:], strict=False):
            memory.words[at + (link - base) // 8] = after
        if not damage:
            heads.append(base)
            blocks |= {base + 48 + place * size: size for place in range(handed) if place not in free}
    return memory, blocks, heads


@FEW
@given(pools())
def test_blocks_are_those_that_were_handed_out_and_not_given_back(case):
    memory, blocks, heads = case
    wanted = np.ones(memory.start.size, np.bool_)
    address, size, found = kernels.find_blocks(*memory.image, wanted, POOL)
    assert found.tolist() == heads
    assert dict(zip(address.tolist(), size.tolist(), strict=True)) == blocks
    nothing = kernels.find_blocks(*memory.image, ~wanted, POOL)
    assert [part.size for part in nothing] == [0, 0, 0]


@FEW
@given(MEMORY)
def test_no_memory_breaks_the_search_for_blocks(memory):
    address, size, heads = kernels.find_blocks(*memory.image, np.ones(memory.start.size, np.bool_), POOL)
    assert address.size == size.size
    inside = {head: head + POOL for head in heads.tolist()}
    for at, length in zip(address.tolist(), size.tolist(), strict=True):
        assert any(head + 48 <= at and at + length <= end for head, end in inside.items())


@FEW
@given(
    MEMORY,
    st.sets(ALIGNED, min_size=1, max_size=6),
    st.lists(st.tuples(ALIGNED, st.integers(16, 512)), max_size=12),
    st.data(),
)
def test_a_head_is_a_count_and_a_type_where_that_type_keeps_it(memory, types, blocks, data):
    types = sorted(types)
    heads = data.draw(st.lists(st.sampled_from([0, 16, 32]), min_size=len(types), max_size=len(types)))
    for at, _ in blocks:
        place = at + data.draw(st.sampled_from([0, 16, 32]))
        if place in memory.at and place + 8 in memory.at:
            memory.put(place, data.draw(st.sampled_from([1, 7, 0, -1, (1 << 32) - 1, 1 << 33, 1 << 50, at, *types])))
            memory.put(place + 8, data.draw(st.sampled_from(types) | ADDRESSES))

    def head(at, length):
        if at not in memory.at:
            return 0, -1
        for before in (0, 16, 32):
            if before + 16 > length or at + before + 8 not in memory.at:
                break
            count, kind = memory.at[at + before], memory.at[at + before + 8]
            counted = 0 < count < 1 << 33 and (count < 1 << 16 or (count not in types and count & ~7 not in memory.at))
            if counted and kind in types and heads[types.index(kind)] == before:
                return before, types.index(kind)
        return 0, -1

    whole = [(at, length) for at, length in blocks if at not in memory.at or at + 40 in memory.at]
    whole = [
        (at, length) for at, length in whole if at not in memory.at or piece_of(memory, at) == piece_of(memory, at + 40)
    ]
    shift, kind = kernels.find_heads(
        *memory.image,
        np.array([at for at, _ in whole], np.int64),
        np.array([length for _, length in whole], np.int32),
        np.array(types, np.int64),
        np.array(heads, np.int32),
    )
    assert list(zip(shift.tolist(), kind.tolist(), strict=True)) == [head(*block) for block in whole]


EDGES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30)


@FEW
@given(EDGES, st.lists(st.sets(st.integers(0, 9), max_size=3), min_size=1, max_size=3))
def test_shortest_paths_go_from_the_first_group_that_reaches(edges, groups):
    ordered = sorted(edges)
    offsets = np.searchsorted([source for source, _ in ordered], np.arange(11)).astype(np.int64)
    targets = np.array([target for _, target in ordered], np.int32)
    parent, depth, which = shortest_paths(offsets, targets, [np.array(sorted(group), np.int32) for group in groups])
    expected_depth, expected_which = {}, {}
    for number, group in enumerate(groups):
        layer, steps = [node for node in group if node not in expected_depth], 0
        while layer:
            for node in layer:
                expected_depth[node], expected_which[node] = steps, number
            layer = list({far for near, far in edges if near in layer and far not in expected_depth})
            steps += 1
    assert depth.tolist() == [expected_depth.get(node, -1) for node in range(10)]
    assert which.tolist() == [expected_which.get(node, -1) for node in range(10)]
    for node in range(10):
        if depth[node] > 0:
            assert (int(parent[node]), node) in edges
            assert depth[parent[node]] == depth[node] - 1
        else:
            assert parent[node] == -1


@FEW
@given(st.data())
def test_a_sum_over_a_tree_is_its_own_and_that_of_all_below(data):
    count = data.draw(st.integers(1, 20))
    above = [0] + [data.draw(st.integers(0, node - 1)) for node in range(1, count)]
    value = data.draw(st.lists(st.integers(0, 1000), min_size=count, max_size=count))
    found, vertex = np.empty(count, np.int64), np.arange(count, dtype=np.int32)[::-1].copy()
    # The virtual root's node stands behind the values: it has none of its own.
    value[0] = 0
    by_node = np.array(value[:0:-1], np.int64)
    sum_upwards(np.array(above, np.int32), vertex, by_node, found)

    def below(node):
        return value[node] + sum(below(child) for child in range(1, count) if above[child] == node)

    assert found.tolist() == [below(node) for node in range(count)]
