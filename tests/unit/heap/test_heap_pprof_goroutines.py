"""Go's own texts, as a real Go wrote them, and what is told of goroutines by them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from oakum.heap.analysis import analyze
from oakum.heap.formats.pprof import is_pprof, read_raw
from oakum.heap.formats.pprof.figures import read_figures
from oakum.heap.formats.pprof.goroutines import groups, operation, total, with_detail
from oakum.heap.formats.pprof.profile import Frame, Profile, Sample
from oakum.heap.formats.pprof.text import read_text
from oakum.model.cause import CauseName
from oakum.model.errors import DataError

REPLIES = Path(__file__).parents[2] / "recordings" / "go"
HEAP = (REPLIES / "heap_debug1_1.26.txt").read_bytes()
STACKS = (REPLIES / "goroutine_debug2_1.26.txt").read_bytes()


def profile(*rows):
    """(functions, innermost first; how many)."""
    samples = tuple(
        Sample(
            tuple(Frame(name, "/srv/shop/main.go" if name.startswith("main.") else "", 7) for name in names), count, 0
        )
        for names, count in rows
    )
    return Profile(samples, 0, 0.0, goroutines=True)


def test_a_heap_profile_in_text_has_its_samples_scaled_as_go_scales_them():
    found = read_text(HEAP)
    basket = next(each for each in found.samples if each.stack[0].function == "main.newBasket")
    assert (basket.objects, basket.bytes, basket.allocated) == (812, 13_313_066, 1202)
    assert (basket.stack[0].file, basket.stack[0].line) == ("/srv/service/channels.go", 19)
    assert found.period_bytes == 512 << 10
    assert not found.goroutines


def test_the_runtimes_figures_stand_at_its_end():
    found = read_figures(HEAP)
    assert (found.heap_alloc, found.stack_inuse, found.collections) == (25_651_112, 2_883_584, 6)
    assert found.obtained == 38_439_192 - 4_194_304
    assert found.profile_as_of_s == pytest.approx(1795328006.749, abs=0.001)


@pytest.mark.parametrize(
    "change", [(b"# NumGC = 6", b""), (b"# Stack = 2883584", b"# Stack = x"), (b"# Sys", b"# Syz"), (HEAP[-3000:], b"")]
)
def test_figures_that_are_of_another_make_are_none(change):
    assert read_figures(HEAP.replace(*change)) is None


def test_before_the_second_collection_a_profile_is_as_of_now():
    told = HEAP.replace(b"# NumGC = 6", b"# NumGC = 1")
    assert read_figures(told).profile_as_of_s is None


def test_stacks_in_full_tell_who_made_them_and_for_how_long_they_wait():
    found = groups(read_text(STACKS))
    first = found["goroutines at chan send in main.ask (channels.go:15)"]
    assert (first.count, first.made_by, first.waits_min) == (3, "main.fetch (channels.go:7)", 12)
    assert any(each.operation == "IO wait" for each in found.values())


@pytest.mark.parametrize(
    ("leading", "wanted"),
    [
        (["runtime.gopark", "runtime.chansend", "runtime.chansend1"], "chan send"),
        (["runtime.gopark", "runtime.chanrecv", "runtime.chanrecv2"], "chan receive"),
        (["runtime.gopark", "runtime.selectgo"], "select"),
        (["runtime.gopark", "runtime.block"], "select (no cases)"),
        (["runtime.gopark", "sync.runtime_SemacquireMutex", "sync.(*Mutex).lockSlow"], "sync.Mutex.Lock"),
        (["runtime.gopark", "sync.runtime_SemacquireMutex", "sync.(*RWMutex).RLock"], "sync.RWMutex.RLock"),
        (["runtime.gopark", "sync.runtime_Semacquire", "sync.(*WaitGroup).Wait"], "sync.WaitGroup.Wait"),
        (["runtime.gopark", "sync.runtime_notifyListWait", "sync.(*Cond).Wait"], "sync.Cond.Wait"),
        (["runtime.gopark", "internal/poll.runtime_pollWait", "net.(*conn).Read"], "IO wait"),
        (["runtime.gopark", "time.Sleep"], "sleep"),
        (["syscall.Syscall", "os.(*File).Read"], "syscall"),
        ([], "running"),
    ],
)
def test_what_a_goroutine_waits_for_is_told_by_the_begin_of_its_stack(leading, wanted):
    one = profile(([*leading, "main.work", "runtime.chansend"], 5))
    assert operation(one.samples[0].stack) == wanted
    assert next(iter(groups(one))) == f"goroutines at {wanted} in main.work (main.go:7)"


def test_goroutines_of_libraries_are_named_by_the_librarys_own_function():
    found = groups(profile((["runtime.gopark", "runtime.selectgo", "net/http.(*persistConn).readLoop"], 40)))
    assert next(iter(found)) == "goroutines at select in net/http.(*persistConn).readLoop"


def test_details_are_joined_by_the_line_on_which_they_wait():
    counted = profile((["runtime.gopark", "runtime.chansend", "main.ask"], 900))
    told = replace(
        counted, samples=(Sample((Frame("main.ask", "/srv/shop/main.go", 7),), 900, 0, -1, "chan send", 9, "main.f"),)
    )
    (joined,) = with_detail(groups(counted), told).values()
    assert (joined.count, joined.made_by, joined.waits_min) == (900, "main.f", 9)


def test_a_file_of_goroutines_is_an_answer_of_its_own():
    told = analyze(_array(STACKS), file="x", told=lambda _: None)
    first = told.suspects[0]
    assert told.runtime == "pprof goroutine profile"
    assert (first.cause, first.count) == (CauseName.GOROUTINE, 3)
    assert first.title.endswith("started by main.fetch (channels.go:7); the longest waits for 12 min")
    assert total(read_raw(STACKS)) == told.total.objects


def test_functions_without_names_are_told_by_their_address_and_that_this_is_so():
    stripped = b"heap profile: 1: 1048576 [1: 1048576] @ heap/2\n4: 4194304 [4: 4194304] @ 0x46f1a2 0x46f000\n"
    told = analyze(_array(stripped), file="x", told=lambda _: None)
    assert told.suspects[0].holder == "0x46f1a2 ← 0x46f000"
    assert any("symbols were stripped" in warning for warning in told.warnings)


@pytest.mark.parametrize(
    "begin", [b"goroutine profile: tot", b"goroutine x [running]:", b"heap profil", b"goroutines 1"]
)
def test_what_only_begins_alike_is_no_text_of_go(begin):
    assert not is_pprof(begin)
    with pytest.raises(DataError):
        read_raw(begin)


def _array(raw):
    import numpy as np  # noqa: PLC0415

    return np.frombuffer(raw, np.uint8)
