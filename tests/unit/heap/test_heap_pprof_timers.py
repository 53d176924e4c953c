"""Contexts and timers that nobody cancels are one holder, with what they keep; goroutines with what their maker makes."""

from __future__ import annotations

import pytest

from oakum.explain.causes import findings
from oakum.explain.causes.finding import Clue
from oakum.explain.source import Sites
from oakum.heap.formats.pprof.goroutines import groups
from oakum.heap.formats.pprof.growth import Look, grown
from oakum.heap.formats.pprof.profile import Frame, Profile, Sample
from oakum.model.cause import CauseName

PERIOD = 512 << 10
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


def goroutines(*stacks):
    return Profile(tuple(Sample(stack, count, 0) for stack, count in stacks), 0, 0.0, goroutines=True)


def holders(before, after, waiting=(None, None)):
    looks = [
        Look(profile, at_s, FIGURES, threads, at_s)
        for profile, at_s, threads in zip((before, after), (100.0, 120.0), waiting, strict=True)
    ]
    found = groups(looks[1].goroutines) if looks[1].goroutines else {}
    return grown(*looks, found, 20.0).holders


from oakum.heap.formats.pprof.figures import Figures  # noqa: E402

FIGURES = Figures()
