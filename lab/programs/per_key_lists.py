"""LEAK: a fixed number of keys, each with a list that grows: the dict stays small, what it holds does not."""

from collections import defaultdict

from life import Life


class Sample:
    def __init__(self, number):
        self.at = number / 7
        self.value = number * 1.25
        self.labels = {"host": f"node-{number % 13}", "series": f"s-{number}"}


class MetricStore:
    def __init__(self):
        self.points = defaultdict(list)

    def record(self, name, sample):
        self.points[name].append(sample)


metrics = MetricStore()

if __name__ == "__main__":
    for number in Life(item_bytes=600).requests():
        metrics.record(f"metric.{number % 50}", Sample(number))
