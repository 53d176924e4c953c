"""HEALTHY: one large piece of work long ago; of its small objects every fiftieth is still used, and pins its pool."""

from life import Life

if __name__ == "__main__":
    rows = [bytes(400) for _ in range(250_000)]
    kept = rows[::50]
    del rows
    found = 0
    for number in Life(item_bytes=2000).requests():
        found += len(kept[number % len(kept)])
