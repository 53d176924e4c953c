"""Sampling heap profiles: whose allocations are alive."""

from __future__ import annotations

import pytest

from oakum.model.cause import CodePlace
from oakum.probe.node_profile import read_frames, read_profile


def node(url, name, line, size, *children):
    frame = {"functionName": name, "scriptId": "1", "url": url, "lineNumber": line - 1, "columnNumber": 0}
    return {"callFrame": frame, "selfSize": size, "children": list(children)}


def sites(*children):
    found = read_profile({"profile": {"head": node("", "(root)", 0, 0, *children)}}, 10.0)
    return found.total_bytes, {str(site.place): site.bytes for site in found.sites}


def test_what_a_runtime_or_a_package_allocates_counts_for_the_application_that_called_it():
    own = node(
        "file:///srv/a%20b/app.mjs", "put", 7, 100,
        node("", "set", 0, 50),
        node("node:events", "on", 20, 30),
        node("/srv/node_modules/x/index.js", "wrap", 3, 20),
    )  # fmt: skip
    assert sites(node("node:internal/timers", "tick", 5, 8, own)) == (
        208,
        {"/srv/a b/app.mjs:7 in put": 200, "node:internal/timers:5 in tick": 8},
    )


def test_a_callback_without_a_name_is_told_by_the_function_around_it_and_its_own_line():
    inner = node("/srv/quote.js", "", 26, 100, node("/srv/other.js", "", 3, 7))
    built_in = node("", "from", 0, 0, inner)
    assert sites(node("/srv/quote.js", "Quote", 22, 50, built_in)) == (
        157,
        {
            "/srv/quote.js:26 in Quote": 100,
            "/srv/quote.js:22 in Quote": 50,
            "/srv/other.js:3 in (anonymous)": 7,
        },
    )


def test_the_application_comes_first_and_then_the_most_bytes():
    profile = {"profile": {"head": node("", "", 0, 0, node("node:fs", "read", 1, 900), node("/srv/a.js", "f", 1, 5))}}
    assert [site.place for site in read_profile(profile, 1.0).sites] == [
        CodePlace("/srv/a.js", 1, "f"),
        CodePlace("node:fs", 1, "read"),
    ]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"profile": None},
        {"profile": {"head": 5}},
        {"profile": {"head": {"callFrame": None, "selfSize": "many", "children": {"a": 1}}}},
        {"profile": {"head": {"callFrame": {"url": 3}, "selfSize": -4, "children": [None, 7]}}},
    ],
)
def test_a_reply_of_another_shape_says_nothing(told):
    assert read_profile(told, 1.0).total_bytes == 0


def test_a_very_deep_one_is_read_to_its_end():
    head = node("/srv/a.js", "f", 1, 1)
    for _ in range(50_000):
        head = node("/srv/a.js", "f", 1, 1, head)
    assert read_profile({"profile": {"head": head}}, 1.0).total_bytes == 50_001


def test_its_functions_are_told_with_what_they_had_allocated_below_them():
    inner = node("/srv/app.js", "put", 7, 100, node("node:events", "on", 20, 900))
    outer = node("/srv/app.js", "handle", 2, 1, inner, node("/srv/node_modules/x/i.js", "wrap", 3, 20))
    frames = read_frames({"profile": {"head": node("", "(root)", 0, 0, outer)}})
    assert [(frame.script, str(frame.place)) for frame in frames] == [
        ("1", "/srv/app.js:2 in handle"),
        ("1", "/srv/app.js:7 in put"),
    ]
    assert read_frames({"profile": {"head": 5}}) == ()
