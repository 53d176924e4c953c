"""A copy of memory in pieces: what is in it, what is not, and what is no copy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.heap.image import Area, MemoryImage


def image(start, end, offset, *, size=None):
    start, end, offset = (np.array(part, np.int64) for part in (start, end, offset))
    size = int((end - start).sum()) if size is None else size
    area = np.full(start.size, Area.HEAP, np.int64)
    return MemoryImage((np.arange(size) % 251).astype(np.uint8), start, end, offset, area, ("",) * start.size)


@pytest.mark.parametrize(
    ("start", "end", "offset", "size"),
    [
        ([0], [16], [0], 12),
        ([0], [16], [8], 16),
        ([16], [0], [0], 16),
        ([0], [16], [-8], 16),
        ([0, 8], [16, 24], [0, 16], 32),
        ([4], [12], [0], 16),
        ([0], [8], [4], 16),
    ],
)
def test_pieces_that_do_not_fit_are_no_image(start, end, offset, size):
    with pytest.raises(ValueError, match="piece"):
        image(start, end, offset, size=size)


COPY = image([4096, 16384], [8192, 20480], [0, 4096])
CONTENT = {4096 + at: at % 251 for at in range(4096)} | {16384 + at: (4096 + at) % 251 for at in range(4096)}


@given(st.integers(0, 24_000), st.integers(-3, 5000))
def test_a_read_gives_what_was_copied_up_to_the_end_of_its_piece(address, size):
    expected = bytearray()
    while address in CONTENT and len(expected) < size:
        expected.append(CONTENT[address + len(expected)])
        if address + len(expected) not in CONTENT:
            break
    assert COPY.read(address, size) == bytes(expected)


@given(st.integers(0, 2**64 + 99))
def test_an_address_is_in_the_buffer_or_nowhere(address):
    place = COPY.locate(address)
    assert (place >= 0) == (address in CONTENT)
    assert place < 0 or COPY.buffer[place] == CONTENT[address]
    assert (COPY.word(address) == 0) or (address in CONTENT and address + 7 in CONTENT)


def test_text_ends_at_its_end_or_is_none():
    copy = image([0], [32], [0])
    copy.buffer[:] = np.frombuffer(b"shop\0" + b"x" * 27, np.uint8)
    assert (copy.text(0), copy.text(4), copy.text(5), copy.text(99)) == ("shop", "", "", "")
    assert copy.text(0, 3) == ""


def test_the_size_is_that_of_the_pieces():
    assert COPY.size_bytes == 8192
