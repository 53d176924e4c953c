"""Whatever stands in a program's files and environment, it gives settings or nothing, and no other text is kept."""

from __future__ import annotations

import re

from fake_machine import FakeMachine
from hypothesis import given
from hypothesis import strategies as st

from oakum.explain.pools import pool_rows, pool_steps
from oakum.model.runtime import RuntimeName
from oakum.probe.pool_names import FILES, LIBRARIES
from oakum.probe.pool_texts import MOST_PAIRS, pairs_of
from oakum.probe.pools import read_pools

NAMES = [spelled for library in LIBRARIES for name in library.names for spelled in name.spelled]
WORDS = [word for library in LIBRARIES for word in library.words]
VALUES = [
    "0",
    "-1",
    "30s",
    "null",
    "NullPool",
    "${A:1}",
    "redis://u:p@h/0?max_connections=1",
    "postgres://h/d",
    "{",
    "[x]",
]
PARTS = st.one_of(
    st.sampled_from(
        [*NAMES, *WORDS, *VALUES, ".", "_", ":", "=", ": ", " = ", "\n", "\n  ", "- ", "{", "}", "#", '"', "\t"]
    ),
    st.text(max_size=6),
)
TEXTS = st.lists(PARTS, max_size=40).map("".join)
FILE = st.one_of(st.binary(max_size=300), TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")))
KEPT = re.compile(r"[\w.+\-\s]*")


@given(FILE)
def test_any_bytes_give_pairs(raw):
    found = pairs_of(raw)
    assert len(found) <= MOST_PAIRS
    assert all(path and isinstance(value, str) for path, value in found)


@given(st.sampled_from(list(FILES)), FILE, st.dictionaries(TEXTS, TEXTS, max_size=4), st.lists(TEXTS, max_size=4))
def test_any_process_gives_pools_of_which_everything_can_be_said(runtime, raw, environment, words):
    machine = FakeMachine()
    process = machine.start(("app", *words))
    process.environment.update(environment)
    for path in FILES[runtime]:
        process.files[f"/proc/{process.pid}/cwd/{path}"] = raw
    reading, _ = read_pools(process.pid, runtime, machine.processes)
    assert all(KEPT.fullmatch(each.value) for pool in reading.pools for each in pool.settings.values())
    assert all(pool.library in title or values["id"] for title, values in pool_rows(reading) for pool in reading.pools)
    assert len(pool_steps(reading)) <= 3


def test_every_runtime_that_has_libraries_has_places_to_look():
    assert {library.runtime for library in LIBRARIES} == set(FILES)
    assert RuntimeName.UNKNOWN not in FILES
