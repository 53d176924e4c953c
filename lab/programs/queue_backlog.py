"""LEAK: a queue whose consumer is slower than its producer."""

import queue
import threading
import time

from life import Life


class Mail:
    def __init__(self, number):
        self.to = f"user-{number}@example.org"
        self.subject = f"Your order {number} is on its way"
        self.body = [f"line {step} of mail {number}" for step in range(20)]


class Mailer:
    def __init__(self):
        self.outbox = queue.Queue()
        threading.Thread(target=self._send_slowly, name="mailer", daemon=True).start()

    def _send_slowly(self):
        while True:
            self.outbox.get()
            time.sleep(0.1)


mailer = Mailer()

if __name__ == "__main__":
    for number in Life(item_bytes=2000).requests():
        mailer.outbox.put(Mail(number))
