#: says = "Some seconds after the start the service reads its nightly price list once, 80 MB, and keeps it: one step."
#: kind = "healthy"
#: per_s = 250
"""Prices: a short list in the program, and the nightly list, which is read as soon as it has come."""

import collections
import random
import threading

from serving import serve

COMES_AT_REQUEST = 1600


class Price:
    def __init__(self, article, chance):
        self.article = f"A-{article:08}"
        self.net = chance.randrange(50, 100_000)
        self.steps = [(count, self.net * (100 - count) // 100) for count in (10, 20, 50)]


class PriceList:
    def __init__(self, day, count):
        chance = random.Random(day)
        self.day = day
        self.prices = {number: Price(number, chance) for number in range(count)}

    def of(self, article, count):
        price = self.prices[article % len(self.prices)]
        return next((net for most, net in reversed(price.steps) if count >= most), price.net)


class Prices:
    def __init__(self):
        self.current = PriceList(0, 500)
        self.asked = collections.Counter()
        self._due = threading.Event()
        threading.Thread(target=self._read_nightly, name="nightly", daemon=True).start()

    def _read_nightly(self):
        self._due.wait()
        self.current = PriceList(1, 130_000)

    def quote(self, number):
        if number == COMES_AT_REQUEST:
            self._due.set()
        self.asked[number % 50] += 1
        return self.current.of(number * 31, number % 60)


prices = Prices()


def handle(number, path):
    return f"{prices.quote(number)} of day {prices.current.day}"


serve(handle)
