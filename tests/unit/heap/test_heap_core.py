"""Cores: blocks by class and size, what no pointer leads to, who leads to most; what is broken is said."""

from __future__ import annotations

import numpy as np
import pytest
from core_files import ARENA, DATA, HEAP, PAGE, PATH, PROGRAM, STACK_POINTER, VTABLE, Block, Core, given, heap, program
from hypothesis import given as chosen
from hypothesis import settings
from hypothesis import strategies as st

from oakum.heap.analysis import analyze
from oakum.heap.difference import difference, sketch
from oakum.heap.means import Means
from oakum.model.cause import CauseName
from oakum.model.errors import CallerError, DataError

SESSION = Block(256, words=(VTABLE,))
SMALL = [Block(48) for _ in range(12)]


def shared(data):
    """Every segment begins where the first does."""
    raw = bytearray(data)
    rows = range(64, 64 + 56 * int.from_bytes(raw[56:58], "little"), 56)
    loads = [at for at in rows if raw[at] == 1]
    for at in loads:
        raw[at + 8 : at + 16] = raw[loads[0] + 8 : loads[0] + 16]
    return bytes(raw[: 4 * PAGE])


def read(data, **means):
    return analyze(np.frombuffer(data, np.uint8), file="core", told=lambda _: None, means=Means(**means))


def rows(report):
    return {row.name: row.count for row in report.classes}


def test_blocks_are_counted_by_class_and_by_size_and_free_ones_are_not():
    blocks = [SESSION] * 5 + SMALL + [Block(320, used=False), Block(64)]
    report = read(Core(blocks).data())
    assert rows(report) == {
        "objects of shop::Session": 5,
        "blocks of 25 to 40 bytes": 12,
        "blocks of 41 to 56 bytes": 1,
    }
    assert (report.total.objects, report.total.bytes) == (18, 5 * 256 + 12 * 48 + 64)
    assert (report.format, report.partial) == ("core", False)
    assert "server, x86-64, 1 thread" in report.runtime


def test_what_no_pointer_leads_to_is_lost_with_what_only_it_leads_to():
    blocks = [Block(256, words=(VTABLE, 0, 0)), *SMALL]
    name = given(blocks, 3)
    blocks[0] = Block(256, words=(VTABLE, name))
    held = {8 * at: given(blocks, number) for at, number in enumerate(range(1, 13)) if number != 3}
    report = read(Core(blocks, globals_=held).data())
    (lost,) = [suspect for suspect in report.suspects if suspect.lost]
    assert lost.holder == "nothing holds objects of shop::Session"
    assert lost.cause is CauseName.NATIVE_ALLOCATION
    assert (lost.count, lost.retained_bytes, lost.item_type) == (1, 256 + 48, "shop::Session")
    assert (report.unreachable.objects, report.unreachable.bytes) == (2, 304)
    assert report.reachable.objects == 11


def test_blocks_that_lead_to_each_other_in_a_circle_are_lost_too():
    blocks = [Block(64), Block(64), *SMALL]
    first, second = given(blocks, 0), given(blocks, 1)
    blocks[0], blocks[1] = Block(64, words=(second,)), Block(64, words=(first,))
    held = {8 * at: given(blocks, number) for at, number in enumerate(range(2, 14))}
    report = read(Core(blocks, globals_=held).data())
    assert report.unreachable.objects == 2
    assert report.suspects[0].retained_bytes == 128


@pytest.mark.parametrize("place", ["globals_", "stack", "registers", "interior", "mapped", "through"])
def test_a_pointer_anywhere_keeps_a_block(place):
    blocks = [SESSION, Block(64), *SMALL]
    address = given(blocks, 0)
    more = {
        "globals_": {"globals_": {64: address}},
        "stack": {"stack": {STACK_POINTER % PAGE: address}},
        "registers": {"registers": {4: address}},
        "interior": {"globals_": {64: address + 100}},
        "mapped": {"more": {0x2000_0000: address.to_bytes(8, "little").ljust(PAGE, b"\0")}},
        "through": {"globals_": {64: given(blocks, 1)}},
    }[place]
    if place == "through":
        blocks[1] = Block(64, words=(address,))
    report = read(Core(blocks, **more).data())
    assert not [suspect for suspect in report.suspects if suspect.lost and "Session" in suspect.holder]
    assert report.reachable.objects == (2 if place == "through" else 1)


