"""LEAK: a class attribute in which every instance registers itself."""

from life import Life


class Order:
    registry = {}

    def __init__(self, number):
        self.number = number
        self.customer = f"customer-{number % 5000}"
        self.items = [(f"sku-{step}", number + step) for step in range(12)]
        Order.registry[number] = self

    def total(self):
        return sum(cents for _, cents in self.items)


if __name__ == "__main__":
    for number in Life(item_bytes=2200).requests():
        Order(number).total()
