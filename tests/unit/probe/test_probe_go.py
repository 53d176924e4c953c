"""Where a Go program serves its profiles, as it is written and as it answers; packed answers that are no such thing."""

from __future__ import annotations

import gzip
from pathlib import Path
from types import SimpleNamespace

import pytest
from fake_clock import FakeClock
from fake_go import PORT, FakeGo

from oakum.model.absent import Absent, AbsentKind
from oakum.model.debugger import Fetched, Listener
from oakum.model.errors import CallerError, DataError
from oakum.model.served import Served, parse_served
from oakum.probe.go import GoProbe
from oakum.probe.go_metrics import read_metrics
from oakum.probe.go_session import MOST_BYTES, unpacked

INDEX = (Path(__file__).parents[2] / "recordings" / "go" / "index_1.26.html").read_bytes()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("6060", Served(6060)),
        (":6060", Served(6060)),
        ("127.0.0.1:6060", Served(6060)),
        ("http://localhost:6060/debug/pprof/", Served(6060)),
        ("http://[::1]:6060/x", Served(6060, "/x/")),
        ("/internal/pprof", Served(None, "/internal/pprof/")),
        ("6060/internal", Served(6060, "/internal/")),
    ],
)
def test_a_place_is_a_port_a_path_or_both(text, wanted):
    assert parse_served(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "70000",
        "http://shop.example:6060/",
        "https://127.0.0.1:6060/",
        "10.0.0.5:6060",
        "6060/a b",
        "/a?b",
        "x" * 400,
    ],
)
def test_another_host_or_what_is_no_place_is_the_callers_mistake(text):
    with pytest.raises(CallerError) as told:
        parse_served(text)
    assert "--pprof 6060" in told.value.next_step


@pytest.mark.parametrize(
    "page",
    [INDEX, b'<tr><td align=right>3<td>x\n<tr><td>1206<td><a href="/debug/pprof/goroutine?debug=1">goroutine</a>'],
)
def test_the_page_tells_how_many_goroutines_there_are(page):
    go = FakeGo(FakeClock(), pages={"/debug/pprof/": Fetched(200, "text/html", page, 0.1)})
    found = GoProbe(7, go, Served()).find([PORT])
    assert (str(found), found.goroutines) == ("127.0.0.1:6060/debug/pprof/", 1206)


def test_ports_on_loopback_are_asked_first_and_no_more_than_eight():
    anywhere = [Listener("::", 1000 + number) for number in range(20)]
    go = FakeGo(FakeClock(), listens=[*anywhere, PORT])
    found = GoProbe(7, go, Served()).candidates()
    assert found[0] == PORT
    assert len(found) == 8


def test_what_each_port_answered_is_told():
    other = Listener("127.0.0.1", 8080)
    page = Fetched(403, "text/html", b"<html>no", 0.1)
    go = FakeGo(FakeClock(), listens=[PORT, other], pages={"/debug/pprof/": page})
    told = GoProbe(7, go, Served()).find([PORT, other])
    assert isinstance(told, Absent)
    assert "127.0.0.1:6060: it asks who we are (HTTP 403); 127.0.0.1:8080: it asks" in told.why
    assert "oakum heap diff" in told.get


def test_a_large_heap_profile_is_found_where_the_page_is_missing():
    lives = {f"#\t0x1\tmain.f{number}+0x4a\t/srv/shop/a.go:{number}\n": 8 << 20 for number in range(20_000)}
    go = FakeGo(FakeClock(), lives=lives, index=False)
    assert len(go.heap(collect=False)) > 1 << 20
    found = GoProbe(7, go, Served()).find([PORT])
    assert (str(found), found.goroutines) == ("127.0.0.1:6060/debug/pprof/", None)
    assert go.bounds == {"/debug/pprof/": (2.0, 1 << 20), "/debug/pprof/heap?debug=1": (30.0, 32 << 20)}


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (AbsentKind.TOO_DEAR, "more than 32.0 MiB came, and no end"),
        (AbsentKind.UNREADABLE, "nothing, or no end of it, came within 30 s"),
    ],
)
def test_a_heap_profile_that_does_not_come_whole_is_told_and_not_that_none_is_served(kind, why):
    other = Listener("127.0.0.1", 8080)
    missing = Fetched(404, "text/plain", b"404 page not found", 0.1)
    go = FakeGo(FakeClock(), index=False, pages={"/debug/pprof/heap?debug=1": Absent("heap", kind, why)})
    also = FakeGo(FakeClock(), pages={"/debug/pprof/": missing, "/debug/pprof/heap?debug=1": missing})
    also.listens = [other]

    def fetch(listener, path, **bounds):
        return (go if listener == PORT else also).fetch(listener, path, **bounds)

    told = GoProbe(7, SimpleNamespace(fetch=fetch), Served()).find([other, PORT])
    assert told.kind is kind
    assert f"127.0.0.1:6060: heap?debug=1: {why}" in told.why
    assert "curl -o a.pb.gz" in told.get
    assert "import" not in told.get


def test_a_bomb_is_not_unpacked():
    with pytest.raises(DataError, match="cannot be unpacked") as told:
        unpacked(gzip.compress(bytes(MOST_BYTES + 1)))
    assert "too large" in told.value.why


@pytest.mark.parametrize("cut", [2, 12, 40])
def test_what_is_cut_off_is_not_unpacked(cut):
    with pytest.raises(DataError, match="cannot be unpacked"):
        unpacked(gzip.compress(b"profile" * 1000)[:cut])


def test_what_is_not_packed_stays_as_it_is():
    assert unpacked(b"goroutine 1 [running]:\n") == b"goroutine 1 [running]:\n"


def test_metrics_of_another_program_are_none():
    assert read_metrics(b"process_open_fds 7\n", PORT) is None
    assert read_metrics(b"go_goroutines NaN\ngo_goroutines -4\ngo_goroutines 1e999\n", PORT) is None
    found = read_metrics(
        b'go_goroutines{x="y"} 9\r\ngo_goroutines 12\r\ngo_memstats_heap_inuse_bytes 1.5e+06 1700\n', PORT
    )
    assert (found.goroutines, found.heap_bytes, found.stack_bytes) == (12, 1_500_000, None)
