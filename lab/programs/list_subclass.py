"""LEAK: a subclass of list that keeps every entry."""

from life import Life


class AuditEntry:
    def __init__(self, number):
        self.actor = f"user-{number % 1000}"
        self.action = f"update order {number}"
        self.before = {"state": "open", "version": number, "who": self.actor}
        self.after = {"state": "paid", "version": number + 1, "who": self.actor}


class AuditTrail(list):
    """A list that knows who did what."""

    def note(self, entry):
        self.append(entry)


TRAIL = AuditTrail()

if __name__ == "__main__":
    for number in Life(item_bytes=900).requests():
        TRAIL.note(AuditEntry(number))
