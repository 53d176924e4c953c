"""Changes that know how a format is built: what a random flip would take a year to find."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from fuzz.pieces import Piece, joined, pieces_of

MOST_CHANGES = 4
TELLING = (
    *(0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 32767, 65535, 65536),
    *(2**k + d for k in (31, 32, 53, 60, 62, 63, 64) for d in (-1, 0)),
    *(10**18 - 1, 10**18, 10**19, 10**30),
)
"""Numbers at the edges of what a field, a float or a table can hold."""

ODD_TEXT = (
    b'"\\ud800"',
    b'"\\udc00x"',
    b'"\\u0000"',
    b'"\\u202e"',
    b'"[/b][red]"',
    b'"\xff\xfe"',
    b'""',
    b'"\\"',
    b'"\x1b[2J"',
)
ODD_TOKENS = (b"null", b"-1", b"1e999", b"NaN", b"[", b"]", b"{", b"}", b",", b'"', b"true", b"1.5", b"Infinity")

NUMBER = re.compile(rb"\d+")

Change = Callable[[list[Piece], Random, str], None]


def mutated(reader: str, data: bytes, other: bytes, chance: Random, most_bytes: int) -> bytes:
    """``data`` with some changes, perhaps with parts of ``other``; at most ``most_bytes`` long."""
    pieces = pieces_of(reader, data) or [("block", b"")]
    for _ in range(chance.randint(1, MOST_CHANGES)):
        if chance.random() < 0.2:
            _splice(pieces, pieces_of(reader, other), chance)
        else:
            chance.choices(CHANGES, WEIGHTS)[0](pieces, chance, reader)
        pieces = pieces or [("block", b"")]
    whole = joined(reader, pieces)
    if chance.random() < 0.1:
        whole = whole[: chance.randint(0, len(whole))]
    return whole[:most_bytes]


def _drop(pieces: list[Piece], chance: Random, _: str) -> None:
    at, count = _stretch(pieces, chance)
    del pieces[at : at + count]


def _double(pieces: list[Piece], chance: Random, _: str) -> None:
    at, count = _stretch(pieces, chance)
    pieces[at:at] = pieces[at : at + count] * chance.choice((1, 1, 1, 2, 7))


def _swap(pieces: list[Piece], chance: Random, _: str) -> None:
    left, right = chance.randrange(len(pieces)), chance.randrange(len(pieces))
    pieces[left], pieces[right] = pieces[right], pieces[left]


def _flip(pieces: list[Piece], chance: Random, _: str) -> None:
    at = chance.randrange(len(pieces))
    room, body = pieces[at]
    if body:
        bit = chance.randrange(8 * len(body))
        changed = bytearray(body)
        changed[bit // 8] ^= 1 << bit % 8
        pieces[at] = room, bytes(changed)


def _cut(pieces: list[Piece], chance: Random, _: str) -> None:
    """A piece that is too short or too long for what it says of itself."""
    at = chance.randrange(len(pieces))
    room, body = pieces[at]
    if chance.random() < 0.5:
        pieces[at] = room, body[: chance.randint(0, len(body))]
    else:
        pieces[at] = room, body + chance.randbytes(chance.randint(1, 16))


def _number(pieces: list[Piece], chance: Random, _: str) -> None:
    """A count, an id or a length becomes one that lies."""
    at = chance.randrange(len(pieces))
    room, body = pieces[at]
    value = chance.choice(TELLING)
    if room == "token":
        numbers = [place for place, (_, found) in enumerate(pieces) if found[:1].isdigit()]
        if numbers:
            at = chance.choice(numbers)
            near = int(b"0" + b"".join(NUMBER.findall(pieces[at][1])[:1])) + chance.choice((-1, 1, 7))
            pieces[at] = room, str(chance.choice((value, near))).encode()
    elif body:
        wide = chance.choice((1, 2, 4, 4, 8))
        begin = chance.randint(0, max(0, len(body) - wide))
        told = (value & (1 << 8 * wide) - 1).to_bytes(wide, chance.choice(("big", "big", "little")))
        pieces[at] = room, body[:begin] + told + body[begin + wide :]


def _borrow(pieces: list[Piece], chance: Random, _: str) -> None:
    """An id or a token is that of another piece: cycles, classes that are arrays, arrays that are classes."""
    at, source = chance.randrange(len(pieces)), chance.choice(pieces)[1]
    room, body = pieces[at]
    if room == "token":
        kind = body[:1].isdigit()
        alike = [found for _, found in chance.sample(pieces, min(50, len(pieces))) if found[:1].isdigit() == kind]
        pieces[at] = room, chance.choice(alike or [source])
    elif len(body) >= 8 <= len(source):
        begin, end = chance.randint(0, len(body) - 8), chance.choice((1, 9, chance.randint(0, len(source) - 8)))
        pieces[at] = room, body[:begin] + source[end : end + 8] + body[begin + 8 :]


def _odd(pieces: list[Piece], chance: Random, _: str) -> None:
    """A name that no terminal, page or encoding likes."""
    if pieces[0][0] == "token" or pieces[-1][0] == "token":
        texts = [place for place, (_, found) in enumerate(pieces) if found[:1] == b'"']
        odd = chance.random() < 0.6 and texts
        at = chance.choice(texts) if odd else chance.randrange(len(pieces))
        pieces[at] = "token", chance.choice(ODD_TEXT if odd else ODD_TOKENS)
    else:
        at = chance.randrange(len(pieces))
        room, body = pieces[at]
        text = chance.choice(ODD_TEXT).strip(b'"')
        begin = chance.randint(0, len(body))
        pieces[at] = room, body[:begin] + text + body[begin + len(text) :]


CHANGES: tuple[Change, ...] = (_drop, _double, _swap, _flip, _cut, _number, _borrow, _odd)
WEIGHTS = (2, 2, 1, 3, 1, 5, 4, 2)


def _splice(pieces: list[Piece], others: Sequence[Piece], chance: Random) -> None:
    if others:
        at, count = _stretch(others, chance)
        place = chance.randrange(len(pieces) + 1)
        pieces[place : place + chance.choice((0, count))] = others[at : at + count]


def _stretch(pieces: Sequence[Piece], chance: Random) -> tuple[int, int]:
    """(where, how many): mostly few."""
    at = chance.randrange(len(pieces))
    return at, min(len(pieces) - at, chance.choice((1, 1, 1, 2, 3, 10, 100)))
