"""A real child process that answers over pipes: one word in, one line out. It ends when its input is closed."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

ENVIRONMENT = {"OAKUM_TEST_CHILD": "yes = true", "EMPTY": ""}
PATTERN = b"a rope unpicked into oakum" * 1000
ANSWERS_WITHIN_S = 10.0

_PROGRAM = """
import ctypes, mmap, os, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (512 << 20,) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
# Where yama allows only a parent to look, let any process: PR_SET_PTRACER, PR_SET_PTRACER_ANY.
ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1 & (1 << 64) - 1), 0, 0, 0)
pattern = ctypes.create_string_buffer(b"a rope unpicked into oakum" * 1000)
sparse = mmap.mmap(-1, 4 * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
sparse[0] = sparse[2 * mmap.PAGESIZE] = 1
address = ctypes.addressof((ctypes.c_char * 1).from_buffer(sparse))
print(ctypes.addressof(pattern), address, flush=True)
kept = []
for line in iter(sys.stdin.readline, ""):
    word, _, value = line.strip().partition(" ")
    if word == "grow":
        kept.append(b"x" * int(value))
    elif word == "threads":
        import threading
        for _ in range(int(value)):
            threading.Thread(target=threading.Event().wait, daemon=True).start()
    elif word == "note":
        import signal
        # A handler may come inside a print: only a plain write is safe there.
        signal.signal(int(value), lambda number, frame: os.write(1, b"signal %d\\n" % number))
    print(word, flush=True)
"""


@dataclass(frozen=True, slots=True)
class LiveChild:
    """``pattern_at``: where PATTERN lies. ``sparse_at``: four pages, of which the first and the third were touched."""

    process: subprocess.Popen[bytes]
    pattern_at: int
    sparse_at: int

    @property
    def pid(self) -> int:
        return self.process.pid

    def ask(self, line: str) -> str:
        self.tell(line)
        return self.answer()

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.answers(ANSWERS_WITHIN_S), "the child does not answer"
        return _line(self.process)

    def answers(self, within_s: float) -> bool:
        """Whether a line is there, or comes in time."""
        return bool(select.select([self.process.stdout], [], [], within_s)[0])

    def end(self) -> None:
        """Killed and reaped: its pid is free."""
        self.process.kill()
        self.process.wait()


def _line(process: subprocess.Popen[bytes]) -> str:
    # Byte by byte: what a buffer holds back, select() would not see.
    assert process.stdout is not None
    sign, text = os.read(process.stdout.fileno(), 1), b""
    while sign not in {b"\n", b""}:
        text, sign = text + sign, os.read(process.stdout.fileno(), 1)
    return text.decode()


@contextmanager
def live_child() -> Iterator[LiveChild]:
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT
    ) as process:
        try:
            pattern_at, sparse_at = _line(process).split()
            yield LiveChild(process, int(pattern_at), int(sparse_at))
        finally:
            process.kill()
