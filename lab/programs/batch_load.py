"""HEALTHY: every few seconds a batch is loaded, summed up and dropped."""

from life import Life

BATCH = 6_000


class Row:
    def __init__(self, number):
        self.key = f"row-{number}"
        self.columns = [f"c{step}-{number}" for step in range(20)]


if __name__ == "__main__":
    batch, totals = [], {}
    for number in Life(item_bytes=1700).requests():
        batch.append(Row(number))
        if len(batch) == BATCH:
            totals["last"] = sum(len(row.columns) for row in batch)
            batch = []
