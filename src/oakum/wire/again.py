"""When to ask again a server that said "not now"."""

from __future__ import annotations

from typing import Final

import httpx2

BUSY: Final = frozenset({429, 502, 503, 504})

BACK_OFF_S: Final = 0.25
"""The first wait after a refusal that names none; each next is twice as long."""


def pause_s(response: httpx2.Response, tried: int) -> float:
    """What the server asks for, or twice as long each time. ``tried``: from 1."""
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return BACK_OFF_S * 2.0 ** (tried - 1)
