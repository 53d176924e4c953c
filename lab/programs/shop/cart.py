"""Baskets, and a guard against adding one line twice."""

_seen = {}


class CartLine:
    def __init__(self, customer, sku, quantity):
        self.customer = customer
        self.sku = sku
        self.quantity = quantity
        self.options = {"gift": False, "note": f"for {customer}", "sku": sku, "steps": list(range(1000, 1040))}


def add(customer, sku, quantity):
    """Returns False for a line that was added before."""
    key = f"{customer}:{sku}"
    if key in _seen:
        return False
    _seen[key] = CartLine(customer, sku, quantity)
    return True
