"""The heap of a real child of this interpreter, decoded; the child does what it is told line by line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from oakum.heap.formats.python.layouts import LAYOUTS
from oakum.heap.formats.python.objects import PythonHeap, decode
from oakum.host.memory import LiveMemories
from oakum.model.absent import Absent
from oakum.probe.image import copy, wanted

LAYOUT = LAYOUTS[sys.version_info[:2]]
_PROLOGUE = """
import ctypes, json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30,) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1 & (1 << 64) - 1), 0, 0, 0)
"""
_EPILOGUE = """
print("ready", flush=True)
for _line in iter(sys.stdin.readline, ""):
    print(json.dumps(eval(_line)), flush=True)
"""


class LivingHeap:
    """``ask`` evaluates in the child's main module; ``capture`` copies and decodes its heap as it is now."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, expression: str) -> object:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{expression}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def capture(self) -> PythonHeap:
        memory = LiveMemories().open(self._process.pid)
        assert not isinstance(memory, Absent), memory
        try:
            heap = decode(copy(memory, wanted(memory)), LAYOUT)
        finally:
            memory.close()
        assert heap is not None
        return heap


@contextmanager
def living_heap(program: str) -> Iterator[LivingHeap]:
    """``program``: what the main module defines before it says that it is ready."""
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _PROLOGUE + program + _EPILOGUE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield LivingHeap(process)
        finally:
            process.kill()
