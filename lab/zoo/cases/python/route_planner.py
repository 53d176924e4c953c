#: says = "A delivery planner memoises a method with lru_cache(maxsize=None): every route ever asked for stays."
#: kind = "leak"
#: causes = ["unbounded-cache"]
#: holder = ["RoutePlanner", "legs_between"]
#: made = ["legs_between"]
#: per_s = 300
"""Delivery times: depots on a grid, parcels between them, legs with tolls, and a planner that knows the way."""

import functools
import math
import random

from serving import serve

GRID = 600
HOLIDAYS = frozenset({"2026-01-01", "2026-05-01", "2026-12-25"})


class Leg:
    __slots__ = ("begin", "end", "kilometres", "note", "toll")

    def __init__(self, begin, end, toll):
        self.begin = begin
        self.end = end
        self.kilometres = math.dist(begin, end)
        self.toll = toll
        self.note = f"{begin[0]}/{begin[1]} to {end[0]}/{end[1]}, toll {toll:.2f}"


class Tariff:
    def __init__(self):
        self.by_zone = {zone: 0.4 + zone * 0.03 for zone in range(40)}

    def toll(self, place):
        return self.by_zone[(place[0] + place[1]) % 40]


class RoutePlanner:
    def __init__(self, tariff, steps=14):
        self.tariff = tariff
        self.steps = steps

    @functools.lru_cache(maxsize=None)  #~ leak
    @functools.lru_cache(maxsize=256)  #~ fixed
    def legs_between(self, begin, end):
        places = [
            (
                begin[0] + (end[0] - begin[0]) * step / self.steps,
                begin[1] + (end[1] - begin[1]) * step / self.steps,
            )
            for step in range(self.steps + 1)
        ]
        return [
            Leg(one, other, self.tariff.toll((int(one[0]), int(one[1]))))
            for one, other in zip(places, places[1:], strict=False)
        ]

    def hours(self, begin, end, day):
        legs = self.legs_between(begin, end)
        slower = 1.3 if day in HOLIDAYS else 1.0
        return slower * sum(leg.kilometres for leg in legs) / 62


planner = RoutePlanner(Tariff())


def handle(number, path):
    begin = (random.randrange(GRID), random.randrange(GRID))
    end = (random.randrange(GRID), random.randrange(GRID))
    return f"{planner.hours(begin, end, '2026-03-02'):.1f} h"


serve(handle)
