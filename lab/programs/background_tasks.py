"""LEAK: background tasks that wait for an event that nobody sets, kept in a set so that they are not collected."""

import asyncio
import threading

from life import Life

_background_tasks = set()


class Notification:
    def __init__(self, number):
        self.to = f"user-{number}"
        self.lines = [f"line {step} for {number}" for step in range(20)]


async def deliver(notification, acknowledged):
    await acknowledged.wait()
    return notification.to


def send(number):
    task = asyncio.ensure_future(deliver(Notification(number), asyncio.Event()))
    _background_tasks.add(task)
    task.add_done_callback(_background_tasks.discard)


def main():
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    for number in Life(item_bytes=3400).requests():
        loop.call_soon_threadsafe(send, number)


if __name__ == "__main__":
    main()
