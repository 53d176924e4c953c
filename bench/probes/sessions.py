"""``sessions.py COUNT``: holds so many sessions, replaces some all the time, and tells its longest pause when asked.

Standard output: ``ready``, then per line of standard input the longest pause since the last one, in seconds.
"""

import gc
import os
import resource
import sys
import threading
import time

TICK_S, METER_S, REPLACED = 0.01, 0.002, 2000


class Session:
    def __init__(self, number: int) -> None:
        self.user, self.cart, self.number = f"user-{number}", [number], number + (1 << 40)


def meter(longest: list[float]) -> None:
    before = time.monotonic()
    while True:
        time.sleep(METER_S)
        now = time.monotonic()
        longest[0] = max(longest[0], now - before - METER_S)
        before = now


def churn(sessions: dict[int, Session]) -> None:
    at = 0
    while True:
        for _ in range(REPLACED):
            sessions[at] = Session(at)
            at = (at + 1) % len(sessions)
        time.sleep(TICK_S)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))
    gc.disable()
    held = {number: Session(number) for number in range(int(sys.argv[1]))}
    pauses = [0.0]
    sys.setswitchinterval(0.0005)
    for work, told in ((meter, pauses), (churn, held)):
        threading.Thread(target=work, args=(told,), daemon=True).start()
    print("ready", flush=True)
    for _ in sys.stdin:
        time.sleep(4 * METER_S)
        print(f"{pauses[0]:.6f}", flush=True)
        pauses[0] = 0.0
    os._exit(0)
