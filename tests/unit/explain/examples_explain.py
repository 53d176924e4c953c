"""Holders that grew, and series beside them."""

from __future__ import annotations

from oakum.explain.causes.finding import Clue
from oakum.explain.source import Sites
from oakum.model.cause import CodePlace
from oakum.model.growth import HeapGrowth, HolderGrowth, PathStep, RootKind
from oakum.model.verdict import Forecast, Pattern, Verdict, VerdictName

MIB = 1 << 20
SECONDS = 10.0
PLACE = CodePlace("/srv/shop/cart.py", 12, "put", "self.entries[key] = value")


def holder(**changes):
    """A module's dict that gained 10 MiB, 1 MiB/s, in 1,000 items."""
    told = {
        "name": "shop.cart._seen",
        "kind": "dict",
        "root": RootKind.MODULE,
        "path": (PathStep("module shop.cart", ""), PathStep("dict", "global _seen")),
        "items_before": 1000,
        "items_after": 2000,
        "bytes_before": 10 * MIB,
        "bytes_after": 20 * MIB,
        "evicted_items": 0,
        "item_type": "shop.cart.Quote",
        "attribute": "_seen",
        "module": "shop.cart",
    }
    return HolderGrowth(**(told | changes))


def growth(*holders):
    return HeapGrowth(
        seconds=SECONDS,
        objects_before=5000,
        objects_after=9000,
        heap_bytes_before=20 * MIB,
        heap_bytes_after=31 * MIB,
        types=(),
        holders=holders,
        module_files={"shop.cart": "/srv/shop/cart.py"},
    )


def clue(sites=None, **changes):
    return Clue(holder(**changes), sites or Sites())


def series(name=VerdictName.SUSPECT, pattern=Pattern.LINEAR, rate_per_s=1.0 * MIB, **changes):
    told = {
        "name": name,
        "pattern": pattern,
        "probability": 0.75,
        "level": 64.0 * MIB,
        "rate_per_s": rate_per_s,
        "rate_interval": None if rate_per_s is None else (0.9 * rate_per_s, 1.1 * rate_per_s),
        "forecasts": (Forecast("limit", 100.0, 120.0, 150.0),),
        "reasons": ("it climbs",),
        "settles": "two captures",
    }
    return Verdict(**(told | changes))
