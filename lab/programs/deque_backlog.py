"""LEAK: a deque without a bound, appended to on every request and drained only by a job that nobody scheduled."""

from collections import deque

from life import Life


class Span:
    def __init__(self, number):
        self.trace = f"trace-{number:016x}"
        self.tags = {"route": f"/orders/{number}", "status": "200", "host": f"node-{number % 7}"}
        self.events = [(number + step, f"event-{step}-{number}") for step in range(8)]


class Tracer:
    def __init__(self):
        self.finished_spans = deque()

    def finish(self, span):
        self.finished_spans.append(span)

    def flush(self):
        self.finished_spans.clear()


tracer = Tracer()

if __name__ == "__main__":
    for number in Life(item_bytes=1900).requests():
        tracer.finish(Span(number))
