"""LEAK: a module-level dict of a package (shop/cart.py: _seen)."""

from life import Life
from shop import cart

if __name__ == "__main__":
    for number in Life(item_bytes=2600).requests():
        cart.add(f"customer-{number}", f"sku-{number % 97}", 1)
