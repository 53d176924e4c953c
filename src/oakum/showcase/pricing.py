"""What both variants of the price service compute: a quote with its volume discounts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

TIERS = 40
"""Volume discounts per quote; it sets how much one quote weighs (about 11 KB)."""


@dataclass
class Tier:
    """From ``quantity`` pieces on, one piece costs ``unit_price`` cents."""

    quantity: int
    unit_price: float
    label: str


@dataclass
class Quote:
    """The answer to one basket's question."""

    sku: str
    basket: str
    currency: str
    tiers: list[Tier]

    def unit_price(self, quantity: int) -> float:
        reached = [tier.unit_price for tier in self.tiers if tier.quantity <= quantity]
        return reached[-1]


def compute_quote(sku: str, basket: str) -> Quote:
    """Stands for the slow query that made somebody add a cache."""
    list_price = 500 + int.from_bytes(hashlib.sha256(sku.encode()).digest()[:2], "big")
    tiers = [_tier(sku, list_price, step) for step in range(TIERS)]
    return Quote(sku, basket, "EUR", tiers)


def _tier(sku: str, list_price: int, step: int) -> Tier:
    quantity = 1 + step * 25
    return Tier(quantity, list_price * (1 - 0.01 * step), f"{sku} from {quantity} pieces")
