"""LEAK: behind worker threads, a deduplicator that remembers every job for ever."""

import queue
import threading

from life import Life


class Job:
    def __init__(self, number):
        self.number = number
        self.payload = [f"row-{number}-{step}" for step in range(20)]


class Deduplicator:
    def __init__(self):
        self._done = {}
        self._lock = threading.Lock()

    def first_time(self, job):
        with self._lock:
            if job.number in self._done:
                return False
            self._done[job.number] = job
            return True


class WorkerPool:
    def __init__(self, size):
        self.jobs = queue.Queue(maxsize=100)
        self.deduplicator = Deduplicator()
        self.finished = 0
        for index in range(size):
            threading.Thread(target=self._work, name=f"worker-{index}", daemon=True).start()

    def _work(self):
        while True:
            job = self.jobs.get()
            if self.deduplicator.first_time(job):
                self.finished += 1


def main():
    pool = WorkerPool(4)
    for number in Life(item_bytes=1700).requests():
        pool.jobs.put(Job(number))


if __name__ == "__main__":
    main()
