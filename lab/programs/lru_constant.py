"""HEALTHY: an LRU cache whose bound is a constant of the module, filled within seconds."""

from collections import OrderedDict

from life import Life

MAX_ROUTES = 4_000


class Route:
    def __init__(self, number):
        self.start = f"city-{number}"
        self.stops = [f"stop {step} of route {number}" for step in range(20)]


ROUTES = OrderedDict()


def find_route(number):
    if number not in ROUTES:
        ROUTES[number] = Route(number)
        while len(ROUTES) > MAX_ROUTES:
            ROUTES.popitem(last=False)
    return ROUTES[number]


if __name__ == "__main__":
    for number in Life(item_bytes=1900).requests():
        find_route(number)
