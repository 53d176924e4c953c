"""LEAK: each connection listens to the hub, and a connection that ends does not stop listening."""

import os
import time

HURRY = float(os.environ.get("HURRY", "1"))


class Connection:
    def __init__(self, hub, number):
        self.unread = bytearray(os.urandom(64 * 1024))
        self.number = number
        hub.listeners.append(self.hear)

    def hear(self, message):
        self.number = message


class Hub:
    def __init__(self):
        self.listeners = []


HUB = Hub()
number = 0
while True:
    Connection(HUB, number)
    if number % 64 == 0:
        print(f"connected {number}", flush=True)
    number += 1
    time.sleep(0.0625 / HURRY)
