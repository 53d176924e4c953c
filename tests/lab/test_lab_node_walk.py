"""A walk through lists of a real Node.js program: it stands still for no longer than it may, and counts each once."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from oakum.probe.node_walk import LOOK

pytestmark = [pytest.mark.lab, pytest.mark.skipif(shutil.which("node") is None, reason="needs node")]

MOST_LINKS = 500_000
PROGRAM = """
const look = (0, eval)(process.argv[1]);
class Node { constructor(next) { this.next = next; if (next) next.prev = this; this.prev = null; } }
class Part { constructor(root) { this.root = root || this; } }
const list = (count) => {
  let first = null;
  for (let made = 0; made < count; made++) first = new Node(first);
  return first;
};
const lists = (many, count) => {
  const made = {};
  for (let at = 0; at < many; at++) made[`list${at}`] = list(count);
  return made;
};
// Each look at the clock costs so many milliseconds.
const slow = (ms) => { let now = 0; Date.now = () => (now += ms); };
const walked = (held) => { const walk = look.make(false); walk.enter(['r'], { object: held }); return walk; };
const told = ({ kept, told }) => ({ cut: told.cut,
  found: [...kept.values()].map(({ kind, count, items }) => [kind, count, items.length]) });
let result;
%s
console.log(JSON.stringify(result));
"""


def ran(code: str):
    command = ["node", "-e", PROGRAM % code, LOOK]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)


def test_objects_that_lead_to_a_ring_are_no_list():
    """Each part knows the root, and the root itself."""
    code = """const root = new Part(), items = [], tail = [];
    for (let at = 0; at < 20; at++) items.push(new Part(root));
    let last = new Part(root); const ring = last;
    for (let at = 0; at < 300; at++) { tail.push(last); last = new Part(last); }
    ring.root = tail[200];
    result = told(walked({ items, last }).keep());"""
    assert ran(code) == {"cut": False, "found": [["Array", 20, 20]]}


def test_a_list_that_closes_where_it_began_is_counted_once_each_way():
    code = """const first = list(1000), items = [];
    let last = first;
    for (; last.next; last = last.next) items.push(last);
    last.next = first; first.prev = last;
    result = told(walked({ first, items }).keep());"""
    found = ran(code)["found"]
    assert [row for row in found if row[0] == "List"] == 2 * [["List", 1000, 24]]


def test_all_lists_of_a_walk_share_one_budget_of_links():
    found = ran("result = told(walked({ lists: lists(12, 60000) }).keep());")
    counts = [count for kind, count, _ in found["found"] if kind == "List"]
    assert found["cut"]
    assert counts
    assert set(counts) == {60_000}
    assert sum(counts) <= MOST_LINKS


def test_the_clock_is_looked_at_within_a_list():
    found = ran("const long = list(100000); slow(100); result = told(walked({ long }).keep());")
    assert found == {"cut": True, "found": []}


def test_what_is_remembered_of_lists_is_bounded_by_links_and_by_the_clock():
    code = """const walk = walked({ lists: lists(20, 1000) });
    slow(50);
    result = told(walk.keep());"""
    kept = [items for kind, _, items in ran(code)["found"] if kind == "List"]
    assert len(kept) == 20
    assert kept[:4] == [24, 24, 24, 24]
    assert set(kept[8:]) == {0}


def test_who_stays_in_a_list_is_looked_for_only_as_long_as_the_clock_allows():
    code = """const held = { first: list(20000) }, kept = walked(held).keep().kept;
    for (let made = 0; made < 100; made++) held.first = new Node(held.first);
    const grown = (walk) => walk.grown({ kept }, 16).grown.map(({ before, after, asked }) => [before, after, asked]);
    const before = grown(walked(held)), walk = walked(held);
    slow(100);
    result = [before, grown(walk)];"""
    assert ran(code) == [[[20_000, 20_100, 24]], [[20_000, 20_100, 0]]]


def test_members_of_a_list_that_was_counted_are_no_lists_of_their_own():
    """A Map of what a list links both ways, as a cache has it."""
    code = """const byKey = new Map(), first = list(5000);
    let at = 0;
    for (let now = first; now; now = now.next) byKey.set(at++, now);
    result = told(walked({ cache: { first, byKey } }).keep());"""
    assert sorted(ran(code)["found"]) == [["List", 5000, 24], ["Map", 5000, 24]]


def test_a_list_is_counted_whole_where_one_began_in_its_middle():
    code = """class Link { constructor(next) { this.next = next; } }
    let first, middle;
    for (let made = 0; made < 3000; made++) { first = new Link(first); if (made === 999) middle = first; }
    result = told(walked({ middle, first }).keep());"""
    assert ran(code)["found"] == [["List", 1000, 24], ["List", 3000, 24]]


def test_members_of_a_list_of_plain_objects_have_what_they_hold():
    """A plain object in a link is no link: it leads on by no key of the list."""
    code = """const queue = { head: null }, text = (at) => `${at}`.padEnd(2000, '-');
    for (let at = 0; at < 300; at++) {
      queue.head = { next: queue.head, message: { order: { text: text(at) } } };
    }
    const walk = walked({ queue });
    walk.weigh(0, 0);
    result = walk.weights().map(([bytes]) => bytes);"""
    weights = ran(code)
    assert len(weights) == 12
    # What the first one holds was met on the way to it, and is counted to nobody.
    assert all(2000 < each < 4000 for each in weights[1:]), weights
