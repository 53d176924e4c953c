"""LEAK: a master that puts a new worker in the place of one that ended; every worker keeps all its invoices.

Standard input belongs to the master. ``replace``: the worker is ended and another one started; ``leaking=N``.
All other questions go to the worker over a socket pair.
"""

import os
import signal
import socket
import sys

from life import Life


class Invoice:
    def __init__(self, number):
        self.number = number
        self.lines = [f"line {step} of invoice {number}" for step in range(20)]


class InvoiceArchive:
    def __init__(self):
        self.invoices = []

    def keep(self, invoice):
        self.invoices.append(invoice)


ARCHIVE = InvoiceArchive()


def run_worker(end):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(end.fileno(), 0)
    os.dup2(end.fileno(), 1)
    for number in Life(item_bytes=2000).requests():
        ARCHIVE.keep(Invoice(number))
    os._exit(0)


class Worker:
    def __init__(self):
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            run_worker(theirs)
        theirs.close()
        self._end, self._file = ours, ours.makefile("rw")
        self._file.readline()

    def ask(self, line):
        self._file.write(line)
        self._file.flush()
        return self._file.readline().rstrip("\n")

    def end(self):
        # Closing its socket ends the worker, as closing a pipe ends every other program.
        self._file.close()
        self._end.close()
        os.waitpid(self.pid, 0)


def main():
    worker = Worker()
    print(f"ready pid={os.getpid()} leaking={worker.pid}", flush=True)
    for line in sys.stdin:
        if line.strip() == "replace":
            worker.end()
            worker = Worker()
            print(f"leaking={worker.pid}", flush=True)
        else:
            print(worker.ask(line), flush=True)
    worker.end()


if __name__ == "__main__":
    main()
