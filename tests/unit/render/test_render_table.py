"""Tables on terminals of several widths: nothing that matters is cut off, and no name is taken for markup."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from examples_demo import hostile_demo, killed, not_found, not_killed
from examples_render import (
    NOW_S,
    cannot_tell,
    climbing,
    filling_cache,
    healthy,
    heap_growth,
    hostile,
    leak,
    price_cache,
    scan,
)
from rich.console import Console

from oakum.model.cause import CodePlace
from oakum.model.growth import PathStep, TypeGrowth
from oakum.model.scan import Scan, Skipped, Window
from oakum.model.series import Series, WorkloadSeries
from oakum.model.step import Plan, Step
from oakum.model.verdict import Pattern
from oakum.render import demo_view, investigation_view, live_panel, scan_html, scan_table, watch_line
from oakum.render.table_doctor import doctor_to_json, doctor_view

WIDTHS = [60, 80, 120]
BRACKETS = ["Model[int]", "[/bold]", "[red]x", "[link=file:///etc]y[/link]", "a[0]", "\\[b]"]
DOCTOR = [
    ("kernel", "6.1.0-18-amd64", None),
    ("pressure (PSI)", "No such file or directory", "boot with psi=1"),
    ("memory of other processes", "kernel.yama.ptrace_scope is 1 and CAP_SYS_PTRACE is missing", "run as root"),
]


def printed(view, width=80):
    console = Console(file=io.StringIO(), width=width, force_terminal=False, color_system=None)
    console.print(view)
    return console.file.getvalue()


def flat(view, width):
    """The words in a row: where a line broke does not matter."""
    return " ".join(printed(view, width).split())


VIEWS = {
    "scan": lambda: scan_table(scan()),
    "empty scan": lambda: scan_table(Scan("x.csv", NOW_S, Window(math.nan, math.nan), ())),
    "leak": lambda: investigation_view(leak()),
    "filling cache": lambda: investigation_view(filling_cache()),
    "healthy": lambda: investigation_view(healthy()),
    "cannot tell": lambda: investigation_view(cannot_tell()),
    "hostile": lambda: investigation_view(hostile()),
    "demo": lambda: demo_view(killed()),
    "demo without a kill": lambda: demo_view(not_killed()),
    "demo without a leak": lambda: demo_view(not_found()),
    "hostile demo": lambda: demo_view(hostile_demo()),
    "doctor": lambda: doctor_view(DOCTOR),
    "live": lambda: live_panel(leak().series, leak().verdict, "watching", remaining_s=12.0),
}


@pytest.mark.parametrize("width", [20, *WIDTHS, 300])
@pytest.mark.parametrize("name", VIEWS)
def test_no_line_is_longer_than_the_terminal_and_no_escape_gets_through(name, width):
    text = printed(VIEWS[name](), width)
    assert max(map(len, text.splitlines())) <= width
    assert [character for character in text if not character.isprintable() and character != "\n"] == []
    assert not re.search(r"\b(nan|inf)\b", text)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_scan_names_every_series_its_verdict_and_its_figures_at_any_width(width):
    words = flat(scan_table(scan()), width)
    for told in (
        "9 series from host: 2 leak, 2 suspect, 1 cannot-tell, 4 healthy",
        "▲ leak 97 %",
        "pid/4242",
        "176 MiB",
        "linear",
        "+3.10 MiB/s",
        "limit in 26 s",
        "shop/web-6c9d/api",
        "rising-sawtooth",
        "+5.10 MiB/min",
        "limit in 5 min 30 s",
        "vm-0117",
        "55.2 %",
        "+0.60 points/h",
        "limit in 3 d 2 h",
        "○ cannot-tell",
        "● healthy",
        "pid/4243",
        "96.0 MiB",
        "skipped vm-0009: row 812: the value is negative (-3)",
        "note: times read as milliseconds",
        "absent: PSS: other users' processes",
    ):
        assert told in words, told
    assert words.index("pid/4242") < words.index("shop/web-6c9d/api") < words.index("vm-0117"), "worst first"


@pytest.mark.parametrize("width", WIDTHS)
def test_a_scan_shows_as_many_as_were_asked_for_and_says_how_many_are_left(width):
    words = flat(scan_table(scan(), top=2), width)
    assert "pid/4242" in words
    assert "vm-0117" not in words
    assert "7 more; --top shows them" in words


def test_a_wide_scan_is_a_table_with_one_line_for_each():
    given = scan()
    short = tuple((replace(series, labels={}), verdict) for series, verdict in given.rows)
    lines = printed(scan_table(replace(given, rows=short)), 140).splitlines()
    assert lines[1].split() == ["what", "memory", "pattern", "rate", "reaches"]
    assert [line.split()[0] for line in lines[2:11]] == ["▲", "▲", "◆", "◆", "○", "●", "●", "●", "●"]


def test_a_column_that_says_nothing_is_left_out():
    calm = Scan("host", NOW_S, Window(0.0, 1.0), ((healthy().series, healthy().verdict),))
    assert "reaches" not in printed(scan_table(calm), 140)


def test_a_scan_of_nothing_says_so():
    assert "0 series from x.csv: nothing to judge" in printed(VIEWS["empty scan"]())


def test_a_series_without_a_lifetime_is_still_listed():
    bare = WorkloadSeries("gone", ())
    found = Scan("x", NOW_S, Window(0.0, 1.0), ((bare, cannot_tell().verdict),))
    for width in WIDTHS:
        assert "gone" in printed(scan_table(found), width)


@pytest.mark.parametrize("width", WIDTHS)
def test_an_investigation_keeps_its_sentence_its_holder_and_its_place_at_any_width(width):
    words = flat(investigation_view(leak()), width)
    for told in (
        "▲ pid/4242 leaks: sure 97 %, +3.10 MiB/s since 12:02:44, limit in 26 s",
        "limit: 22 s to 31 s from the last sample",
        "unbounded-cache (95 %): shop.pricing.CACHE.entries",
        "12,400 → 96,100 items of shop.pricing.Quote, 9.20 MiB → 52.5 MiB (+2.89 MiB/s)",
        "module shop.pricing global CACHE → shop.pricing.PriceCache .entries → dict of 96,100 entries",
        "/srv/shop/pricing.py:42 in PriceCache.remember",
        "self.entries[sku] = quote",
        "but: clear() exists",
        "fix: Bound the cache",
        "shop.pricing.Quote 12,400 → 96,100 +4.47 MiB",
        "$ systemctl restart shop",
        "heap copied: 548,900 objects, 77.4 MiB",
        "pressure (PSI): this kernel was built without it → boot with psi=1",
    ):
        assert told in words, told


def test_what_would_settle_it_is_said_of_a_suspect():
    assert "what would settle it · reaches maxsize 100,000" in flat(investigation_view(filling_cache()), 80)


def test_a_sparkline_fits_one_line_of_a_small_terminal():
    rows = [line for line in printed(investigation_view(leak()), 60).splitlines() if "▁" in line or "▂" in line]
    assert len(rows) == 1


@pytest.mark.parametrize("width", WIDTHS)
def test_a_demo_tells_of_leak_kill_and_proof(width):
    words = flat(demo_view(killed()), width)
    for told in ("the leak", "the kill", "the kernel killed pid 4242 (python3) with 251 MiB", "Killed process 4242"):
        assert told in words, told
    assert words.index("the kill") < words.index("the proof") < words.index("● the fixed variant is healthy")
    assert "pid 4241 ended, pid 4242 runs in its place" in words
    assert words.index("the leak") < words.index("the restart") < words.index("the kill")
    assert words.index("the proof") < words.index("the gate") < words.index("✓ the floor is flat: every check passed")
    assert "inc-1 is closed: every check passed" in words
    assert "all of it took 1 min 34 s" in words


@pytest.mark.parametrize("width", WIDTHS)
def test_a_demo_without_a_kill_says_why(width):
    words = flat(demo_view(not_killed()), width)
    assert "not seen: no memory cgroup here → run the demo as root" in words
    assert "the restart was left out: nobody may restart it here → run the demo as root" in words
    assert "the gate" in words


@pytest.mark.parametrize("width", WIDTHS)
def test_a_demo_that_found_no_leak_says_that_nothing_was_acted_upon(width):
    words = flat(demo_view(not_found()), width)
    assert "the incident was left out: it was judged healthy" in words
    assert "the gate" not in words


@pytest.mark.parametrize("width", WIDTHS)
def test_the_doctor_tells_what_is_there_and_what_would_get_the_rest(width):
    words = flat(doctor_view(DOCTOR), width)
    for told in ("● kernel 6.1.0-18-amd64", "○ pressure (PSI)", "boot with psi=1", "CAP_SYS_PTRACE"):
        assert told in words, told
    assert words.count("missing:") == 2


def test_the_doctor_in_json_says_the_same():
    facts = doctor_to_json(DOCTOR)["facts"]
    assert [(fact["name"], fact["ok"], fact["get"]) for fact in facts] == [
        ("kernel", True, None),
        ("pressure (PSI)", False, "boot with psi=1"),
        ("memory of other processes", False, "run as root"),
    ]


@pytest.mark.parametrize("name", BRACKETS)
def test_brackets_in_names_are_no_markup(name):
    found = leak()
    place = CodePlace(f"/srv/{name}.py", 3, name, name)
    holder = price_cache(name=name, item_type=name, path=(PathStep(name, name),))
    found = replace(
        found,
        target=name,
        series=replace(found.series, id=name, labels={"command": name}),
        growth=heap_growth(types=(TypeGrowth(name, 1, 2, 3, 4),), holders=(holder,)),
        causes=(replace(found.causes[0], holder=name, where=(place,), against=(name,), advice=name),),
        plan=Plan((Step(name, name, name, name),)),
    )
    rows = ((found.series, found.verdict),)
    listed = Scan(name, NOW_S, Window(0.0, 1.0), rows, (Skipped(name, name),), (), (name,))
    doctor = [(name, name, None), (name, name, name)]
    assert printed(investigation_view(found), 120).count(name) >= 14
    assert printed(scan_table(listed), 80).count(name) >= 6
    assert printed(scan_table(listed), 120).count(name) >= 6
    assert printed(doctor_view(doctor), 120).count(name) == 5
    assert printed(live_panel(found.series, found.verdict, name)).count(name) == 2


@pytest.mark.parametrize("holder", ["", None])
def test_a_cause_whose_growth_is_not_measured_has_no_rate(holder):
    found = leak()
    cause = replace(found.causes[0], growth_bytes_per_s=math.nan, where=())
    cause = cause if holder is None else replace(cause, holder=holder)
    words = flat(investigation_view(replace(found, causes=(cause,))), 120)
    assert "nan B" not in words


def test_the_live_panel_counts_down_and_never_below_zero():
    found = leak()
    assert "12 s left" in printed(live_panel(found.series, found.verdict, "watching", remaining_s=12.0))
    assert "0 ms left" in printed(live_panel(found.series, found.verdict, "watching", remaining_s=-3.0))
    assert "left" not in printed(live_panel(found.series, found.verdict, "watching"))


def test_the_live_panel_draws_before_the_first_sample():
    empty = np.empty(0)
    series = WorkloadSeries("pid/1", (Series(empty, empty),))
    assert "unknown" in printed(live_panel(series, cannot_tell().verdict, "watching"))


def test_the_panels_curve_touches_the_top_at_the_limit_only():
    series = WorkloadSeries("pid/1", (climbing(start_mib=255.9, mib_per_s=0.0),))
    at_limit = printed(live_panel(series, leak().verdict, "")).splitlines()
    half = printed(live_panel(WorkloadSeries("pid/1", (climbing(start_mib=128.0, mib_per_s=0.0),)), leak().verdict, ""))
    assert "█" in at_limit[2] or "▇" in at_limit[2]
    assert not re.search("[▁-█]", half.splitlines()[2])


def test_the_watch_says_one_plain_line():
    found = leak()
    line = watch_line(found.series, found.verdict, 12.0)
    assert line.endswith("of 256 MiB, 68 %, leak, +3.10 MiB/s, limit in 26 s (12 s left)")
    assert watch_line(found.series, cannot_tell().verdict, -1.0).endswith("cannot-tell (0 ms left)")


def test_no_shape_is_named_of_a_curve_that_cannot_be_told_yet():
    """Few samples that climb stand as flat in the verdict: beside a rising sparkline that is wrong."""
    series, verdict = cannot_tell().series, replace(cannot_tell().verdict, pattern=Pattern.FLAT, rate_per_s=2.0**20)
    found = Scan("kube://", NOW_S, Window(NOW_S - 90, NOW_S), ((series, verdict),))
    assert "flat" not in flat(scan_table(found), 120)
    assert "flat" not in scan_html(found)