@pytest.mark.parametrize(
    "more",
    [{"stack": {8: "address"}}, {"globals_": {64: "head"}}, {"globals_": {64: "end"}}, {"globals_": {68: "address"}}],
    ids=["below the stack pointer", "malloc's own list", "behind it", "unaligned"],
)
def test_what_is_no_pointer_keeps_nothing(more):
    blocks = [Block(64), SESSION, *SMALL]
    places = {"address": given(blocks, 1), "head": given(blocks, 1) - 16, "end": given(blocks, 1) + 240}
    filled = {name: {at: places[told] for at, told in words.items()} for name, words in more.items()}
    report = read(Core(blocks, **filled).data())
    assert [suspect for suspect in report.suspects if suspect.lost and "Session" in suspect.holder]


def test_a_global_that_leads_to_most_is_named_by_its_symbol_and_by_what_it_leads_to():
    blocks = [Block(1024), *[SESSION] * 100, *SMALL]
    blocks[0] = Block(1024, words=[given(blocks, number) for number in range(1, 101)])
    data = Core(blocks, globals_={64: given(blocks, 0)}).data()
    asked = []

    def files(path):
        asked.append(path)
        return program({"_ZN4shopL5tableE": (DATA - PROGRAM + 64, 24)})

    report = read(data, files=files)
    held = next(suspect for suspect in report.suspects if not suspect.lost)
    assert (held.holder, held.item_type) == ("global shop::table of server", "shop::Session")
    assert held.retained_bytes == 1024 + 100 * 256
    assert asked == [PATH]
    plain = next(suspect for suspect in read(data).suspects if not suspect.lost)
    assert plain.holder == f"data of server at {DATA + 64:#x}"


def test_a_class_without_type_information_is_named_by_its_symbol_or_by_its_place():
    data = Core([SESSION] * 20, named=False).data()
    assert "objects of vtable at server+0x110" in rows(read(data))
    symbols = program({"_ZTVN4shop7SessionE": (VTABLE - PROGRAM - 16, 24)})
    assert "objects of shop::Session" in rows(read(data, files=lambda _: symbols))


def test_heaps_of_other_arenas_and_blocks_that_are_mappings_are_found():
    head = b"".join(word.to_bytes(8, "little") for word in (ARENA + 32, 0, 2 * PAGE, 2 * PAGE))
    arena = (head.ljust(2224, b"\0") + heap([Block(96)] * 20, end=2 * PAGE - 2224)).ljust(2 * PAGE, b"\0")
    block = b"\0" * 8 + (2 * PAGE | 2).to_bytes(8, "little")
    report = read(Core(SMALL, more={ARENA: arena, 0x3000_0000: block.ljust(2 * PAGE, b"\0")}).data())
    assert rows(report)["blocks of 73 to 88 bytes"] == 20
    assert rows(report)["blocks of 8169 to 8184 bytes"] == 1


def test_lost_blocks_say_what_they_look_like():
    text = [Block(320, text=b"request 1234 of tenant-7, and what it wanted to have")] * 20
    (lost,) = read(Core(text).data()).suspects
    assert lost.title.endswith("no pointer leads to them; they begin with text")
    assert "tenant" not in repr(lost)


def test_free_blocks_between_are_waste():
    report = read(Core([Block(64), *[Block(1 << 20, used=False), Block(64)] * 4]).data())
    assert [(waste.what, waste.count, waste.wasted_bytes) for waste in report.waste] == [("free blocks", 4, 4 << 20)]


def test_segments_that_are_aligned_to_nothing_are_read():
    report = read(Core([SESSION] * 20, pad=1576).data())
    assert rows(report) == {"objects of shop::Session": 20}
    assert rows(read(Core([SESSION] * 20, pad=1573).data())) == {"objects of shop::Session": 20}


