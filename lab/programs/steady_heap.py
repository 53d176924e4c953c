"""HEALTHY: a large index built at the start (a million objects and more), then only read."""

from life import Life


class Word:
    __slots__ = ("documents", "text")

    def __init__(self, number):
        self.text = f"word-{number}"
        self.documents = (number, number + 1, number + 2)


if __name__ == "__main__":
    index = {number: Word(number) for number in range(400_000)}
    found = 0
    for number in Life(item_bytes=2000).requests():
        found += len(index[number % len(index)].documents)
