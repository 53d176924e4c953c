"""JavaScript sources: who inserts, what bounds, in which function."""

from __future__ import annotations

import time

import pytest

from oakum.explain.script import find_script_sites
from oakum.explain.source import MOST_KEPT

SOURCE = """
class Store {
  #hidden = new Map();
  constructor() {
    this.entries = new Map();
  }

  put(key, value) {
    this.entries.set(key, value);
  }
}

// entries.set(1, 2) in a comment is none
const seen = {};
const late = [];
function record(path) {
  seen[path] = (seen[path] || 0) + 1;
  late.push(path);
}
const drop = (path) => {
  delete seen[path];
  late.shift();
};
"""


def lines(places):
    return [(place.line, place.function) for place in places]


def test_insertions_and_definitions_are_found_with_their_function():
    found = find_script_sites(SOURCE, "/srv/store.js", "entries")
    assert lines(found.inserts) == [(9, "put")]
    assert lines(found.defined) == [(5, "constructor")]
    assert found.inserts[0].source == "this.entries.set(key, value);"
    assert (found.bounds, found.removals) == ([], [])


def test_a_plain_object_and_an_array_are_holders_too():
    assert lines(find_script_sites(SOURCE, "a.js", "seen").inserts) == [(17, "record")]
    late = find_script_sites(SOURCE, "a.js", "late")
    assert lines(late.inserts) == [(18, "record")]
    assert lines(late.removals) == [(22, "drop")]
    assert lines(find_script_sites(SOURCE, "a.js", "seen").removals) == [(21, "drop")]


def test_a_private_field_has_its_sign():
    assert lines(find_script_sites(SOURCE, "a.js", "#hidden").defined) == [(3, "")]


@pytest.mark.parametrize(
    ("line", "bounded"),
    [
        ("if (this.entries.size > MOST) this.entries.delete(first);", True),
        ("while (entries.length >= 1000) entries.shift();", True),
        ("if (limit < this.entries.size) return;", True),
        ("entries = new LRUCache({ max: 500 });", True),
        ("if (entries.length > 0) flush();", False),
        ("if (entries.size === 0) return;", False),
        ("// entries.size > MOST", False),
        ("if (otherentries.size > MOST) stop();", False),
        ("console.log(entries.size);", False),
    ],
)
def test_what_compares_its_size_may_bound_it(line, bounded):
    assert bool(find_script_sites(f"{line}\n", "a.js", "entries").bounds) == bounded


@pytest.mark.parametrize("text", ["x" * (3 << 20), "entries.set(1);" * 1000, ""])
def test_a_text_that_nobody_wrote_has_no_sites(text):
    found = find_script_sites(text, "a.js", "entries")
    assert (found.inserts, found.bounds, found.defined, found.removals) == ([], [], [], [])


def test_a_long_file_without_functions_is_read_once():
    began_s = time.process_time()
    found = find_script_sites("a.push(1);\n" * 20_000, "a.js", "a")
    assert (len(found.inserts), found.passed_over) == (MOST_KEPT, 20_000 - MOST_KEPT)
    assert time.process_time() - began_s < 5.0


def test_a_bound_behind_all_places_that_are_kept_is_found():
    found = find_script_sites("a.push(1);\n" * (MOST_KEPT + 1) + "if (a.length > 9) a.shift();\n", "a.js", "a")
    assert (lines(found.bounds), found.passed_over) == ([(MOST_KEPT + 2, "")], 1)


def test_lines_that_a_program_made_are_counted_where_they_name_it():
    found = find_script_sites("a.push(1);" * 1000 + "\n" + "b.push(1);" * 1000 + "\na.push(2);\n", "a.js", "a")
    assert (lines(found.inserts), found.long_lines) == ([(3, "")], 1)
