"""The same price service without the leak: the cache has a bound, and what was not used for longest goes first."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oakum.showcase.http_face import serve
    from oakum.showcase.pricing import Quote, compute_quote
else:
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from http_face import serve
    from pricing import Quote, compute_quote

MAX_ENTRIES = 1000


class PriceCache:
    """Quotes that were computed before, at most MAX_ENTRIES of them."""

    def __init__(self) -> None:
        self.entries: OrderedDict[tuple[str, str], Quote] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, sku: str, basket: str) -> Quote:
        with self.lock:
            quote = self.entries.get((sku, basket))
            if quote is not None:
                self.entries.move_to_end((sku, basket))
        if quote is None:
            quote = compute_quote(sku, basket)
            with self.lock:
                self.entries[sku, basket] = quote
                while len(self.entries) > MAX_ENTRIES:
                    self.entries.popitem(last=False)
        return quote


CACHE = PriceCache()


def price(sku: str, basket: str, quantity: int) -> float:
    return CACHE.get(sku, basket).unit_price(quantity)


if __name__ == "__main__":
    serve(price)
