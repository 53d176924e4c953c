"""The samples of a range query, straight out of its JSON: as lists of lists they would cost ten times the time.

A list for each sample is what a garbage collector walks through, again and again. So the long lists of
``"values":[[1717113660,"1"],…]`` are cut out first, and each is read as one flat list of numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson

from oakum.model.series import Floats

_BEGIN: Final = b'"values":[['
_END: Final = b"]]"
"""Neither can stand in a text of JSON: the quote would have a backslash before it."""

_DIGITS: Final = b"0123456789.eE+-"
_PAIR: Final = b',""],['
"""What is left of a pair without its digits, and what parts it from the next."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """``at_s``, ``value``: float64[n], as they were told: in any order."""

    at_s: Floats
    value: Floats


def decoded(content: bytes) -> Any:
    """As ``orjson.loads``, but ``values`` of each series is ``Pairs`` where it holds plain numbers only.

    Raises ValueError for what is no JSON.
    """
    found: list[Pairs] = []
    rest = bytearray()
    at = 0
    while (begin := content.find(_BEGIN, at)) >= 0:
        first = begin + len(_BEGIN)
        end = content.find(_END, first)
        pairs = _pairs(content[first:end]) if end >= 0 else None
        if pairs is None:
            return orjson.loads(content)
        rest += content[at:begin]
        rest += b'"values":%d' % len(found)
        found.append(pairs)
        at = end + len(_END)
    if not found:
        return orjson.loads(content)
    rest += content[at:]
    return _put_back(orjson.loads(rest), found, content)


def _put_back(told: Any, found: list[Pairs], content: bytes) -> Any:
    try:
        rows = told["data"]["result"]
        if [row["values"] for row in rows] != list(range(len(found))):
            return orjson.loads(content)
    except (KeyError, TypeError):
        return orjson.loads(content)
    for row, pairs in zip(rows, found, strict=True):
        row["values"] = pairs
    return told


def _pairs(text: bytes) -> Pairs | None:
    """``1717113660,"1"],[1717113720,"2"``: None for what is not exactly that."""
    count = text.count(b'"],[') + 1
    plain = text.count(b',"') == count and text.endswith(b'"')
    if not plain or text.translate(None, _DIGITS) != (_PAIR * count)[:-3]:
        return None
    try:
        flat = orjson.loads(b"[" + text.translate(None, b'[]"') + b"]")
    except ValueError:  # 007 is a number to some, and none to others
        return None
    both = np.array(flat, np.float64).reshape(count, 2)
    return Pairs(both[:, 0].copy(), both[:, 1].copy())
