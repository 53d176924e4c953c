"""Names of keys with what changes from key to key left out: ``session:8f3a…:cart`` becomes ``session:*:cart``.

First each name by itself: ids, numbers, dates (here). Then all together, in a tree of bounded size (``pattern_tree``),
which finds the words that are ids though they do not look like it.

Names come by thousands: those passes that see each of them run over all of them as one text, and begin with a sign that
is rare. What needs a closer look is done once for each different name that is left.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

LONGEST: Final = 256
"""Of a longer name only so many bytes are looked at."""

MOST_KNOWN: Final = 50_000
"""So many names that were looked at closely are remembered."""

_MARKS: Final = bytes.maketrans(b"\x01\x02", b"??")
"""Two signs that names hardly have stand for what was left out: of an id, and of a number."""

_UUID: Final = re.compile(rb"-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-")
"""Its middle; what stands beside it is taken along later."""
_MIXED: Final = re.compile(rb"[0-9]+[A-Za-z]+[0-9][0-9A-Za-z]*")
"""Letters between digits: hexadecimal, base36, base62, ULID. ``oauth2token`` and ``3rd`` have none."""
_NUMBER: Final = re.compile(
    rb"[0-9](?<![-:/.|#_\n]v[0-9])(?<![-:/.|#_\n]v[0-9][0-9])[0-9]*(?!(?<=[A-Za-z][0-9])[A-Za-z])"
)
"""``v2`` and ``v12`` are no ids, and neither is the digit of ``s3bucket``."""

_ID: Final = re.compile(rb"[A-Za-z]*\x01[A-Za-z\x01\x02]*")
_HEX: Final = re.compile(rb"(?<![A-Za-z])[A-Fa-f]*\x02[A-Fa-f]*(?![A-Za-z])")
_PARTS: Final = re.compile(rb"[^:/.|#]+")
_WORD: Final = re.compile(rb"[A-Z]?[a-z]+(?:[A-Z][a-z]+)*|[A-Z]+|[a-z]*\x02")
_ROW: Final = re.compile(rb"\*(?:[-._+@T: ]{0,1}\*)+Z?")
_BARE: Final = re.compile(rb"(?<![^:/|#])[-_]*\*(?:[-_.@]*\*)*[-_]*(?=[:/|#]|$)")


class Normaliser:
    """Remembers what it has looked at, up to a bound."""

    def __init__(self) -> None:
        self._known: dict[bytes, bytes] = {}

    def patterns(self, keys: Sequence[bytes]) -> list[bytes]:
        """One for each key, in their order."""
        known = self._known
        rough = _rough(keys)
        for name in set(rough):
            if name not in known:
                if len(known) >= MOST_KNOWN:
                    known.clear()
                known[name] = _fine(name)
        try:
            return [known[name] for name in rough]
        except KeyError:  # forgotten on the way, for there were too many
            return [known.get(name) or _fine(name) for name in rough]

    def counted(self, keys: Sequence[bytes]) -> Counter[bytes]:
        return Counter(self.patterns(keys))


def _rough(keys: Sequence[bytes]) -> list[bytes]:
    """Without numbers and ids; marks stand in their places."""
    if not keys:
        return []
    text = b"\n" + b"\n".join(keys)
    if len(text) > (len(keys) + 1) * LONGEST or text.count(b"\n") != len(keys):
        text = b"\n" + b"\n".join([key[:LONGEST].replace(b"\n", b" ") for key in keys])
    text = _UUID.sub(b"\x01", text.translate(_MARKS))
    return _NUMBER.sub(b"\x02", _MIXED.sub(b"\x01", text)).split(b"\n")[1:]


def _fine(name: bytes) -> bytes:
    if b"\x01" not in name and b"\x02" not in name:
        return name
    name = _HEX.sub(b"\x02", name)
    if b"\x01" in name:
        name = _PARTS.sub(_absorbed, _ID.sub(b"\x01", name))
    return tidy(name.translate(bytes.maketrans(b"\x01\x02", b"**")))


def _absorbed(match: re.Match[bytes]) -> bytes:
    """Of one part: what stands by an id, joined by ``-`` or ``_``, and is no word, is of the id: base64 of URLs."""
    part = match[0]
    if b"\x01" not in part or (b"-" not in part and b"_" not in part):
        return part
    words = re.split(rb"([-_])", part)
    return b"".join(
        word if index % 2 or word == b"\x01" or not word or _WORD.fullmatch(word) else b"\x01"
        for index, word in enumerate(words)
    )


def tidy(pattern: bytes) -> bytes:
    """Stars in a row are one: what is left of dates, addresses, fractions and base64."""
    return _BARE.sub(b"*", _ROW.sub(b"*", pattern)) if b"*" in pattern else pattern
