"""LEAK: a global set of strings. Strings are not tracked by the garbage collector: a walk of its lists sees none."""

from life import Life

processed_message_ids = set()


def handle(message_id):
    if message_id in processed_message_ids:
        return
    processed_message_ids.add(message_id)


if __name__ == "__main__":
    for number in Life(item_bytes=260).requests():
        handle(f"{number:032x}-{'order-events-partition'}-{number * 2654435761 % 2**32:08x}-" + "abcdefgh" * 12)
