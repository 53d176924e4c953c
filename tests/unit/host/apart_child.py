"""What the tests let a process apart do."""

from __future__ import annotations

import mmap
import os
import signal

from oakum.host.apart import _HEAD as HEAD
from oakum.host.apart import TOLD, serve
from oakum.model.errors import DataError, OakumError


def pour(request, poured):
    for size in request["sizes"]:
        poured(bytes(size))
    if request["broken"]:
        raise DataError("it is broken", why="a byte", next_step="take another")
    return "poured"


def work(request, told, poured):
    verb = request["verb"]
    if verb == "add":
        told("adding")
        return {"sum": int(request["left"]) + int(request["right"])}
    if verb == "pour":
        return pour(request, poured)
    if verb == "refuse":
        raise DataError("it is broken", why="a byte", next_step="take another")
    if verb == "grow":
        return len(bytearray(1 << 32))
    if verb == "signal":
        os.kill(os.getpid(), int(request["number"]))
    if verb == "wait":
        told(f"pid {os.getpid()}")
        signal.pause()
    if verb == "shrink":
        with open(str(request["file"]), "r+b") as file:  # noqa: PTH123
            mapped = mmap.mmap(file.fileno(), 0)
            file.truncate(0)
            return mapped[0]
    if verb == "stammer":
        # The head of a word of 99 bytes, and only some of them.
        os.write(1, HEAD.pack(TOLD, 99) + bytes(int(request["bytes"])))
        os.kill(os.getpid(), signal.SIGKILL)
    if verb == "crash":
        os.abort()
    raise OakumError(verb)


if __name__ == "__main__":
    serve(work)
