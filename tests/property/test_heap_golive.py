"""Whatever stands in a Go executable gives a value, or says that it is not understood."""

from __future__ import annotations

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.heap.formats.golive.binary import read_binary
from oakum.heap.formats.golive.lines import Lines

FEW = settings(max_examples=60, deadline=None)
HEAD = struct.pack("<IHBB", 0xFFFFFFF1, 0, 1, 8)
ELF = b"\x7fELF\x02\x01".ljust(16, b"\0")


@FEW
@given(st.lists(st.integers(0, 400), min_size=8, max_size=8), st.binary(max_size=600))
def test_any_table_of_lines_answers_for_any_address(words, rest):
    try:
        lines = Lines(HEAD + struct.pack("<8Q", *words) + rest, 0x1000)
    except ValueError:
        return
    for pc in (0, 0x1000, 0x1001, 0x1100, 1 << 40):
        assert isinstance(lines.frames(pc), tuple)
        assert isinstance(lines.frame_bytes(pc), int)


@FEW
@given(st.binary(max_size=800))
def test_any_executable_answers(rest):
    raw = ELF + rest
    found = read_binary(lambda offset, size: raw[offset : offset + size])
    if found is not None:
        assert isinstance(found.variables(), list)
        found.lines_table()
        found.code(0x400000, 16)
