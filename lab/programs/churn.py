"""HEALTHY: constant size, everything in it replaced every few seconds."""

from life import Life

SLOTS = 8_000


class Position:
    def __init__(self, number):
        self.vehicle = f"vehicle-{number % SLOTS}"
        self.track = [(number + step) * 0.5 for step in range(48)]


positions = {}

if __name__ == "__main__":
    for slot in range(SLOTS):
        positions[slot] = Position(slot)
    for number in Life(item_bytes=1900).requests():
        positions[number % SLOTS] = Position(number)
