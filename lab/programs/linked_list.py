"""LEAK: a linked list: no container grows, each node holds only the one before it."""

from life import Life


class Version:
    def __init__(self, number, previous):
        self.previous = previous
        self.number = number
        self.text = [f"paragraph {step} of version {number}" for step in range(16)]


class Document:
    def __init__(self):
        self.current = None

    def edit(self, number):
        self.current = Version(number, self.current)


document = Document()

if __name__ == "__main__":
    for number in Life(item_bytes=1800).requests():
        document.edit(number)
