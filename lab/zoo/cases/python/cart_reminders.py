#: says = "Each touched cart schedules a reminder with loop.call_later an hour ahead; the earlier one is not cancelled."
#: kind = "leak"
#: causes = ["timer"]
#: holder = ["remind"]
#: made = ["touch"]
#: per_s = 300
"""Carts of a shop on asyncio: who leaves a cart for an hour is reminded of it once."""

import asyncio
import collections

from serving import serve

REMIND_AFTER_S = 3600
PRICES = {sku: 5 + sku % 70 for sku in range(900)}


class Cart:
    def __init__(self, customer):
        self.customer = customer
        self.lines = collections.deque(maxlen=25)

    def add(self, sku):
        self.lines.append((sku, PRICES[sku]))

    def total(self):
        return sum(price for _, price in self.lines)


class Outbox:
    def __init__(self):
        self.recent = collections.deque(maxlen=200)

    def send(self, customer, text):
        self.recent.append((customer, text))


class Reminders:
    def __init__(self, outbox):
        self.outbox = outbox
        self.waiting = {}

    def touch(self, cart):
        mail = {
            "to": f"customer-{cart.customer}@example.org",
            "lines": [f"article {sku} at {price:.2f} for customer {cart.customer}" for sku, price in cart.lines],
            "total": cart.total(),
        }
        loop = asyncio.get_running_loop()
        earlier = self.waiting.pop(cart.customer, None)
        if earlier is not None:  #~ fixed
            earlier.cancel()  #~ fixed
        self.waiting[cart.customer] = loop.call_later(REMIND_AFTER_S, self.remind, cart, mail)

    def remind(self, cart, mail):
        if self.waiting.pop(cart.customer, None):
            self.outbox.send(mail["to"], f"{len(mail['lines'])} articles wait for you: {mail['total']:.2f}")


reminders = Reminders(Outbox())
carts = {customer: Cart(customer) for customer in range(300)}


async def handle(number, path):
    cart = carts[number % len(carts)]
    for sku in range(number % 850, number % 850 + 9):
        cart.add(sku)
    reminders.touch(cart)
    return f"{cart.total():.2f}"


serve(handle)
