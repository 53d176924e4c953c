"""LEAK: a list that only a closure holds."""

from life import Life


class Reading:
    def __init__(self, number):
        self.sensor = f"sensor-{number % 40}"
        self.samples = [number * 0.5 + step for step in range(60)]


def make_recorder():
    history = []

    def record(reading):
        history.append(reading)
        return sum(reading.samples) / len(reading.samples)

    return record


on_reading = make_recorder()

if __name__ == "__main__":
    for number in Life(item_bytes=2200).requests():
        on_reading(Reading(number))
