"""What every lab program lives by: a pace, an end, and a meter of the pauses that others impose on it.

Standard output, first line: ``ready pid=N``. Then one line per line on standard input:

- ``pause``: ``pause_s=S raw_pause_s=S``: the longest time in which the program's clock thread could not read the
  clock since ``reset``; the first without the program's own garbage collections.
- ``reset``: ``ok``.
- ``objects``: ``objects=N``: what the garbage collector tracks (strings and numbers are not in it).
- ``serve``: ``served=N`` once the program has done one more piece of work than when asked.

It ends when its time is up (``--for``), and when standard input closes: whoever started it holds the other end.
"""

import argparse
import gc
import os
import resource
import sys
import threading
import time

TICK_S = 0.02
METER_S = 0.005


class PauseMeter:
    """The largest gap between two readings of the monotonic clock, beyond the sleep between them."""

    def __init__(self):
        self.pause_s = 0.0
        self.raw_pause_s = 0.0
        self._collecting_s = 0.0
        self._collection_began_s = 0.0
        gc.callbacks.append(self._on_collection)
        threading.Thread(target=self._read_for_ever, daemon=True).start()

    def reset(self):
        self.pause_s = self.raw_pause_s = 0.0

    def _on_collection(self, phase, info):
        now_s = time.monotonic()
        if phase == "start":
            self._collection_began_s = now_s
        else:
            self._collecting_s += now_s - self._collection_began_s

    def _read_for_ever(self):
        before_s, collecting_s = time.monotonic(), self._collecting_s
        while True:
            time.sleep(METER_S)
            now_s, collecting_now_s = time.monotonic(), self._collecting_s
            gap_s = now_s - before_s - METER_S
            self.raw_pause_s = max(self.raw_pause_s, gap_s)
            self.pause_s = max(self.pause_s, gap_s - (collecting_now_s - collecting_s))
            before_s, collecting_s = now_s, collecting_now_s


class Life:
    """Options, handshake, pace."""

    def __init__(self, *, item_bytes):
        """``item_bytes``: about how much one piece of work adds (leaks) or turns over (healthy programs)."""
        self.options = _options()
        self._every_s = item_bytes / (self.options.rate * 1e6)
        self._ends_s = time.monotonic() + self.options.seconds
        self._served = 0
        self._progress = threading.Condition()
        limit_bytes = self.options.rlimit << 20
        resource.setrlimit(resource.RLIMIT_DATA, (limit_bytes, limit_bytes))

    def requests(self):
        """0, 1, 2, … at the pace that ``--rate`` asks for, in small bursts; a stall is not made up for."""
        self.begin()
        number, due_s = 0, time.monotonic()
        while (now_s := time.monotonic()) < self._ends_s:
            due_s = max(due_s, now_s - 10 * TICK_S)
            while due_s <= now_s:
                yield number
                number += 1
                due_s += self._every_s
            self.served(number)
            time.sleep(TICK_S)

    def begin(self):
        """Say that the program is ready. Only once, and after everything that it starts."""
        if self.options.as_user:
            # Here and not in whoever starts us: another user may not be able to read the interpreter.
            os.setgid(self.options.as_user)
            os.setuid(self.options.as_user)
        self.meter = PauseMeter()
        threading.Thread(target=self._answer, daemon=True).start()
        print(f"ready pid={os.getpid()}", flush=True)

    def served(self, number):
        with self._progress:
            self._served = number
            self._progress.notify_all()

    def _answer(self):
        replies = {"pause": self._pause, "reset": self._reset, "objects": self._objects, "serve": self._serve}
        for line in sys.stdin:
            reply = replies.get(line.strip())
            print("what?" if reply is None else reply(), flush=True)
        os._exit(0)

    def _pause(self):
        # Whoever was stopped may answer first; the meter ends its sleep only then.
        time.sleep(4 * METER_S)
        return f"pause_s={self.meter.pause_s:.6f} raw_pause_s={self.meter.raw_pause_s:.6f}"

    def _reset(self):
        self.meter.reset()
        return "ok"

    def _objects(self):
        # get_count() says nothing of the oldest generation; the list of all objects is short-lived.
        return f"objects={len(gc.get_objects())}"

    def _serve(self):
        with self._progress:
            before = self._served
            more = self._progress.wait_for(lambda: self._served > before, timeout=30)
        return f"served={self._served}" if more else "stuck"


def _options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=2.0, help="MB per second")
    parser.add_argument("--for", dest="seconds", type=float, default=120.0)
    parser.add_argument("--rlimit", type=int, default=768, help="MiB of data segment: the safety net")
    parser.add_argument("--as-user", type=int, default=0, metavar="UID", help="become this user before being ready")
    return parser.parse_args()
