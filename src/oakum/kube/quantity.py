"""Quantities as Kubernetes writes them: ``512Mi``, ``1.5G``, ``129e6``, ``128974848000m``.

Source: apimachinery pkg/api/resource/quantity.go. They are not ``model/units``: there ``m`` is no thousandth.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal
from typing import Final

_SHAPE: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d{1,3})|([KMGTPE]i|[numkMGTPE]))?", re.ASCII)
_FACTORS: Final = {
    "": Decimal(1),
    **{name: Decimal(1000) ** power for power, name in enumerate("kMGTPE", start=1)},
    **{f"{name}i": Decimal(1024) ** power for power, name in enumerate("KMGTPE", start=1)},
    **{name: Decimal(1000) ** -power for power, name in enumerate("mun", start=1)},
}
_MOST: Final = 2**63 - 1


def parse_quantity(text: str) -> int | None:
    """Whole units, rounded up as the API server does; None for what is no quantity."""
    found = _SHAPE.fullmatch(text)
    if found is None or len(text) > 64:
        return None
    number, exponent, suffix = found.groups()
    value = Decimal(f"{number}{exponent or ''}") * _FACTORS[suffix or ""]
    if abs(value) > _MOST:
        return _MOST if value > 0 else -_MOST
    return int(value.to_integral_value(ROUND_CEILING))
