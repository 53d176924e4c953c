"""Leaks and bounded caches as different people write them."""

# ruff: noqa: E501, ISC004  (programs in a table: one line each)

from __future__ import annotations

import pytest

from oakum.explain.source import find_sites

LEAKS = {
    "global dict": ("_seen = {}\ndef add(k, v):\n    _seen[k] = v\n", "_seen"),
    "attribute": ("class A:\n    def put(self, k, v):\n        self.entries[k] = v\n", "entries"),
    "alias": ("class A:\n    def put(self, k, v):\n        d = self.entries\n        d[k] = v\n", "entries"),
    "append": ("log = []\ndef note(x):\n    log.append(x)\n", "log"),
    "rebinding": ("class A:\n    def put(self, x):\n        self.rows = self.rows + [x]\n", "rows"),
    "listener with unsubscribe": (
        "class Bus:\n    def on(self, f):\n        self.subs.append(f)\n    def off(self, f):\n        self.subs.remove(f)\n",
        "subs",
    ),
    "logout": (
        "class S:\n    def login(self, t, s):\n        self.s[t] = s\n    def logout(self, t):\n        self.s.pop(t)\n",
        "s",
    ),
    "consumer": ("def put(x):\n    q.append(x)\ndef take():\n    return q.popleft()\n", "q"),
}
BOUNDED = {
    "length": (
        "class A:\n    def put(self, k, v):\n        self.e[k] = v\n        if len(self.e) > 9:\n            self.e.clear()\n",
        "e",
    ),
    "popitem": ("def put(k, v):\n    c[k] = v\n    c.popitem(last=False)\n", "c"),
    "helper": (
        "class A:\n    def put(self, k, v):\n        self.e[k] = v\n        self._trim()\n"
        "    def _trim(self):\n        self.e.popitem(last=False)\n",
        "e",
    ),
    "sweep": (
        "def sweep(now):\n    for k in list(c):\n        if c[k] < now:\n            del c[k]\ndef put(k, v):\n    c[k] = v\n",
        "c",
    ),
    "rebuild": (
        "def sweep(now):\n    global c\n    c = {k: v for k, v in c.items() if v > now}\ndef put(k, v):\n    c[k] = v\n",
        "c",
    ),
    "maxlen": ("from collections import deque\nq = deque(maxlen=9)\ndef put(x):\n    q.append(x)\n", "q"),
    "slice": ("class A:\n    def put(self, x):\n        self.r.append(x)\n        del self.r[:-9]\n", "r"),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_has_an_insertion_and_no_bound(name):
    text, attribute = LEAKS[name]
    sites = find_sites(text, "a.py", attribute)
    assert sites.inserts
    assert not sites.bounds


@pytest.mark.parametrize("name", BOUNDED)
def test_a_bound_is_seen(name):
    text, attribute = BOUNDED[name]
    assert find_sites(text, "a.py", attribute).bounds


@pytest.mark.parametrize("text", ["def broken(:", "\0", "x = " + "(" * 5000])
def test_source_that_is_none_has_no_sites(text):
    assert not find_sites(text, "a.py", "x").inserts


RECALLS = {
    "membership": "def page(k):\n    if k not in pages:\n        pages[k] = make(k)\n    return pages[k]\n",
    "get": "def page(k):\n    found = pages.get(k)\n    if found is None:\n        found = pages[k] = make(k)\n    return found\n",
    "KeyError": "def page(k):\n    try:\n        return pages[k]\n    except KeyError:\n        pages[k] = make(k)\n        return pages[k]\n",
    "setdefault": "def page(k):\n    return pages.setdefault(k, make(k))\n",
}


@pytest.mark.parametrize("name", RECALLS)
def test_a_function_that_looks_up_what_it_inserts_is_seen(name):
    assert [place.function for place in find_sites(RECALLS[name], "a.py", "pages").recalls][:1] == ["page"]


@pytest.mark.parametrize(
    "text",
    [
        "def put(k, v):\n    pages[k] = v\ndef get(k):\n    return pages.get(k)\n",
        "def put(k, v):\n    pages[k] = v\ndef known(k):\n    return k in pages\n",
        "def put(k, v):\n    if k in others:\n        pages[k] = v\n",
    ],
)
def test_what_another_function_looks_up_is_no_memo(text):
    assert find_sites(text, "a.py", "pages").recalls == []


def test_a_consumer_takes_and_a_bound_does_not():
    assert find_sites(LEAKS["consumer"][0], "a.py", "q").taken
    assert not find_sites(BOUNDED["popitem"][0], "a.py", "c").taken
