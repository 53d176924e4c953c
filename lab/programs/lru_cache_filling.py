"""HEALTHY: functools.lru_cache with a bound that is reached only after minutes."""

import functools

from life import Life


class Thumbnail:
    def __init__(self, number):
        self.name = f"thumb-{number}.png"
        self.pixels = [number * 0.25 + step for step in range(48)]


@functools.lru_cache(maxsize=200_000)
def thumbnail(number):
    return Thumbnail(number)


if __name__ == "__main__":
    for number in Life(item_bytes=1900).requests():
        thumbnail(number)
