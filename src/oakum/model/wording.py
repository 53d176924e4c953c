"""Names as words: what a developer called a field says something of what it is for, and a part of a word nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

SOMEBODY: Final = (
    "user", "visitor", "customer", "client", "player", "member", "tenant", "device", "token", "login",
    "cart_", "carts_", "basket", "presence", "online_", "shopper", "viewer", "guest", "account",
)  # fmt: skip
"""Who comes and goes: what is kept for one of them who has gone is state of a session."""


@lru_cache(maxsize=4096)
def worded(name: str) -> str:
    """``_user_session_store_`` of ``UserSessionStore`` and of ``user_session_store``: words between underscores."""
    return f"_{'_'.join(_WORD.findall(name)).lower()}_"


def says(name: str, hints: Iterable[str]) -> bool:
    """Whether a word of a name begins with one of the hints; with ``_`` at its end a hint is whole words."""
    told = worded(name)
    return any(f"_{hint}" in told for hint in hints)


def last_name(qualified: str) -> str:
    """``Session`` of ``shop.web.Session`` and of ``shop.Web$Session``."""
    return qualified.rpartition(".")[2].rpartition("$")[2]
