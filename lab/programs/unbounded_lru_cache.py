"""LEAK: functools.lru_cache(maxsize=None) on a function whose arguments never repeat."""

import functools

from life import Life


class Invoice:
    def __init__(self, customer, number):
        self.customer = customer
        self.lines = [f"{number}-{step}: {step * 7} EUR" for step in range(20)]


@functools.lru_cache(maxsize=None)  # noqa: UP033  (as people write it)
def render_invoice(customer, number):
    return Invoice(customer, number)


if __name__ == "__main__":
    for number in Life(item_bytes=2000).requests():
        render_invoice(f"customer-{number % 300}", number)
