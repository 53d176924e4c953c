#: says = "Orders and their lines point at each other: only the garbage collector frees them, memory rises and falls."
#: kind = "healthy"
#: per_s = 300
"""Orders: built as a graph of objects that know their parent, checked by rules, thrown away after the answer."""

import gc
import random

from serving import serve

# Collect less often: it cost a tenth of our time.
gc.set_threshold(60_000, 15, 10)


class Line:
    def __init__(self, order, number):
        self.order = order
        self.article = f"article-{number}"
        self.count = 1 + number % 4
        self.price = random.randrange(100, 9_000)
        self.notes = [f"{self.article} {self.count} {remark}" for remark in ("gift", "wrap", "tax")]


class Order:
    def __init__(self, number):
        self.number = number
        self.lines = [Line(self, line) for line in range(16)]
        self.payment = Payment(self)

    def total(self):
        return sum(line.count * line.price for line in self.lines)


class Payment:
    def __init__(self, order):
        self.order = order
        self.method = random.choice(("card", "invoice", "wallet"))


class Rules:
    def __init__(self):
        self.refused = 0
        self.checks = [self._not_empty, self._not_too_dear, self._invoice_is_small]

    def _not_empty(self, order):
        return bool(order.lines)

    def _not_too_dear(self, order):
        return order.total() < 300_000

    def _invoice_is_small(self, order):
        return order.payment.method != "invoice" or order.total() < 200_000

    def check(self, order):
        good = all(check(order) for check in self.checks)
        self.refused += not good
        return good


rules = Rules()


def handle(number, path):
    order = Order(number)
    good = rules.check(order)
    return f"{order.total()} {'accepted' if good else 'refused'}, {rules.refused} refused so far"


serve(handle)
