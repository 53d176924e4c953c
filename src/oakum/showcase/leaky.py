"""A price service that leaks: every answer is kept for ever.

Each customer's basket has an id of its own and the id is part of the key, so no entry is ever asked for twice,
and nothing removes one.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oakum.showcase.http_face import serve
    from oakum.showcase.pricing import Quote, compute_quote
else:
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from http_face import serve
    from pricing import Quote, compute_quote


class PriceCache:
    """Quotes that were computed before."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Quote] = {}
        self.lock = threading.Lock()

    def get(self, sku: str, basket: str) -> Quote:
        with self.lock:
            quote = self.entries.get((sku, basket))
        if quote is None:
            quote = compute_quote(sku, basket)
            with self.lock:
                self.entries[sku, basket] = quote
        return quote


CACHE = PriceCache()


def price(sku: str, basket: str, quantity: int) -> float:
    return CACHE.get(sku, basket).unit_price(quantity)


if __name__ == "__main__":
    serve(price)
