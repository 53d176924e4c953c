"""HEALTHY: a catalogue that is loaded as it is asked for; after some seconds nearly all of it is there."""

import random

from life import Life

ITEMS = 12_000
loaded = {}


class Item:
    def __init__(self, number):
        self.name = f"item {number}"
        self.texts = [f"text {step} of item {number}" for step in range(20)]


def load(number):
    if number not in loaded:
        loaded[number] = Item(number)
    return loaded[number]


if __name__ == "__main__":
    draw = random.Random(1)
    for _ in Life(item_bytes=1000).requests():
        load(draw.randrange(ITEMS))
