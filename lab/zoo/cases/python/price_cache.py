#: says = "A price client keeps every quote by customer, basket and minute in a dict on the instance; it never evicts."
#: kind = "leak"
#: causes = ["unbounded-cache"]
#: holder = ["QuoteClient", "_quotes"]
#: made = ["quote"]
#: per_s = 300
"""Quotes for baskets: rates by currency, discounts by customer group, and a client that asks the pricing engine."""

import itertools
import random
from collections import OrderedDict

from serving import serve

RATES = {"EUR": 1.0, "USD": 1.08, "CHF": 0.95, "PLN": 4.3}


class Groups:
    """Customer groups, at most 500 of them in memory."""

    def __init__(self):
        self._recent = OrderedDict()

    def discount(self, customer):
        if customer not in self._recent:
            self._recent[customer] = {"percent": customer % 7, "since": f"20{customer % 25:02}-01-01"}
            if len(self._recent) > 500:
                self._recent.popitem(last=False)
        return self._recent[customer]["percent"]


class Quote:
    def __init__(self, customer, lines, currency):
        self.customer = customer
        self.currency = currency
        self.lines = lines
        self.total = sum(line["price"] * line["count"] for line in lines) * RATES[currency]


class QuoteClient:
    def __init__(self, groups):
        self._groups = groups
        self._quotes = {}
        self.asked = 0

    def quote(self, customer, basket, minute, currency):
        key = (customer, basket, minute, currency)
        found = self._quotes.get(key)
        if found is None:
            self.asked += 1
            off = 1 - self._groups.discount(customer) / 100
            lines = [
                {"sku": f"SKU-{basket}-{line}", "price": off * (line + basket % 90), "count": 1 + line % 3}
                for line in range(22)
            ]
            found = self._quotes[key] = Quote(customer, lines, currency)
            if len(self._quotes) > 400:  #~ fixed
                del self._quotes[next(iter(self._quotes))]  #~ fixed
        return found


client = QuoteClient(Groups())
minutes = itertools.count()


def handle(number, path):
    customer = random.randrange(4000)
    quote = client.quote(customer, number % 911, number // 300, random.choice(list(RATES)))
    return f"{quote.total:.2f} {quote.currency}"


serve(handle)
