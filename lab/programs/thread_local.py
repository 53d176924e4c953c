"""LEAK: a thread-local list of breadcrumbs, meant for one request, in threads that never end."""

import queue
import threading

from life import Life

_context = threading.local()


class Breadcrumb:
    def __init__(self, number):
        self.message = f"request {number} began"
        self.data = {"path": f"/cart/{number}", "user": f"user-{number % 99}", "ids": list(range(number, number + 24))}


def handle(number):
    if not hasattr(_context, "breadcrumbs"):
        _context.breadcrumbs = []
    _context.breadcrumbs.append(Breadcrumb(number))


def work(requests):
    while True:
        handle(requests.get())


def main():
    requests = queue.Queue(maxsize=50)
    for _ in range(2):
        threading.Thread(target=work, args=(requests,), daemon=True).start()
    for number in Life(item_bytes=1900).requests():
        requests.put(number)


if __name__ == "__main__":
    main()
