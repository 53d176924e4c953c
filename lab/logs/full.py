"""Runs out of its address space, or does its work."""

import sys


def fill():
    kept = []
    while True:
        kept.append(bytearray(1 << 24))


def work():
    print("done", sum(range(1000)))


fill() if sys.argv[1] == "fill" else work()
