"""A copy of a live heap with words that are wrong: it is decoded and compared, or refused, and never anything else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from oakum.heap import compare
from oakum.heap.formats.python.layouts import LAYOUTS
from oakum.heap.formats.python.objects import decode
from oakum.host.memory import LiveMemories
from oakum.model.growth import HeapGrowth
from oakum.probe.image import copy, wanted

PROGRAM = """
import ctypes, sys
from collections import deque
ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1 & (1 << 64) - 1), 0, 0, 0)
class Item:
    def __init__(self, number): self.number, self.text = number, "i" * 900 + str(number)
rows, index, queue = [Item(n) for n in range(900)], {n: {n} for n in range(900)}, deque(range(900))
print("ready", flush=True)
sys.stdin.read()
"""
LAYOUT = LAYOUTS[sys.version_info[:2]]


@pytest.fixture(scope="module")
def image():
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        memory = LiveMemories().open(process.pid)
        found = copy(memory, wanted(memory))
        memory.close()
        process.stdin.close()
        return found


def chance(words, at, rng):
    words[at] = rng.integers(-(2**63), 2**63 - 1, at.size)


def others(words, at, rng):
    words[at] = words[rng.integers(0, words.size, at.size)]


def edges(words, at, rng):
    words[at] = rng.choice(np.array([0, -1, 1, 8, 48, 2**31, 2**62, -(2**63)]), at.size)


def near(words, at, rng):
    words[at] += rng.integers(-64, 64, at.size)


@pytest.mark.parametrize("share", [1e-5, 1e-3, 1e-2])
@pytest.mark.parametrize("damage", [chance, others, edges, near])
def test_a_torn_copy_is_read_as_far_as_it_goes(image, damage, share):
    whole = decode(image, LAYOUT)
    rng = np.random.default_rng(7)
    buffer = image.buffer.copy()
    words = buffer.view(np.int64)
    damage(words, rng.integers(0, words.size, max(1, int(words.size * share))), rng)
    torn = decode(replace(image, buffer=buffer), LAYOUT)
    assert torn is not None
    growth = compare(whole, torn, 1.0)
    assert isinstance(growth, HeapGrowth)
    assert growth.objects_after == torn.objects > 0


@pytest.mark.parametrize("layout", [layout for layout in LAYOUTS.values() if layout != LAYOUT], ids=str)
def test_a_heap_read_as_another_versions_is_read_or_refused(image, layout):
    heap = decode(image, layout)
    assert heap is None or compare(heap, heap, 1.0).holders == ()
