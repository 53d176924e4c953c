"""LEAK in a child: PID 1 only starts a worker again when it ends, so the container never ends."""

import os
import time


def work():
    jobs = []
    while True:
        jobs.append(os.urandom(256 * 1024))
        time.sleep(0.02)


while True:
    worker = os.fork()
    if worker == 0:
        work()
    _, status = os.waitpid(worker, 0)
    print(f"worker {worker} ended by signal {os.WTERMSIG(status)}", flush=True)
    time.sleep(1)
