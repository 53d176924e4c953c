"""Values as JSON can hold them: no infinity, no NaN, no numpy, no half characters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import Enum

import numpy as np

from oakum.render.names import encodable


def finite(number: float | None) -> float | None:
    """None for what never comes (+inf) and for what is not a number."""
    return None if number is None or not math.isfinite(number) else float(number)


def plain(value: object) -> object:
    """``value`` made of dicts, lists, texts, finite numbers, booleans and None; anything else as its text."""
    if value is None or (isinstance(value, bool | int) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return finite(value)
    return _plain_many(value)


def _plain_many(value: object) -> object:
    if isinstance(value, Mapping):
        return {encodable(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | bytearray):
        return [plain(item) for item in value]
    return encodable(str(value))


def texts(values: Iterable[str]) -> list[str]:
    return [encodable(value) for value in values]
