"""Rust's objects behind traits: told by the table beside each pointer, in a core and in a process that lives."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from core_files import CODE, HEAP, PATH, PROGRAM, Block, Core, given, heap, program

from oakum.heap.analysis import analyze
from oakum.heap.formats.native.trait_tables import MARK, TraitTable, TraitTables
from oakum.heap.means import Means
from oakum.model.process import Region
from oakum.probe.native_traits import functions_of, trait_objects

TABLE, OTHER = PROGRAM + 0x400, PROGRAM + 0x440
NAMES = {
    "_ZN4core3ptr34drop_in_place$LT$shop..Session$GT$17h0123456789abcdefE": (0x1010, 0x10),
    "_ZN47_$LT$shop..Session$u20$as$u20$shop..Payload$GT$6weight17h0123456789abcdefE": (0x1020, 0x10),
}
WORDS = {TABLE: (CODE + 0x10, 224, 8, CODE + 0x20, 0), OTHER: (0, 32, 8, CODE + 0x30, 0)}


def rust(symbols=NAMES):
    """The file of a program that rustc made: its tables stand where the core has no memory of its own."""
    raw = bytearray(program(symbols, kind=2))
    raw += bytes(max(0, 0x1000 - len(raw))) + MARK
    return bytes(raw)


class Memory:
    def read(self, address, size):
        own = next((at for at in WORDS if at <= address < at + 40), None)
        raw = b"" if own is None else struct.pack("<5Q", *WORDS[own])[address - own :]
        return raw.ljust(size, b"\0")[:size]


def tables(function=lambda _: "", memory=None):
    return TraitTables(
        memory or Memory(),
        lambda at: CODE <= at < CODE + 0x100,
        lambda at: PROGRAM <= at < CODE,
        lambda at: f"server+{at - PROGRAM:#x}",
        function,
    )


def test_a_table_is_told_by_most_of_its_functions():
    names = {CODE + 0x10: "_RNvXC4shopNtB2_4CartNtB2_7Payload4dropx", CODE + 0x20: next(iter(reversed(NAMES)))}
    assert tables(lambda at: names.get(at, "")).table(TABLE) == TraitTable("shop::Session", 224)


def test_a_table_without_symbols_is_told_by_its_place():
    assert tables().table(TABLE) == TraitTable("the type whose table is at server+0x400", 224)


@pytest.mark.parametrize(
    "words",
    [
        (CODE + 0x10, 0, 8, CODE + 0x20),
        (CODE + 0x10, 224, 3, CODE + 0x20),
        (CODE + 0x10, 225, 8, CODE + 0x20),
        (CODE + 0x10, 1 << 40, 8, CODE + 0x20),
        (HEAP, 224, 8, CODE + 0x20),
        (0, 224, 8, 0),
    ],
)
def test_what_only_looks_like_a_table_is_none(words):
    class Other:
        def read(self, _, size):
            return struct.pack("<4Q", *words).ljust(size, b"\0")[:size]

    assert tables(memory=Other()).table(TABLE) is None
    assert tables().table(TABLE + 4) is None
    assert tables().table(HEAP) is None


@pytest.mark.parametrize(("room", "fits"), [(232, True), (248, True), (24, False), (216, False), (264, False)])
def test_a_block_has_room_for_the_type_alone_or_behind_two_counters(room, fits):
    assert TraitTable("shop::Session", 224).fits(room) is fits
    assert TraitTable("shop::Tag", 8).fits(24)


def rows():
    """Five boxed sessions and a vector of their pairs; blocks beside them that nothing types."""
    boxed = [Block(240, words=(7,)) for _ in range(5)]
    plain = [Block(48) for _ in range(12)]
    blocks = [*boxed, Block(208), *plain]
    pairs = [word for number in range(5) for word in (given(blocks, number), TABLE)]
    # The twice-held one counts once; a pointer into the middle of a block is none of these.
    pairs += [given(blocks, 0), TABLE, given(blocks, 6) + 8, TABLE]
    blocks[5] = Block(208, words=pairs)
    return blocks


class RustCore(Core):
    def _segments(self):
        found = super()._segments()
        at = next(number for number, row in enumerate(found) if row[0] == PROGRAM)
        address, flags, raw, size = found[at]
        constants = bytearray(raw)
        for place, words in WORDS.items():
            constants[place - PROGRAM : place - PROGRAM + 40] = struct.pack("<5Q", *words)
        found[at] = (address, flags, bytes(constants), size)
        return found


def read(core, file):
    means = Means(files=lambda path: file if path == PATH else b"")
    return analyze(np.frombuffer(core.data(), np.uint8), file="core", told=lambda _: None, means=means)


def test_a_core_tells_objects_behind_traits_once_each_and_who_leads_to_them():
    blocks = rows()
    report = read(RustCore(blocks, globals_={8: given(blocks, 5)}), rust())
    counts = {row.name: (row.count, row.shallow_bytes) for row in report.classes}
    assert counts["objects of shop::Session"] == (5, 5 * 240)
    assert counts["blocks of 25 to 40 bytes"][0] == 12
    assert sum(count for count, _ in counts.values()) == len(blocks)
    assert [suspect.item_type for suspect in report.suspects if not suspect.lost] == ["shop::Session"]


def test_a_core_of_another_language_has_no_such_types():
    blocks = rows()
    report = read(RustCore(blocks, globals_={8: given(blocks, 5)}), program(NAMES, kind=2))
    assert not any("shop::Session" in row.name for row in report.classes)


class Living:
    """Port Memory of a program with one heap."""

    def __init__(self, blocks):
        self.heap = heap(blocks)

    def read_present(self, address, size):
        return self.heap[address - HEAP : address - HEAP + size]

    def mapped(self, _, offset, size):
        return rust()[offset : offset + size]


def region(start, offset, *, executable=False):
    return Region(
        start=start, end=start + 0x1000, readable=True, writable=False, executable=executable, private=True,
        offset=offset, inode=1, path=PATH,
    )  # fmt: skip


def test_a_living_program_tells_objects_behind_traits_and_what_they_take():
    regions = [region(PROGRAM, 0), region(CODE, 0x1000, executable=True)]
    memory = Living(rows())
    found = trait_objects(memory, regions, [(HEAP, HEAP + len(memory.heap))], [], tables(functions_of(memory, regions)))
    assert [(kind.address, kind.name, kind.count, kind.bytes) for kind in found] == [(TABLE, "shop::Session", 5, 1200)]


def test_pairs_that_lead_to_blocks_that_are_free_again_are_no_objects():
    blocks = [Block(240, used=False) if number < 4 else block for number, block in enumerate(rows())]
    memory = Living(blocks)
    assert trait_objects(memory, [region(PROGRAM, 0)], [(HEAP, HEAP + len(memory.heap))], [], tables()) == []
