"""The page: whole in itself, well nested, and deaf to names that want to be markup."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from examples_demo import hostile_demo, killed, not_found, not_killed
from examples_heap import heap_diff, heap_report, hostile_heap
from examples_render import HOSTILE, NOW_S, cannot_tell, filling_cache, healthy, heap_growth, hostile, leak, scan

from oakum.model.absent import Absent, AbsentKind
from oakum.model.growth import TypeGrowth
from oakum.model.scan import Scan, Skipped, Window
from oakum.model.series import Metric
from oakum.render import demo_html, heap_diff_html, heap_html, investigation_html, scan_html

VOID = frozenset({"meta", "br", "link", "img", "hr", "input", "base"})
LOADS = frozenset({"src", "href", "srcset", "data", "action", "poster", "background", "xlink:href", "formaction"})
ACTIVE = frozenset({"script", "iframe", "object", "embed", "link", "base", "form", "img", "image", "use", "audio"})


def hostile_scan():
    found, given = hostile(), scan()
    rows = ((found.series, replace(found.verdict, reasons=(HOSTILE,))), *given.rows)
    absent = (Absent(HOSTILE, AbsentKind.UNREADABLE, HOSTILE, HOSTILE),)
    return replace(
        given, source=HOSTILE, rows=rows, skipped=(Skipped(HOSTILE, HOSTILE),), warnings=(HOSTILE,), absent=absent
    )


PAGES = {
    "leak": lambda: investigation_html(leak()),
    "filling cache": lambda: investigation_html(filling_cache()),
    "healthy": lambda: investigation_html(healthy()),
    "cannot tell": lambda: investigation_html(cannot_tell()),
    "hostile": lambda: investigation_html(hostile()),
    "scan": lambda: scan_html(scan()),
    "hostile scan": lambda: scan_html(hostile_scan()),
    "empty scan": lambda: scan_html(Scan("x.csv", NOW_S, Window(math.nan, math.nan), ())),
    "heap": lambda: heap_html(heap_report()),
    "hostile heap": lambda: heap_html(hostile_heap()),
    "heap diff": lambda: heap_diff_html(heap_diff()),
    "hostile heap diff": lambda: heap_diff_html(heap_diff(HOSTILE)),
    "demo": lambda: demo_html(killed()),
    "demo without a kill": lambda: demo_html(not_killed()),
    "demo without a leak": lambda: demo_html(not_found()),
    "hostile demo": lambda: demo_html(hostile_demo()),
}


class Reader(HTMLParser):
    """Keeps what the page holds; ``faults`` are tags that do not close what is open."""

    def __init__(self, page):
        super().__init__()
        self.open, self.faults, self.tags, self.attributes, self.text = [], [], [], [], []
        self.feed(page)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> at {self.getpos()} closes {self.open[-1:]}")
        else:
            self.open.pop()

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    @property
    def words(self):
        return " ".join("".join(self.text).split())


@pytest.fixture(params=PAGES)
def page(request):
    return PAGES[request.param]()


def test_every_tag_is_closed_in_its_turn(page):
    assert Reader(page).faults == []


@pytest.mark.parametrize("page", ["<p><b></p></b>", "<ul><li></ul>", "<div>", "</div>"])
def test_the_reader_of_nesting_bites(page):
    assert Reader(page).faults


def test_nothing_is_loaded_and_nothing_runs(page):
    read = Reader(page)
    assert not ACTIVE & set(read.tags)
    # A link within the page loads nothing.
    loads = [row for row in read.attributes if row[1] in LOADS and not (row[1] == "href" and row[2].startswith("#"))]
    assert loads == []
    assert [name for _, name, _ in read.attributes if name.startswith("on")] == []
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL) + [
        value for _, name, value in read.attributes if name == "style"
    ]
    assert not re.search(r"@import|url\(|expression", " ".join(styles))
    assert not re.search(r"https?://|//cdn", page)
    assert "javascript:" not in page


def test_the_page_forbids_what_it_does_not_need(page):
    policy = next(value for tag, name, value in Reader(page).attributes if tag == "meta" and "default-src" in value)
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_no_number_that_is_none_is_printed(page):
    words = Reader(page).words
    assert not re.search(r"\b(nan|inf|None|null)\b", words.replace("risk: None", "")), words


def test_no_character_that_does_not_print_gets_through(page):
    assert [character for character in page if not character.isprintable() and character != "\n"] == []


@pytest.mark.parametrize("name", ["hostile", "hostile scan", "hostile demo"])
def test_a_hostile_name_is_shown_as_text(name):
    read = Reader(PAGES[name]())
    assert "script" not in read.tags
    assert r"<script>alert('x')</script>\x1b[31m\u202eevil" in read.words


@pytest.mark.parametrize(
    "name",
    ["</style><script>1</script>", '"><img src=x onerror=1>', "{{ 7 * 7 }}", "{% raw %}", "&lt;b&gt;", "]]>", "--><b>"],
)
def test_each_way_out_of_the_text_is_shut(name):
    found = leak()
    found = replace(
        found,
        target=name,
        runtime=name,
        series=replace(found.series, id=name, labels={"command": name}),
        growth=heap_growth(types=(TypeGrowth(name, 1, 2, 3, 4),)),
        verdict=replace(found.verdict, reasons=(name,), settles=name),
    )
    calm = Reader(investigation_html(leak()))
    read = Reader(investigation_html(found))
    assert read.faults == []
    assert set(read.tags) == set(calm.tags)
    assert " ".join(name.split()) in read.words


def test_half_a_character_can_still_be_written():
    investigation_html(replace(leak(), target="pid/1 \udcff")).encode("utf-8")


def test_a_leaks_page_tells_the_whole_story():
    words = Reader(investigation_html(leak())).words
    for told in (
        "pid/4242 leaks: sure 97 %, +3.10 MiB/s",
        "shop.pricing.CACHE.entries keeps every key it ever saw",
        "global CACHE → shop.pricing.PriceCache",
        "/srv/shop/pricing.py:42 in PriceCache.remember",
        "self.entries.popitem(last=False)",
        "limit in 26 s",
        "22 s to 31 s (80 %)",
        "176 MiB of 256 MiB, 69 %",
        "+4.47 MiB",
        "systemctl restart shop",
        "this kernel was built without it",
        "process_vm_readv",
    ):
        assert told in words, told


def test_a_suspects_page_says_what_would_settle_it():
    assert "What would settle it: reaches maxsize 100,000" in Reader(investigation_html(filling_cache())).words


def test_growth_that_only_shrank_draws_no_bar():
    shrunk = replace(healthy(), growth=heap_growth(types=(TypeGrowth("dict", 9, 1, 900, 100),), holders=()))
    page = investigation_html(shrunk)
    assert "width:0%" in page
    assert "-800 B" in page


def test_the_demos_page_tells_of_the_kill_and_of_the_proof():
    words = Reader(demo_html(killed())).words
    assert "Killed process 4242" in words
    assert "/oakum/demo" in words
    assert "pid/4243 is healthy" in words
    assert words.index("pid 4242 runs in its place") < words.index("Killed process") < words.index("the floor is flat")
    assert "inc-1 is closed" in words
    assert "no memory cgroup here" in Reader(demo_html(not_killed())).words
    assert "nobody may restart it here" in Reader(demo_html(not_killed())).words
    assert "it was judged healthy" in Reader(demo_html(not_found())).words


def test_a_scans_page_has_the_worst_first_and_counts_what_it_leaves_out():
    given = scan()
    words = Reader(scan_html(given)).words
    assert "9 series: 2 leak, " in words
    assert words.index("pid/4242") < words.index("shop/web-6c9d/api") < words.index("vm-0117") < words.index("pid/4243")
    assert "vm-0009: row 812: the value is negative (-3)" in words
    assert "times read as milliseconds" in words
    assert "PSS: other users' processes" in words
    many = Reader(scan_html(replace(given, rows=given.rows * 8))).words
    assert "12 more series are in the JSON" in many


def test_the_kill_is_drawn_where_it_happened_though_it_comes_after_the_last_sample():
    demo = killed()
    page = demo_html(replace(demo, kill=replace(demo.kill, at_s=float(demo.whole_life.lifetimes[0].at_s[-1]) + 0.4)))
    assert re.search(r'<text class="event"[^>]*>OOM kill</text>', page)


@pytest.mark.parametrize("name", ["leak", "healthy", "demo"])
def test_a_legend_names_what_its_chart_draws_and_nothing_else(name):
    figures = re.findall(r"<figure>(.*?)</figure>", PAGES[name](), re.DOTALL)
    assert figures
    for figure in figures:
        picture, _, legend = figure.partition("<figcaption")
        for kind in ("memory", "floor", "fit", "limit"):
            assert (f'class="{kind}"' in picture) == (f"var(--{kind})" in legend)


def test_a_working_set_is_not_called_anonymous_memory():
    found = leak()
    page = investigation_html(replace(found, series=replace(found.series, metric=Metric.WORKING_SET)))
    assert "working set, with page cache" in page
    assert "anonymous memory</span>" not in page
    assert "anonymous memory</span>" in investigation_html(found)


def test_the_page_of_a_scan_counts_verdicts_and_draws_no_curve_of_one_sample():
    given = scan()
    series, verdict = given.ranked[0]
    one = replace(series, lifetimes=(series.lifetimes[0].rows(slice(0, 1)),))
    whole, single = scan_html(given), scan_html(replace(given, rows=((one, verdict),)))
    assert whole.count("<svg") == len(given.rows)
    assert "<svg" not in single
    assert "1 series: 1 " in single
