"""What has changed since another scan, in JSON, in a terminal and on a page."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace

import pytest
from examples_render import HOSTILE, NOW_S, scan
from rich.console import Console
from test_render_codec import _validator

from oakum.model.kept_scan import Change, ChangeName, Since, Standing
from oakum.model.verdict import VerdictName
from oakum.render import scan_html, scan_table, scan_to_json
from oakum.render.since_lines import WORDS, change_line

MIB = 1024.0**2
WAS = Standing("k", "pid/1", VerdictName.HEALTHY, level=5 * MIB, title="python shop.py")
NOW = Standing(
    "k", HOSTILE, VerdictName.LEAK, "bytes", math.nan, 3 * MIB, (2 * MIB, math.inf), 2, NOW_S - 60, muted=False
)


def change(name):
    return Change(name, None if name is ChangeName.APPEARED else WAS, None if name is ChangeName.GONE else NOW)


def compared(**told):
    changes = tuple(change(name) for name in ChangeName)
    found = Since("scan-12 (nightly)", "nightly", f"http://p {HOSTILE}", NOW_S - 86_400, changes, notes=(HOSTILE,))
    return replace(scan(), kept="scan-13 (nightly)", since=replace(found, **told))


def printed(view, width):
    console = Console(file=io.StringIO(), width=width, force_terminal=False, color_system=None)
    console.print(view)
    return console.file.getvalue()


def test_it_fits_the_schema_and_every_change_has_a_name_there():
    encoded = json.loads(json.dumps(scan_to_json(compared()), allow_nan=False))
    _validator("oakum.scan/1").validate(encoded)
    told = encoded["since"]
    assert (encoded["kept"], told["scan"], told["name"]) == ("scan-13", "scan-12", "nightly")
    assert {each["change"] for each in told["changes"]} == set(ChangeName)
    assert told["changes"][0]["now"]["rate_interval"] == [2 * MIB, None]
    assert told["changes"][0]["now"]["level"] is None
    assert told["changes"][-1]["now"] is None
    encoded["since"]["changes"][0]["change"] = "odd"
    assert not _validator("oakum.scan/1").is_valid(encoded)


def test_only_what_is_new_is_among_the_series_and_the_rest_is_counted():
    one = scan().ranked[0][0].id
    encoded = scan_to_json(compared(only_fresh=True, fresh=frozenset({one})))
    assert [row["id"] for row in encoded["series"]] == [one]
    assert encoded["since"]["left_out"] == len(scan().rows) - 1
    assert "not shown" in printed(scan_table(compared(only_fresh=True)), 200)
    assert "not shown" in scan_html(compared(only_fresh=True))


@pytest.mark.parametrize("width", [20, 80, 200])
def test_every_change_is_told_in_a_terminal_and_no_escape_gets_through(width):
    text = printed(scan_table(compared()), width)
    assert [character for character in text if not character.isprintable() and character != "\n"] == []
    words = "".join(text.split())
    for one, _ in WORDS.values():
        assert one.replace(" ", "") in words
    assert "keptasscan-13(nightly)" in words


def test_a_page_escapes_what_changed():
    page = scan_html(compared())
    assert "<script>" not in page
    assert "since scan-12 (nightly) of 19 Nov 2026 12:03:10 UTC" in page
    assert all(one in page for one, _ in WORDS.values())


def test_many_changes_are_cut_and_counted():
    changes = tuple(Change(ChangeName.GONE, replace(WAS, id=f"s{n}"), None) for n in range(1200))
    found = compared(changes=changes)
    text = printed(scan_table(found, top=5), 200)
    assert "1,200 gone" in text
    assert text.count("  gone: s") == 5
    assert "1,195 more changes" in text
    assert "1,000 more changes" in scan_html(found)


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (
            Change(ChangeName.NEW_LEAK, WAS, replace(NOW, id="a")),
            "new leak: a, leak at +3.00 MiB/s; was healthy at 5.00 MiB",
        ),
        (Change(ChangeName.NEW_LEAK, None, replace(NOW, id="a")), "new leak: a, leak at +3.00 MiB/s; was not there"),
        (Change(ChangeName.GONE, WAS, None), "gone: pid/1 python shop.py; was healthy at 5.00 MiB"),
        (
            Change(ChangeName.KILLED, WAS, replace(NOW, id="a")),
            "newly killed for memory: a, the last time 20 Nov 2026 12:02:10 UTC; leak at +3.00 MiB/s",
        ),
    ],
)
def test_one_change_in_words(told, line):
    assert change_line(told) == line