def test_without_registers_nothing_is_told_as_lost():
    report = read(Core([SESSION] * 20, notes=False).data())
    assert (report.suspects, report.reach_known, report.partial) == ((), False, True)
    assert rows(report) == {"blocks of 233 to 248 bytes": 20}
    assert any("registers" in warning for warning in report.warnings)


def test_a_core_that_is_cut_off_is_counted_as_far_as_it_goes():
    data = Core([SESSION] * 60).data()
    at = data.index((256 | 1).to_bytes(8, "little"), PAGE) - 8
    report = read(data[: at + 256 * 40])
    assert report.partial
    assert not report.reach_known
    assert 30 <= report.total.objects <= 40
    assert any("cut off" in warning for warning in report.warnings)


def test_another_allocator_is_said_and_is_nothing_broken():
    report = read(Core([]).data())
    assert (report.total.objects, report.partial) == (0, False)
    assert any("jemalloc" in warning for warning in report.warnings)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda data: data[:4] + b"\x01" + data[5:], "32-bit"),
        (lambda data: data[:5] + b"\x02" + data[6:16] + b"\0\4" + data[18:], "big-endian"),
        (lambda data: data[:18] + b"\xf3\0" + data[20:], "machine 243"),
        (lambda data: data[:32] + b"\xff" * 8 + data[40:], "table of segments"),
        (lambda data: data[:40], "cut off"),
        (shared, "share bytes"),
    ],
)
def test_another_architecture_and_broken_tables_are_told(change, why):
    with pytest.raises(DataError) as told:
        read(change(Core([SESSION] * 20).data()))
    assert why in told.value.why


def test_two_cores_tell_which_class_grew():
    few, many = (Core([SESSION] * count + SMALL).data() for count in (10, 90))
    pair = [
        sketch(np.frombuffer(data, np.uint8), file=name, told=lambda _: None)
        for name, data in (("a", few), ("b", many))
    ]
    diff = difference(pair)
    assert (diff.grown[0].name, diff.grown[0].counts) == ("objects of shop::Session", (10, 90))
    assert diff.suspects[0].holder == "nothing holds objects of shop::Session"
    assert diff.suspects[0].growth == (10 * 256, 90 * 256)


def test_a_program_is_no_core_and_a_core_is_not_searched_for_paths():
    from oakum.heap.formats.detect import read_dump  # noqa: PLC0415

    with pytest.raises(DataError) as told:
        read(program({}))
    assert "no core" in told.value.why
    with pytest.raises(CallerError):
        read_dump(np.frombuffer(Core([SESSION]).data(), np.uint8))


@settings(max_examples=150, deadline=None)
@chosen(st.data())
def test_any_change_gives_an_answer_or_a_data_error(data):
    blocks = [SESSION, *SMALL, Block(320, used=False), Block(64)]
    core = Core(
        blocks,
        globals_={64: given(blocks, 2)},
        more={0x3000_0000: b"\0" * 8 + (PAGE | 2).to_bytes(8, "little") + bytes(PAGE - 16)},
    )
    raw = bytearray(core.data())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 8))
        raw[at : at + 8] = data.draw(
            st.sampled_from([0, 1, 2, 33, 4097, HEAP, HEAP + 16, 2**63 - 1, 2**64 - 1, 2**31])
        ).to_bytes(8, "little")
    try:
        report = read(bytes(raw[: data.draw(st.integers(0, len(raw)))]) or b"\0")
    except DataError:
        return
    assert report.reachable.objects + report.unreachable.objects == report.total.objects
    assert report.reachable.bytes + report.unreachable.bytes == report.total.bytes
    assert min(report.unreachable.objects, report.unreachable.bytes) >= 0


def test_symbols_that_are_broken_name_nothing():
    data = Core([SESSION] * 20, named=False).data()
    symbols = program({"_ZTV7Session": (VTABLE - PROGRAM - 16, 24)})
    for cut in (10, 70, 120, len(symbols) - 1):
        assert rows(read(data, files=lambda _, cut=cut: symbols[:cut]))
