"""Whether a libuv program handles a signal itself, by the handles in its memory."""

from __future__ import annotations

import struct

import pytest
from fake_machine import FakeMachine, FakePiece

from oakum.probe.handlers import PIECE_BYTES, handles

PAGE = 4096
HEAP, CODE = 0x0100_0000, 0x7F00_0000_0000
NUMBER = 10


def handle(number=NUMBER, *, kind=16, flags=4, loop=HEAP + 64, call=CODE + 16):
    """A uv_signal_t as uv.h lays it out on 64 bit."""
    head = struct.pack("<QQiiQ2Q4QQIi", 0, loop, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, flags, 0)
    return (head + struct.pack("<Qi", call, number)).ljust(152, b"\0")


def memory(content, at=256, *, size=4 * PAGE, absent=frozenset()):
    machine = FakeMachine()
    process = machine.start(("node", "app.js"))
    data = bytearray(size)
    data[at : at + len(content)] = content
    process.pieces[HEAP] = FakePiece(data, "[heap]", absent=absent)
    process.pieces[CODE] = FakePiece(bytearray(PAGE), "/usr/bin/node", writable=False, executable=True)
    return machine.memories.open(process.pid)


def test_a_handle_for_the_signal_is_found():
    assert handles(memory(handle()), NUMBER) is True


@pytest.mark.parametrize("at", [PIECE_BYTES - 160, PIECE_BYTES - 80, PIECE_BYTES - 8, PIECE_BYTES])
def test_one_that_lies_across_two_pieces_is_found_too(at):
    assert handles(memory(handle(), at, size=PIECE_BYTES + 2 * PAGE), NUMBER) is True


@pytest.mark.parametrize(
    "other",
    [
        handle(2),
        handle(kind=13),
        handle(flags=2),
        handle(loop=0x1000),
        handle(call=0x1000),
        handle(call=HEAP + 16),
        b"",
    ],
)
def test_what_only_looks_like_one_is_none(other):
    assert handles(memory(other), NUMBER) is False


def test_pages_that_are_not_in_memory_are_not_brought_back():
    assert handles(memory(handle(), absent=frozenset({0})), NUMBER) is False
