"""HEALTHY: garbage in cycles, collected late: the curve climbs and falls, its floor stays."""

import gc

from life import Life


class Request:
    def __init__(self, number):
        self.number = number
        self.headers = {"host": f"h{number}", "agent": f"a{number}", "body": [f"{number}-{step}" for step in range(20)]}
        self.response = Response(self)


class Response:
    def __init__(self, request):
        self.request = request


if __name__ == "__main__":
    # Several collections in each look, also where the machine is busy.
    gc.set_threshold(8_000, 10_000, 10_000)
    for number in Life(item_bytes=2000).requests():
        Request(number)
