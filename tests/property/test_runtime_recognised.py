"""Whatever stands in a program's files and memory, it is recognised as something, and nothing else happens."""

from __future__ import annotations

from fake_machine import FakeMachine, FakePiece
from hypothesis import given
from hypothesis import strategies as st

from oakum.model.runtime import Runtime
from oakum.probe import runtime_marks
from oakum.probe.mapped import Mark
from oakum.probe.runtime import recognise

MARKS = [mark.needle for mark in vars(runtime_marks).values() if isinstance(mark, Mark)]
TEXTS = [
    b"go1.26.8", b"\x08\x02", b"\x08\x00", bytes(16), b"3.11.7 (main, Dec  8 2023, 18:56:58) [GCC", b"node.js/v20.20.2",
    b"VM (17.0.15+6) for linux-amd64 JRE (", b"17.0.15+6)", b"libc", b"[PyPy 7.3.11 with ", b"\xff", b"5.3.0-0-g54ea",
]  # fmt: skip
CONTENTS = st.lists(st.one_of(st.sampled_from(MARKS + TEXTS), st.binary(max_size=40)), max_size=20).map(b"".join)
PATHS = st.sampled_from(
    ["/opt/app", "/x/libjvm.so", "/x/libj9vm29.so", "/x/libcoreclr.so", "/x/libpypy3.so", "/x/libc.so.6", "[heap]", ""]
)


@given(st.lists(st.tuples(PATHS, CONTENTS, st.booleans()), max_size=4), st.binary(max_size=60))
def test_any_bytes_give_a_runtime(pieces, release):
    machine = FakeMachine()
    process = machine.start(("/opt/app",))
    process.executable, process.files["/release"] = "/opt/app", b'JAVA_VERSION="' + release
    for number, (path, content, writable) in enumerate(pieces):
        page = bytearray(content.ljust(4096, b"\0"))
        process.pieces[0x5000_0000 + number * 4096] = FakePiece(page, path, writable=writable)
    found = recognise(process.pid, machine.processes, machine.memories)
    assert isinstance(found, Runtime)
    assert found.in_full.startswith(str(found.name))
