"""HEALTHY: a deque with maxlen that still fills."""

from collections import deque

from life import Life


class LogRecord:
    def __init__(self, number):
        self.message = f"request {number} served"
        self.fields = {
            "status": 200,
            "path": f"/item/{number}",
            "ms": number / 10,
            "ids": list(range(number, number + 20)),
        }


recent = deque(maxlen=150_000)

if __name__ == "__main__":
    for number in Life(item_bytes=1600).requests():
        recent.append(LogRecord(number))
