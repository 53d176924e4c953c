"""LEAK: loads an index at its start that is larger than its container, and is gone before anybody can look."""

import os
import time

print("loading the index", flush=True)
index = {}
while True:
    index[len(index)] = os.urandom(1024 * 1024)
    time.sleep(0.02)
