"""LEAK: every visitor gets a session, and nobody takes it away."""

import os
import time

HURRY = float(os.environ.get("HURRY", "1"))
SESSIONS = {}


def visit(number):
    SESSIONS[f"visitor-{number}"] = {"basket": bytearray(os.urandom(64 * 1024)), "pages": [number]}


def main():
    number = 0
    while True:
        visit(number)
        if number % 64 == 0:
            print(f"served {number}", flush=True)
        number += 1
        time.sleep(0.0625 / HURRY)


main()
