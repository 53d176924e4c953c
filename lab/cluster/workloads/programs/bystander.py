"""HEALTHY: takes what it needs at its start, and nothing more."""

import os
import time

MODEL_MIB = 450
model = [os.urandom(1024 * 1024) for _ in range(MODEL_MIB)]
print(f"loaded {len(model)} MiB", flush=True)
while True:
    time.sleep(1)
