"""LEAK: a pre-fork server: the master and two workers are fine, one worker keeps every answer.

Standard input belongs to the master; it asks the leaking worker over a socket pair.
"""

import os
import signal
import socket
import sys

from life import Life

WORKERS = 3


class Answer:
    def __init__(self, number):
        self.number = number
        self.rows = [f"row {step} of {number}" for step in range(20)]


class ReportCache:
    def __init__(self):
        self.reports = {}

    def get(self, number):
        if number not in self.reports:
            self.reports[number] = Answer(number)
        return self.reports[number]


CACHE = ReportCache()


def run_worker(index, end):
    """The worker's standard input and output are its end of the pair, so it answers as any other program does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(end.fileno(), 0)
    os.dup2(end.fileno(), 1)
    for number in Life(item_bytes=1900).requests():
        if index == 1:
            CACHE.get(number)
        else:
            Answer(number)
    os._exit(0)


def start_workers():
    ends, pids = [], []
    for index in range(WORKERS):
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            for end in (*ends, ours):
                end.close()
            run_worker(index, theirs)
        theirs.close()
        ends.append(ours)
        pids.append(pid)
    return ends, pids


def main():
    ends, pids = start_workers()
    files = [end.makefile("rw") for end in ends]
    for file in files:
        file.readline()
    leaking = files[1]
    print(f"ready pid={os.getpid()} leaking={pids[1]}", flush=True)
    for line in sys.stdin:
        leaking.write(line)
        leaking.flush()
        print(leaking.readline().rstrip("\n"), flush=True)
    # Closing their sockets ends the workers, as closing a pipe ends every other program.
    for file, end in zip(files, ends):
        file.close()
        end.close()
    for pid in pids:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
