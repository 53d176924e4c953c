"""Contexts and timers that nobody cancels are one holder, with what they keep; so are goroutines."""

from __future__ import annotations

import pytest

from oakum.explain.causes import findings
from oakum.explain.causes.finding import Clue
from oakum.explain.source import Sites
from oakum.heap.formats.pprof.figures import Figures
from oakum.heap.formats.pprof.goroutines import groups
from oakum.heap.formats.pprof.growth import Look, grown
from oakum.heap.formats.pprof.profile import Frame, Profile, Sample
from oakum.model.cause import CauseName

PERIOD = 512 << 10
FIGURES = Figures(0, 0, 0, 0, 0, 0, 0, 3, (90.0, 95.0))
GO = "/usr/local/go/src"
PLACE = Frame("main.(*Desk).Place", "/app/desk.go", 52)
HANDLE = Frame("main.handle", "/app/main.go", 9)
READ = Frame("main.readOrder", "/app/order.go", 20)
OTHER = Frame("main.log", "/app/log.go", 3)
DEADLINE = (
    Frame("context.WithDeadlineCause", f"{GO}/context/context.go", 628),
    Frame("context.WithDeadline", f"{GO}/context/context.go", 601),
    Frame("context.WithTimeout", f"{GO}/context/context.go", 698),
)
TICKER = (Frame("time.NewTicker", f"{GO}/time/tick.go", 40),)


def heap(*samples):
    return Profile(tuple(Sample(stack, objects, size) for stack, objects, size in samples), PERIOD, 0.0)


def holders(before, after, waiting=(None, None)):
    looks = [
        Look(profile, at_s, FIGURES, threads, at_s)
        for profile, at_s, threads in zip((before, after), (100.0, 120.0), waiting, strict=True)
    ]
    waits = groups(looks[1].goroutines) if looks[1].goroutines else {}
    return grown(*looks, waits, 20.0).holders


def found(*grew, waiting=(None, None)):
    """Holders where each of ``grew`` (stack, objects, bytes) came within 20 s."""
    still = [(stack, 1, 64) for stack, _, _ in grew]
    return holders(heap(*still), heap(*grew), waiting)


def test_what_grows_with_contexts_of_one_function_is_told_with_them():
    rows = found(
        ((READ, PLACE, HANDLE), 6000, 40 * PERIOD),
        ((*DEADLINE, PLACE, HANDLE), 6000, 3 * PERIOD),
        ((OTHER, HANDLE), 9000, 9 * PERIOD),
    )
    assert [row.name for row in rows] == [
        "contexts that main.(*Desk).Place (desk.go:52) makes",
        "what main.log (log.go:3) ← main.handle allocates",
    ]
    assert rows[0].cause is CauseName.TIMER
    assert rows[0].bytes_grown == pytest.approx(43 * PERIOD, rel=0.01)
    (told,) = findings(Clue(rows[0], Sites(), "Go"))
    assert told.name is CauseName.TIMER
    assert "defer" in told.advice
    assert "main.readOrder" in told.why


def test_timers_are_told_as_timers():
    (row,) = found(((*TICKER, PLACE, HANDLE), 6000, 8 * PERIOD))
    assert row.name.startswith("timers that main.(*Desk).Place")
    (told,) = findings(Clue(row, Sites(), "Go"))
    assert "Stop each timer" in told.advice


@pytest.mark.parametrize(
    ("objects", "stack"), [(60, (READ, PLACE, HANDLE)), (6000, (READ, OTHER, HANDLE, PLACE))], ids=["rate", "distance"]
)
def test_what_does_not_grow_with_them_is_told_alone(objects, stack):
    rows = found((stack, objects, 40 * PERIOD), ((*DEADLINE, PLACE, HANDLE), 6000, 5 * PERIOD))
    assert len(rows) == 2
    assert rows[0].name.startswith("what main.readOrder")


def test_a_few_contexts_with_nothing_beside_them_are_not_told():
    assert found(((*DEADLINE, PLACE, HANDLE), 6000, 3 * PERIOD)) == ()


def test_what_the_maker_of_goroutines_calls_grows_with_them():
    wait = (
        Frame("runtime.gopark", f"{GO}/runtime/proc.go", 1),
        Frame("runtime.selectgo", f"{GO}/runtime/select.go", 1),
        Frame("main.(*Board).refresh", "/app/board.go", 39),
    )
    threads = [
        Profile((Sample(wait, count, 2048 * count, state="select", made_by="main.(*Desk).Place (desk.go:60)"),), 0, 0.0,
                goroutines=True)
        for count in (10, 6010)
    ]  # fmt: skip
    rows = found(((READ, PLACE, HANDLE), 6000, 40 * PERIOD), waiting=tuple(threads))
    assert [row.cause for row in rows] == [CauseName.GOROUTINE]
    assert rows[0].bytes_grown > 40 * PERIOD
