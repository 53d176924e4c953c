"""Logs made to hold who reads them: no shipped expression goes back and forth without a bound, and time is kept."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import count

import pytest

from oakum.logs import STOPPED, LogReader, library, parse_patterns, read_log
from oakum.logs.places import MOST_LETTERS
from oakum.logs.reader import LINE_BYTES

NOW_S = 1_795_400_000.0
KILL_S = 20
"""With bounds it takes a second or two, without them minutes."""

PATTERNS = """
import re
from oakum.logs import library
from oakum.logs.reader import LINE_BYTES

TAILS = ["", "1", "1.", "1.1", "1 ", " 1", "1,", " ", "a", "a ", "/", "(", ": ", "Full GC 1", " 1M->1M(1M) 1"]
for pattern in library():
    regex = re.compile(pattern.pattern)
    for word in pattern.words:
        for tail in TAILS:
            for times in (1, 40):
                regex.search((f"{word} " * times + tail * LINE_BYTES)[:LINE_BYTES])
"""
PLACES = r"""
from oakum.logs.places import place
from oakum.logs.reader import AROUND, PLACE_BYTES

AROUNDS = [
    "\n", " \n", "\t\n", "at ", "at a [as ", "at a [as \n", "a(", "()", "a(\n", "a/", "a.rb", 'File "', "1: ",
    "1: a\n ", "panicked at '", " in /", "#1 0x0 in ", "at a() in ", "a.js:1 ", "at a.b(", "1",
    "Traceback (most recent call last)\n",
]
for runtime in ("jvm", "node", "python", "go", "rust", "ruby", "php", "dotnet", "native", "any"):
    for around in AROUNDS:
        text = around * AROUND
        place(runtime, "stack", text[:AROUND], text[:PLACE_BYTES], text[:AROUND])
"""
LINES = r"""
from oakum.logs import library, read_log

for log in (
    "Full GC " * 40 + "1" * 4000, "memory usage " * 10 + "1" * 2000, "Pause Full " * 40 + "1" * 4000,
    "java.lang.OutOfMemoryError: Metaspace" + "\n" * 8000,
):
    read_log([log.encode() + b"\n"] * 5, library(), now_s=0.0)
"""
SHOWN = r"""
from oakum.logs.lines import showable

for text in (
    "password", "password=", "password=\"", "pass", "--pass", "--", "--password ", "'--password', ", "<password ", "<",
    "cookie: \"", "a://", "a://b:", "a://b:c@", "identified by ", "\\", "\\\"password\\\":\\\"", "1a+", "1aA/", "=",
    "1", "a@", "a.a@", "a-", "eyJ", "eyJaaaaaaaa.", "-----BEGIN ", "%22", "\"\"", "1111 ", "[", "bearer ", " ",
):
    for end in ("", "!"):
        showable(text * (8192 // len(text)) + end)
"""


@pytest.mark.parametrize("code", [PATTERNS, PLACES, LINES, SHOWN], ids=["patterns", "places", "lines", "shown"])
def test_hostile_repetition_takes_bounded_time(code):
    subprocess.run([sys.executable, "-c", code], timeout=KILL_S, check=True)


@pytest.mark.parametrize("pattern", library(), ids=lambda pattern: pattern.id)
def test_every_repetition_of_the_library_has_a_bound(pattern):
    outside = re.sub(r"\[[^\]]*\]", "x", re.sub(r"\\.", "x", pattern.pattern))
    assert not re.search(r"[*+]|\{\d*,\}", outside)


OWN = """
[[pattern]]
id = "own"
pattern = 'slow text(?P<rest>.*)'
meaning = "m"
location = '(?P<file>^.*(?:\\n.*)*)'
"""


def test_an_expression_of_a_user_sees_a_bounded_part_of_a_line_and_of_what_stands_around(monkeypatch):
    seen = []
    monkeypatch.setattr("oakum.logs.places._frame", lambda match: seen.append(match[0]))
    monkeypatch.setattr("oakum.logs.places._library", lambda _: False)
    log = b"before\n" * 9000 + b"slow text " + b"x" * 100_000 + b"\n" + b"after\n" * 9000
    (finding,) = read_log([log], parse_patterns(OWN, "own.toml"), now_s=NOW_S).findings
    assert len(finding.groups["rest"]) <= LINE_BYTES
    assert max(map(len, seen)) <= 2 * MOST_LETTERS + 1


def test_once_the_time_is_over_no_further_line_is_looked_at():
    asked = count()
    reader = LogReader(library(), now_s=NOW_S, over=lambda: next(asked) >= 5)
    reader.feed(b"MemoryError\n" * 10_000)
    assert reader.stopped
    reader.feed(b"MemoryError\n" * 10_000)
    (finding,) = reader.finish().findings
    assert finding.count == 5


def test_a_log_that_was_not_read_to_its_end_says_so():
    assert STOPPED in read_log([b"MemoryError\n"], library(), now_s=NOW_S, over=lambda: True).notes
    assert STOPPED not in read_log([b"MemoryError\n"], library(), now_s=NOW_S).notes
