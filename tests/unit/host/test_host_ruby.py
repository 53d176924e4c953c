"""The socket of a Ruby's helper, asked for real: what answers here is a thread of ours in its place."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from oakum.host.ruby import LiveRubies, unix_names
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import DataError, RefusedError, TargetError

GREETING = b'{"oakum_heap":1,"ruby":"3.1.2","lines":true,"gc":{"count":9,"major_gc_count":2,"heap_live_slots":500}}\n'
COPY = b'{"oakum_heap":"copy","stood_still_s":0.015}\n'
DUMP = b'{"type":"ROOT", "root":"vm", "references":[]}\n' * 40_000
END = b'{"oakum_heap":"end","took_bytes":4096}\n'
NAME = f"oakum-heap-{os.getpid()}-{Path('/proc/self/ns/pid').stat().st_ino}"
LISTEN = "import socket, sys; made = socket.socket(fileno=int(sys.argv[1])); made.listen(); print(flush=True); input()"


class Spool:
    def __init__(self):
        self.content, self.size_bytes = bytearray(), 0

    def write(self, piece):
        self.content += piece
        self.size_bytes += len(piece)


class Helper:
    """Says ``begin``, and on a question ``answer``; then it hangs up, or where ``stays`` it says no more."""

    def __init__(self, begin, answer=b"", *, stays=False):
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(f"\0{NAME}")
        self._server.listen()
        self._begin, self._answer, self._stays = begin, answer, stays
        self._done = threading.Event()
        self.asked = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        try:
            made, _ = self._server.accept()
        except OSError:
            return
        with made:
            made.sendall(self._begin)
            if self._answer and self._begin:
                self.asked.append(made.recv(64))
                made.sendall(self._answer)
            if self._stays:
                self._done.wait(30)

    def close(self):
        self._done.set()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()


@pytest.fixture
def ruby():
    with closing(LiveRubies().open(os.getpid())) as found:
        yield found


def test_its_socket_is_seen_from_outside_and_nothing_is_sent(ruby):
    with closing(Helper(GREETING)) as helper:
        standing = ruby.standing()
        assert f"@{NAME}" in standing.sockets
        assert standing.helper == f"@{NAME}"
        assert helper.asked == []


def test_figures_are_told_by_its_greeting(ruby):
    with closing(Helper(GREETING)):
        found = ruby.figures(within_s=5.0)
    assert (found.version, found.lines, found.slots, found.collections, found.major_collections) == (
        "3.1.2",
        True,
        500,
        9,
        2,
    )


def test_a_figure_that_no_ruby_has_is_none(ruby):
    with closing(Helper(GREETING.replace(b"500", b"9" * 400))):
        assert ruby.figures(within_s=5.0).slots == 0


def test_a_dump_comes_whole_with_what_it_cost(ruby):
    spool = Spool()
    with closing(Helper(GREETING, COPY + DUMP + END)) as helper:
        copied = ruby.dump(spool, within_s=10.0)
        assert helper.asked == [b"dump\n"]
    assert spool.content == DUMP + END
    assert (copied.stood_still_s, copied.took_bytes, copied.bytes) == (0.015, 4096, len(DUMP) + len(END))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (COPY + DUMP, "ended in the middle"),
        (COPY, "ended in the middle"),
        (b'{"oakum_heap":"failed","why":"Cannot allocate memory - fork(2)"}\n', "Cannot allocate memory"),
        (b"what?\n", "did not say that a copy was made"),
        (b"[" * 60_000 + b"\n", "did not say that a copy was made"),
        (b'{"oakum_heap":"copy","stood_still_s":Infinity}\n', "did not say that a copy was made"),
        (b'{"oakum_heap":"copy","stood_still_s":1' + b"0" * 400 + b"}\n", "did not say that a copy was made"),
        (b'{"oakum_heap":"copy","stood_still_s":' + b"9" * 400 + b"}\n", "did not say that a copy was made"),
        (b'{"oakum_heap":"copy","stood_still_s":NaN}\n', "did not say that a copy was made"),
    ],
)
def test_a_dump_that_breaks_off_or_is_not_made_is_an_error_with_a_next_step(ruby, answer, why):
    with closing(Helper(GREETING, answer)), pytest.raises(TargetError) as raised:
        ruby.dump(Spool(), within_s=10.0)
    assert why in raised.value.why
    assert raised.value.next_step


def test_a_dump_that_does_not_end_in_time_is_given_up(ruby):
    with closing(Helper(GREETING, COPY + DUMP, stays=True)), pytest.raises(RefusedError, match="given up"):
        ruby.dump(Spool(), within_s=0.3)


def test_a_helper_that_does_not_answer_is_told_and_no_dump_is_spoken_of(ruby):
    with closing(Helper(b"{", stays=True)), pytest.raises(RefusedError, match="does not answer") as raised:
        ruby.figures(within_s=0.3)
    assert "ended" not in raised.value.why
    assert f"/proc/{os.getpid()}/fd" in raised.value.next_step


def test_what_another_process_opened_is_not_its_helper_though_it_holds_the_socket(ruby):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"\0{NAME}")
        handed = [sys.executable, "-c", LISTEN, str(made.fileno())]
        with subprocess.Popen(
            handed, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[made.fileno()]
        ) as listener:
            listener.stdout.readline()
            with pytest.raises(RefusedError, match="is not the helper of") as raised:
                ruby.figures(within_s=5.0)
            listener.communicate(b"\n")
    assert f"pid {listener.pid} opened it" in raised.value.why


def test_who_is_answered_nothing_may_not_ask(ruby):
    with closing(Helper(b"")):
        found = ruby.figures(within_s=5.0)
    assert isinstance(found, Absent)
    assert found.kind is AbsentKind.NOT_PERMITTED


@pytest.mark.parametrize("says", [b"220 mail.example ESMTP\n", b"[" * 3000 + b"\n"])
def test_what_is_no_helper_is_told(ruby, says):
    with closing(Helper(says)), pytest.raises(DataError, match="no helper"):
        ruby.figures(within_s=5.0)


def test_without_a_helper_nobody_is_asked(ruby):
    found = ruby.figures(within_s=1.0)
    assert isinstance(found, Absent)
    assert "does not listen" in found.why


def test_a_process_that_is_not_there_is_told():
    with pytest.raises(TargetError, match="there is no process"):
        LiveRubies().open(2**22 + 5)


def test_only_sockets_of_the_process_that_wait_are_named():
    table = b"""Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 11 @oakum-heap-7
0000000000000000: 00000003 00000000 00000000 0001 03 12 @oakum-heap-7
0000000000000000: 00000002 00000000 00010000 0001 01 13 @another
0000000000000000: 00000002 00000000 00010000 0001 01 14
0000000000000000: 00000002 00000000 00010000 0001 01 15 /run/a b.sock
broken
"""
    assert list(unix_names(table, {11, 12, 14, 15})) == ["@oakum-heap-7", "/run/a b.sock"]
